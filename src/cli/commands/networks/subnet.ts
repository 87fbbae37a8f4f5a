import type { Lease } from '../../../contract/networks/lease.ts';
import type { Pool, PoolUse } from '../../../contract/networks/pool.ts';
import type { Range } from '../../../contract/networks/range.ts';
import { SUBNET as ENTRY, type Subnet } from '../../../contract/networks/subnet.ts';
import type { Vlan } from '../../../contract/networks/vlan.ts';
import { printerOf } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { printOne } from '../../format/output.ts';
import { ahead } from '../../format/when.ts';
import { collect, need } from '../../values.ts';
import { shapeOf, usualCommands } from '../base/usual.ts';
import { rangeLine } from './range.ts';

/** The largest number of leases that a subnet's screen counts. */
const LEASES_MAX = 1000;

/** `regent subnet`. */
export const SUBNET: NounSpec = usualCommands<Subnet>(ENTRY, { show: { run: showSubnet } });

async function showSubnet(call: Call): Promise<void> {
  const { client } = await call.region();
  const { body } = await client.call('subnet.show', { params: { subnet: need(call, 0) } });
  const [printer, shape] = [printerOf(call), shapeOf<Subnet>(ENTRY)];
  if (printer.format !== 'table' && printer.format !== 'wide') {
    await printOne(printer, shape, body);
    return;
  }
  // A number in a path means a VID before an id, and a name may exist in several fabrics. So this uses the list.
  const [vlans, ranges, leases] = await Promise.all([
    collect(client.all('vlan.list', { query: { name: body.vlan } })),
    collect(client.all('range.list', { query: { subnet: String(body.id), sort: 'first' } })),
    client.call('lease.list', { query: { subnet: body.cidr, limit: LEASES_MAX } }),
  ]);
  const vlan = vlans.find((known) => known.id === body.vlanId);
  const rest = { vlan, ranges, leases: leases.body, now: call.io.now() };
  await printOne(printer, { ...shape, details: (subnet) => detailsOf(subnet, rest) }, body);
}

/** A subnet's related objects: its VLAN unless that went away meanwhile, its ranges, the first of its leases. */
interface Belongings {
  readonly vlan: Vlan | undefined;
  readonly ranges: readonly Range[];
  readonly now: number;
  readonly leases: { readonly items: readonly Lease[]; readonly next: string | null };
}

function detailsOf(subnet: Subnet, { vlan, ranges, leases, now }: Belongings) {
  return [
    ['CIDR', subnet.cidr],
    ['Name', subnet.name],
    // If the VLAN went away between the two calls, the subnet's own value remains.
    ...(vlan === undefined ? ([['VLAN', subnet.vlan]] as const) : servedBy(subnet, vlan)),
    ['Gateway', subnet.gateway ?? 'none'],
    ...dhcpSettingLines(subnet),
    ['Proxy', onOffText(subnet.proxyOn)],
    ['Managed', subnet.managed ? 'yes' : 'no: "auto" takes no address of it'],
    ['Ranges', ranges.map(rangeLine)],
    ...(subnet.pools === undefined ? [] : ([['Pools', poolLines(subnet.pools, now)]] as const)),
    ['Leases', leasesOf(subnet, leases)],
    ['Used', `${subnet.used} by machines and reservations`],
    ...(subnet.reverse === undefined ? [] : ([['Reverse', subnet.reverse]] as const)),
    ['Id', String(subnet.id)],
  ] as const;
}

/** The joint effect of VLAN and subnet for its hosts. */
function servedBy(subnet: Subnet, vlan: Vlan) {
  const ours = subnet.dnsOn && vlan.dnsOn ? 'our own' : 'none';
  return [
    ['VLAN', `${vlan.fabric}/${vlan.name} (${vlan.vid === 0 ? 'untagged' : `VID ${vlan.vid}`})`],
    ['DHCP', dhcpOf(subnet, vlan)],
    ['DNS', subnet.dnsOn && !vlan.dnsOn ? 'on, but off for its VLAN' : onOffText(subnet.dnsOn)],
    ['Resolvers', subnet.resolvers.length > 0 ? subnet.resolvers.join(', ') : ours],
  ] as const;
}

/** How full the subnet is, counted by live leases. */
function leasesOf(subnet: Subnet, { items, next }: Belongings['leases']): string {
  const more = `regent lease list --subnet ${subnet.cidr}`;
  if (next !== null) return `more than ${items.length}: ${more}`;
  const dynamic = items.filter((lease) => lease.kind === 'dynamic').length;
  const declined = items.filter((lease) => lease.state === 'declined').length;
  const counts = `${dynamic} of ${subnet.dynamic} dynamic, ${items.length - dynamic} static`;
  return declined === 0 ? counts : `${counts}; ${declined} declined, somebody else was at the address: ${more}`;
}

function dhcpOf(subnet: Subnet, vlan: Vlan): string {
  if (!vlan.dhcpOn) return `off for its VLAN (regent vlan set ${vlan.fabric}/${vlan.name} --dhcp on)`;
  if (vlan.racks.length === 0) return 'on, but no accepted rack stands on its VLAN: nobody answers';
  const racks = [...new Set(vlan.racks.map((rack) => rack.node))].join(', ');
  return subnet.dynamic === 0 ? `on (${racks}); only static leases: it has no dynamic range` : `on (${racks})`;
}

function onOffText(isOn: boolean): string {
  return isOn ? 'on' : 'off';
}

/** Lines of a subnet's pools; of several, all of them together first. `now` in ms. */
export function poolLines({ pools, ...all }: PoolUse, now: number): string[] {
  const lines = pools.map((pool) => `${pool.first}-${pool.last}  ${poolText(pool, now)}`);
  return pools.length < 2 ? lines : [`all  ${poolText(all, now)}`, ...lines];
}

/** `5 of 20 in use, 15 free (k1 5, k2 4); full in 3 h at the present rate`. */
export function poolText(pool: Omit<Pool, 'first' | 'last'>, now: number): string {
  const { size, used, free, sides } = pool;
  const known = sides.length < 2 ? '' : ` (${sides.map((side) => `${side.node} ${side.used}`).join(', ')})`;
  return `${used} of ${size} in use, ${free} free${known}; ${whenFull(pool, now)}`;
}

function whenFull({ free, perHour, fullAt }: Omit<Pool, 'first' | 'last'>, now: number): string {
  if (free === 0) return 'full';
  if (perHour === null) return 'less than 10 minutes of leases: no rate yet';
  if (fullAt === null) return 'never full at the present rate';
  return `full in ${ahead(fullAt, now)} at the present rate (${perHour} more an hour)`;
}

/** Lines of a subnet's screen: only values that are set. */
function dhcpSettingLines(subnet: Subnet): (readonly [string, string | readonly string[]])[] {
  const { dhcpOptions = [], leaseTime = null, bootServer = null, bootFile = null, ignoreUnknown = false } = subnet;
  const boot = [bootFile, bootServer === null ? null : `from ${bootServer}`].filter((part) => part !== null);
  return [
    ...(dhcpOptions.length === 0 ? [] : [['DHCP options', dhcpOptions] as const]),
    ...(leaseTime === null ? [] : [['DHCP lease', `${leaseTime} s`] as const]),
    ...(boot.length === 0 ? [] : [['Boots', boot.join(' ')] as const]),
    ...(ignoreUnknown ? [['Unknown hosts', 'get no address'] as const] : []),
  ];
}
