import type { Lease } from '../../../../contract/networks/lease.ts';
import { json } from '../../answer.ts';
import type { Handler, Handlers, MaasCall } from '../../handler.ts';
import { readNetworks } from '../../objects/networks/networks.ts';
import { momentOf, numberOf, uriOf } from '../../objects/base/uri.ts';
import { badValue, notFound } from '../base/refusals.ts';

type LeaseTest = (lease: Lease) => boolean;

const list =
  (isHidden: (known: { readonly mac: LeaseTest; readonly ip: LeaseTest }) => LeaseTest): Handler =>
  async (call) => {
    const leases = await seen(call);
    const hidden = isHidden(await readKnown(call));
    const view = await viewer(call);
    return json(leases.filter((lease) => !hidden(lease)).map(view));
  };

const STAYS = 'what has a lease is seen as long as that holds; to end one: regent lease release';

/** The hosts that racks have seen on their VLANs: all that have a lease. */
export const DISCOVERY_HANDLERS: Handlers = {
  'Discoveries.read': list(() => () => false),
  'Discoveries.by_unknown_mac': list(({ mac }) => mac),
  'Discoveries.by_unknown_ip': list(({ ip }) => ip),
  'Discoveries.by_unknown_ip_and_mac': list(
    ({ mac, ip }) =>
      (lease) =>
        mac(lease) || ip(lease),
  ),
  'Discovery.read': async (call) => {
    const wanted = call.path['discovery_id'];
    const found = (await seen(call)).find((lease) => idOf(lease) === wanted);
    const view = await viewer(call);
    return json(view(found ?? notFound('neighbour', wanted)));
  },
  'Discoveries.clear': async () => badValue('all', 'nothing can be forgotten', STAYS),
  'Discoveries.clear_by_mac_and_ip': async (call) => {
    const [ip, mac] = [call.args.text('ip') ?? '', (call.args.text('mac') ?? '').toLowerCase()];
    const found = (await seen(call)).some((lease) => lease.address === ip && lease.mac === mac);
    return found ? badValue('ip', 'it cannot be forgotten', STAYS) : notFound('neighbour', `${ip},${mac}`);
  },
  'Discoveries.scan': async () =>
    json({
      result: 'Nothing was scanned. Regent shows what racks see, and sends no probes.',
      scan_started_on: [],
      scan_failed_on: [],
      scan_attempted_on: [],
      failed_to_connect_to: [],
      rpc_call_timed_out_on: [],
      failures: [],
    }),
};

/** Active leases of clients with a MAC address. */
async function seen({ site }: MaasCall): Promise<Lease[]> {
  const leases = await site.all('lease.list', { state: 'active' });
  return leases.filter(({ mac }) => mac !== null);
}

async function readKnown({ site, lists }: MaasCall) {
  const cards = [...(await site.all('machine.list')), ...(await lists.devices())].flatMap(
    ({ interfaces }) => interfaces,
  );
  const reserved = await site.all('reservation.list');
  const macs = new Set(cards.map(({ mac }) => mac));
  const ips = new Set([
    ...cards.flatMap(({ addresses }) => addresses.map(({ address }) => address)),
    ...reserved.map(({ address }) => address),
  ]);
  return { mac: ({ mac }: Lease) => mac !== null && macs.has(mac), ip: ({ address }: Lease) => ips.has(address) };
}

function idOf({ address, mac }: Lease): string {
  return Buffer.from(`${address},${mac}`).toString('base64url');
}

async function viewer({ lists }: MaasCall) {
  const networks = await readNetworks(lists);
  const nodes = new Map((await lists.nodes()).map((node) => [node.name, node]));
  return (lease: Lease) => {
    const vlan = networks.vlan(lease.vlanId);
    const node = nodes.get(lease.node);
    const port = node?.vlans.find((one) => one.vlan === lease.vlan)?.interface ?? '';
    const id = idOf(lease);
    return {
      discovery_id: id,
      ip: lease.address,
      mac_address: lease.mac,
      mac_organization: null,
      // As MAAS writes it: without a zone.
      last_seen: momentOf(lease.startsAt),
      hostname: lease.hostname === '' ? null : lease.hostname,
      fabric_name: vlan?.fabric ?? '',
      vid: vlan?.vid ?? null,
      observer: {
        system_id: node?.id ?? '',
        hostname: lease.node,
        interface_id: numberOf('port', node?.id ?? '', port),
        interface_name: port,
      },
      resource_uri: uriOf('discovery', id),
    };
  };
}
