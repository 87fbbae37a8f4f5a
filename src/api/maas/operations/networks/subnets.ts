import type { Subnet } from '../../../../contract/networks/subnet.ts';
import { json, nothing } from '../../answer.ts';
import type { Handler, Handlers, MaasCall } from '../../handler.ts';
import type { SiteLists } from '../../site-lists.ts';
import { readNetworks } from '../../objects/networks/networks.ts';
import { step } from '../../site.ts';
import { nounHandlers, param } from '../base/nouns.ts';
import { badValue, notFound } from '../base/refusals.ts';
import { fabricOf, meantId, vlanMeant } from './meant.ts';
import { readBirths } from '../base/births.ts';
import { freeRanges, statisticsOf, usedRanges } from './subnet-space.ts';
import { readUses, type SubnetUses, viewAddresses } from './subnet-uses.ts';
import { vlanOfId } from './vlans.ts';

/** Subnets. */
export const SUBNET_HANDLERS: Handlers = {
  ...nounHandlers({
    noun: 'subnet',
    all: 'Subnets',
    one: 'Subnet',
    annotated: ['subnet', 'cidr'],
    list: ({ lists }) => lists.subnets(),
    ref: async ({ lists, path }) => String((await meantSubnet(lists, path['id'] ?? '')).id),
    fields: {
      name: param.filled('name'),
      resolvers: ({ args }) =>
        args.has('dns_servers') ? args.list('dns_servers').flatMap((text) => text.split(/\s+/)) : undefined,
      managed: param.flag('managed'),
      dnsOn: param.flag('allow_dns'),
      proxyOn: param.flag('allow_proxy'),
      cidr: param.filled('cidr'),
      vlan: vlanOf,
    },
    create: { gateway: param.filled('gateway_ip') },
    update: { gateway: param.clearable('gateway_ip') },
    view: async ({ lists }) => {
      const { subnet } = await readNetworks(lists);
      return ({ id }) => subnet(id);
    },
  }),
  // What only a subnet holds goes with it, in one transaction: ranges, reserved addresses, routes. A subnet with addresses of machines stays.
  'Subnet.delete': async ({ site, lists, path }) => {
    const { id, cidr } = await meantSubnet(lists, path['id'] ?? '');
    const ranges = (await lists.ranges()).filter(({ subnetId }) => subnetId === id);
    const reservations = (await site.all('reservation.list')).filter(({ subnetId }) => subnetId === id);
    const routes = (await site.all('static-route.list')).filter(
      ({ source, destination }) => source !== '' && destination !== '' && [source, destination].includes(cidr),
    );
    await site.together([
      ...routes.map((route) => step('static-route.delete', { params: { static_route: String(route.id) } })),
      ...ranges.map((range) => step('range.delete', { params: { range: String(range.id) } })),
      ...reservations.map((reservation) =>
        step('reservation.delete', { params: { reservation: String(reservation.id) } }),
      ),
      step('subnet.delete', { params: { subnet: String(id) } }),
    ]);
    return nothing();
  },
  'Subnet.reserved_ip_ranges': usesOf((uses) => usedRanges(uses)),
  'Subnet.unreserved_ip_ranges': usesOf((uses) => freeRanges(uses.subnet.cidr, usedRanges(uses))),
  'Subnet.statistics': usesOf((uses, { args }) =>
    statisticsOf(uses.subnet.cidr, usedRanges(uses), {
      hasRanges: args.flag('include_ranges') === true,
      hasSuggestions: args.flag('include_suggestions') === true,
    }),
  ),
  'Subnet.ip_addresses': usesOf(async (uses, { site, args }) => {
    const isOn = (name: string) => args.flag(name) !== false;
    return viewAddresses(uses, {
      births: await readBirths(site, 'reservation'),
      hasUser: isOn('with_username'),
      hasNode: isOn('with_summary') && isOn('with_node_summary'),
    });
  }),
};

/** Shows what uses a subnet. */
function usesOf(view: (uses: SubnetUses, call: MaasCall) => unknown): Handler {
  return async (call) => {
    const subnet = await meantSubnet(call.lists, call.path['id'] ?? '');
    return json(await view(await readUses(call.site, subnet), call));
  };
}

/** The subnet that a text names: id, CIDR, name, or MAAS's specifiers (`cidr:…`, `name:…`, `ip:…`, `vid:…`, `space:…`). */
export async function meantSubnet(lists: SiteLists, text: string): Promise<Subnet> {
  const id = await meantId(lists, 'subnet', text);
  return (await lists.subnets()).find((one) => one.id === id) ?? notFound('subnet', text);
}

/** The VLAN that is meant: by its id, or by fabric and VID. Undefined: none is named. */
async function vlanOf({ lists, args }: MaasCall): Promise<string | undefined> {
  const text = args.text('vlan');
  const [fabric, vid] = [args.text('fabric'), args.number('vid')];
  if (!text && !fabric && vid === undefined) return undefined;
  const vlans = await lists.vlans();
  const fabricId = !text && fabric ? await fabricOf(lists, fabric) : null;
  const found = text
    ? await vlanMeant(lists, text)
    : vlans.find((vlan) => (!fabric || vlan.fabricId === fabricId) && vlan.vid === (vid ?? 0));
  if (found) return vlanOfId(found.id);
  return badValue(text ? 'vlan' : 'vid', 'there is no such VLAN', 'the id of a VLAN, or a fabric and a VID of it');
}
