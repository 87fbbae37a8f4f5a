import type { Subnet } from '../../../../contract/networks/subnet.ts';
import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers } from '../../handler.ts';
import { createSiteLists, type SiteLists } from '../../site-lists.ts';
import { readNetworks } from '../../objects/networks/networks.ts';
import { type Site, step } from '../../site.ts';
import { annotateSteps } from '../base/annotated.ts';
import { badValue, notFound } from '../base/refusals.ts';
import { fabricOf, meantId, vlanMeant } from './meant.ts';
import { readBirths } from '../base/births.ts';
import { freeRanges, statisticsOf, usedRanges } from './subnet-space.ts';
import { readUses, viewAddresses } from './subnet-uses.ts';
import { vlanOfId } from './vlans.ts';

/** Subnets. */
export const SUBNET_HANDLERS: Handlers = {
  'Subnets.read': async ({ lists }) => {
    const { subnets, subnet } = await readNetworks(lists);
    return json(subnets.map(({ id }) => subnet(id)));
  },
  'Subnets.create': async ({ site, lists, args }) => {
    const cidr = args.text('cidr') ?? '';
    const body = { ...fieldsOf(args), cidr, vlan: await vlanOf(lists, args) };
    const [made] = await site.together([step('subnet.create', { body }), ...annotateSteps('subnet', cidr, args)]);
    return showSubnet(site, (made as Subnet).id);
  },
  'Subnet.read': async ({ site, lists, path }) => showSubnet(site, (await meantSubnet(lists, path['id'] ?? '')).id),
  'Subnet.update': async ({ site, lists, path, args }) => {
    const { id } = await meantSubnet(lists, path['id'] ?? '');
    const gateway = args.clearable('gateway_ip');
    const body = { ...fieldsOf(args), cidr: args.text('cidr') || undefined, gateway, vlan: await vlanOf(lists, args) };
    const params = { subnet: String(id) };
    await site.together([...annotateSteps('subnet', params.subnet, args), step('subnet.set', { params, body })]);
    return showSubnet(site, id);
  },
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
  'Subnet.reserved_ip_ranges': async ({ site, lists, path }) => {
    const subnet = await meantSubnet(lists, path['id'] ?? '');
    return json(usedRanges(await readUses(site, subnet)));
  },
  'Subnet.unreserved_ip_ranges': async ({ site, lists, path }) => {
    const subnet = await meantSubnet(lists, path['id'] ?? '');
    return json(freeRanges(subnet.cidr, usedRanges(await readUses(site, subnet))));
  },
  'Subnet.statistics': async ({ site, lists, path, args }) => {
    const subnet = await meantSubnet(lists, path['id'] ?? '');
    const used = usedRanges(await readUses(site, subnet));
    const extras = {
      hasRanges: args.flag('include_ranges') === true,
      hasSuggestions: args.flag('include_suggestions') === true,
    };
    return json(statisticsOf(subnet.cidr, used, extras));
  },
  'Subnet.ip_addresses': async ({ site, lists, path, args }) => {
    const subnet = await meantSubnet(lists, path['id'] ?? '');
    const isOn = (name: string) => args.flag(name) !== false;
    return json(
      viewAddresses(await readUses(site, subnet), {
        births: await readBirths(site, 'reservation'),
        hasUser: isOn('with_username'),
        hasNode: isOn('with_summary') && isOn('with_node_summary'),
      }),
    );
  },
};

/** The subnet that a text names: id, CIDR, name, or MAAS's specifiers (`cidr:…`, `name:…`, `ip:…`, `vid:…`, `space:…`). */
export async function meantSubnet(lists: SiteLists, text: string): Promise<Subnet> {
  const id = await meantId(lists, 'subnet', text);
  return (await lists.subnets()).find((one) => one.id === id) ?? notFound('subnet', text);
}

async function showSubnet(site: Site, id: number) {
  return json((await readNetworks(createSiteLists(site))).subnet(id));
}

function fieldsOf(args: Args) {
  return {
    name: args.text('name') || undefined,
    gateway: args.text('gateway_ip') || undefined,
    resolvers: args.has('dns_servers') ? args.list('dns_servers').flatMap((text) => text.split(/\s+/)) : undefined,
    managed: args.flag('managed'),
    dnsOn: args.flag('allow_dns'),
    proxyOn: args.flag('allow_proxy'),
  };
}

/** The VLAN that is meant: by its id, or by fabric and VID. Undefined: none is named. */
async function vlanOf(lists: SiteLists, args: Args): Promise<string | undefined> {
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
