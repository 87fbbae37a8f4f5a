import type { Subnet } from '../../../contract/networks/subnet.ts';
import { type Vlan, VLAN as ENTRY } from '../../../contract/networks/vlan.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { printOne } from '../../format/output.ts';
import { collect, need, onOff } from '../../values.ts';
import { waitForServers } from '../../waiting/serving.ts';
import { shapeOf, usualCommands } from '../base/usual.ts';
import { poolText } from './subnet.ts';

const NEEDS_RANGE = [
  'A subnet on it: regent subnet create CIDR --vlan VLAN',
  'A dynamic range: regent range create FIRST-LAST --kind dynamic',
];

/** `regent vlan`. */
export const VLAN: NounSpec = usualCommands<Vlan>(ENTRY, {
  show: { run: showVlan },
  set: {
    waitsFor: 'servers',
    waitFor: (vlan, call) => waitForServers(call, [keyOf(vlan)]),
    describe: (vlan, call) =>
      `VLAN ${vlan.fabric}/${vlan.name} changed${onOff(call, 'dhcp') ? `; DHCP is ${dhcpOf(vlan)}` : ''}`,
    next: (call) => (onOff(call, 'dhcp') ? { conflict: NEEDS_RANGE } : {}),
  },
});

async function showVlan(call: Call): Promise<void> {
  const { client } = await call.region();
  const { body } = await client.call('vlan.show', { params: { vlan: need(call, 0) } });
  const printer = printerOf(call);
  const isForPeople = printer.format === 'table' || printer.format === 'wide';
  const vlan = keyOf(body);
  const subnets = isForPeople ? await collect(client.all('subnet.list', { query: { vlan } })) : [];
  await printOne(
    printer,
    { ...shapeOf<Vlan>(ENTRY), details: (vlan) => detailsOf(vlan, subnets, call.io.now()) },
    body,
  );
}

function detailsOf(vlan: Vlan, subnets: readonly Subnet[], now: number) {
  const racks = vlan.racks.map(
    (rack) => `${rack.node}  ${rack.interface}  ${rack.addresses.join(', ') || 'no address'}`,
  );
  return [
    ['Name', vlan.name],
    ['VID', vidOf(vlan)],
    ['Fabric', vlan.fabric],
    ['Space', vlan.space ?? ''],
    ['DHCP', dhcpOf(vlan)],
    ...(vlan.relayVlan === null ? [] : ([['Relayed to', vlan.relayVlan]] as const)),
    ['Primary rack', primaryOf(vlan)],
    ['Secondary rack', vlan.server?.secondary ?? vlan.secondaryRack ?? ''],
    ['Served by', servedBy(vlan)],
    ['Pair', pairOf(vlan)],
    ['DNS', vlan.dnsOn ? 'on' : 'off'],
    ...(vlan.mtu === undefined || vlan.mtu === 1500 ? [] : ([['MTU', String(vlan.mtu)]] as const)),
    ...(vlan.enlistOn === undefined ? [] : ([['Enlistment', vlan.enlistOn ? 'on' : 'off']] as const)),
    ['Racks', racks],
    ['Subnets', subnets.map(subnetLine)],
    ...poolsOf(vlan, now),
    ['Id', String(vlan.id)],
  ] as const;
}

/** Dynamic addresses of each subnet, in use and free. */
function poolsOf({ pools = [] }: Vlan, now: number) {
  if (pools.length === 0) return [];
  return [['Pools', pools.map((use) => `${use.subnet}  ${poolText(use, now)}`)]] as const;
}

/** Who answers clients now, and since when. */
function servedBy({ dhcpOn, server }: Vlan): string {
  if (!dhcpOn || server === null) return '';
  if (server.servedBy === null) return 'nobody';
  return server.since === null ? server.servedBy : `${server.servedBy} since ${server.since}`;
}

function primaryOf({ primaryRack, server }: Vlan): string {
  if (primaryRack !== null || server === null) return primaryRack ?? '';
  return `${server.primary} (chosen of those that stand on it)`;
}

function pairOf({ dhcpOn, server }: Vlan): string {
  if (!dhcpOn || server === null) return '';
  if (server.secondary === null) return `none: ${server.why}`;
  return `${server.isWhole ? 'whole' : 'not whole'}: ${server.why}`;
}

/** What happens to DHCP: when it is switched on, it still needs a rack on the VLAN. */
function dhcpOf(vlan: Vlan): string {
  if (!vlan.dhcpOn) return 'off';
  if (vlan.relayVlan !== null && vlan.racks.length === 0)
    return vlan.server === null
      ? `on, but no accepted rack stands on its relay VLAN ${vlan.relayVlan}: nobody answers (see: regent rack list)`
      : `on, by a relay to ${vlan.relayVlan}`;
  return vlan.racks.length > 0
    ? 'on'
    : 'on, but no accepted rack stands on this VLAN: nobody answers (see: regent rack list)';
}

function subnetLine(subnet: Subnet): string {
  const name = subnet.name === subnet.cidr ? '' : `${subnet.name}, `;
  const gateway = subnet.gateway === null ? 'no gateway' : `gateway ${subnet.gateway}`;
  return `${subnet.cidr}  ${name}${gateway}, ${subnet.dynamic} dynamic, ${subnet.used} fixed`;
}

/** By fabric and VID: if another VLAN has this id as its VID, the id alone would mean that one. */
function keyOf({ fabricId, vid }: Vlan): string {
  return `${fabricId}/${vid}`;
}

function vidOf(vlan: Vlan): string {
  return vlan.vid === 0 ? 'untagged' : String(vlan.vid);
}
