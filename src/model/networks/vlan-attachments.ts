import { isRejected } from '../../core/errors.ts';
import {
  type Address,
  bareAddress,
  compareAddresses,
  compareAddressTexts,
  contains,
  formatAddress,
  type Network,
  parseAddress,
  parseNetwork,
} from '../../core/ip.ts';
import { compareText } from '../../core/order.ts';
import type { Subnet } from './subnet.ts';

/** What one node reported of its interfaces. An address may carry a prefix length; the subnet's own is what counts. */
export interface InterfaceReport {
  readonly nodeId: string;
  readonly interfaces: readonly { readonly name: string; readonly addresses: readonly string[] }[];
}

/** `lost`: what it had a moment ago; counts on the VLANs `paired`, whose DHCP it shares with another rack. */
export interface LatestInterfaces extends InterfaceReport {
  readonly lost: InterfaceReport['interfaces'];
  readonly paired: readonly number[];
}

/** An interface of a node as it reports it. */
interface ReportedNic {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly string[];
  readonly hasCarrier?: boolean;
}

/**
 * A node's interfaces with the addresses that count for the region: one without carrier keeps those it had before, since systemd-networkd
 * takes an address away with the carrier and gives it back with it. Else a pulled cable would take the node off its VLANs and stop their
 * services, and they would be back only some seconds after the cable. An address that another interface has by now is left out.
 */
export function keepAddresses<N extends ReportedNic>(now: readonly N[], before: readonly ReportedNic[]): N[] {
  const had = new Map(before.map((nic) => [`${nic.name} ${nic.mac}`, nic.addresses]));
  const inUse = new Set(now.flatMap((nic) => nic.addresses));
  return now.map((nic) => {
    if (nic.hasCarrier !== false) return nic;
    const kept = (had.get(`${nic.name} ${nic.mac}`) ?? []).filter((address) => !inUse.has(address));
    return { ...nic, addresses: [...new Set([...nic.addresses, ...kept])].sort(compareAddressTexts) };
  });
}

/** Addresses that an interface had until `since`, ms. */
export type LostAddresses = { readonly name: string; readonly addresses: readonly string[]; readonly since: number };

/** How long addresses that are gone still count for the VLANs of a pair, ms: longer than a host that starts takes from its first report to its last interface. */
export const LOST_FOR_MS = 30_000;
/** … of a host that has run for longer: longer than a restart of its network takes. Reports come every 10 s, so its VLAN has moved well within half a minute. */
export const LOST_FOR_STEADY_MS = 8_000;
/** An agent that is so old is not of a host that starts, ms. */
const STARTED_MS = 60_000;

/** How long lost addresses of a node count, ms. `agentSince`: start of its agent by its own clock, ISO 8601; `now`: ms. */
export function lostForMs(agentSince: string, now: number): number {
  return now - Date.parse(agentSince) >= STARTED_MS ? LOST_FOR_STEADY_MS : LOST_FOR_MS;
}

/**
 * The addresses that a node lost within `forMs`. A host that starts reports before all its interfaces are up; without this each start would take
 * its VLANs to the other rack and back. `before`: what was lost by the last report; `now`: ms.
 */
export function lostAddresses(
  interfaces: readonly Pick<ReportedNic, 'addresses'>[],
  before: { readonly interfaces: readonly ReportedNic[]; readonly lost: readonly LostAddresses[] },
  now: number,
  forMs = LOST_FOR_MS,
): LostAddresses[] {
  const present = new Set(interfaces.flatMap((nic) => nic.addresses));
  const isGone = (address: string) => !present.has(address);
  const young = before.lost.filter(({ since }) => now >= since && now - since < forMs);
  const all = [...young, ...before.interfaces.map(({ name, addresses }) => ({ name, addresses, since: now }))];
  return all
    .map(({ name, addresses, since }) => ({ name, addresses: addresses.filter(isGone), since }))
    .filter(({ addresses }) => addresses.length > 0);
}

/**
 * A node's interfaces without the floating address: it belongs to the cluster, and the node that holds it now is no other node for that.
 * `floating`: `ADDRESS/PREFIX` or the address alone; null: there is none.
 */
export function ownInterfaces<N extends { readonly addresses: readonly string[] }>(
  interfaces: readonly N[],
  floating: string | null,
): N[] {
  const vip = floating === null ? null : parseAddress(bareAddress(floating));
  if (vip === null || isRejected(vip)) return [...interfaces];
  const isVip = (text: string) => {
    const address = parseAddress(bareAddress(text));
    return !isRejected(address) && compareAddresses(address, vip) === 0;
  };
  return interfaces.map((nic) => ({ ...nic, addresses: nic.addresses.filter((text) => !isVip(text)) }));
}

/** As `attachmentsOf`. A node that has just lost its last interface on a VLAN of a pair still stands there. */
export function latestAttachments(
  reports: readonly LatestInterfaces[],
  subnets: readonly Pick<Subnet, 'cidr' | 'vlanId'>[],
  floating: string | null,
): VlanAttachment[] {
  const found = attachmentsOf(reports, subnets, floating);
  const losers = reports.filter(({ lost, paired }) => lost.length > 0 && paired.length > 0);
  if (losers.length === 0) return found;
  const stands = new Set(found.map(({ nodeId, vlanId }) => `${nodeId} ${vlanId}`));
  const remembered = losers.flatMap(({ nodeId, lost, paired }) =>
    attachmentsOf([{ nodeId, interfaces: lost }], subnets, floating).filter(
      ({ vlanId }) => paired.includes(vlanId) && !stands.has(`${nodeId} ${vlanId}`),
    ),
  );
  return [...found, ...remembered].sort(byPlace);
}

type VlanNetwork = { readonly network: Network; readonly vlanId: number };

/**
 * Which nodes stand on which VLANs: an interface stands on a VLAN when it has an address in one of the VLAN's subnets. One attachment per node,
 * VLAN and interface, however many addresses and subnets; ordered by node, VLAN, interface, its addresses as numbers. `floating`: the
 * cluster's address, which is no node's.
 */
export function attachmentsOf(
  reports: readonly InterfaceReport[],
  subnets: readonly Pick<Subnet, 'cidr' | 'vlanId'>[],
  floating: string | null = null,
): VlanAttachment[] {
  const places = subnets.flatMap(({ cidr, vlanId }): VlanNetwork[] => {
    const network = parseNetwork(cidr);
    return isRejected(network) ? [] : [{ network, vlanId }];
  });
  const byBits = indexOf(places);
  const found = reports.flatMap(({ nodeId, interfaces }) =>
    ownInterfaces(interfaces, floating).flatMap((nic) => attachmentsOfInterface(nodeId, nic, byBits)),
  );
  return found.sort(byPlace);
}

function byPlace(a: VlanAttachment, b: VlanAttachment): number {
  return compareText(a.nodeId, b.nodeId) || a.vlanId - b.vlanId || compareText(a.interface, b.interface);
}

function attachmentsOfInterface(
  nodeId: string,
  nic: InterfaceReport['interfaces'][number],
  find: (address: Address) => VlanNetwork | undefined,
): VlanAttachment[] {
  const byVlan = new Map<number, string[]>();
  for (const text of nic.addresses) {
    const address = parseAddress(bareAddress(text));
    const place = isRejected(address) ? undefined : find(address);
    if (isRejected(address) || !place) continue;
    const shown = `${formatAddress(address)}/${place.network.prefix}`;
    byVlan.set(place.vlanId, [...(byVlan.get(place.vlanId) ?? []), shown]);
  }
  return [...byVlan].map(([vlanId, addresses]) => ({
    nodeId,
    vlanId,
    interface: nic.name,
    addresses: [...new Set(addresses)].sort(compareAddressTexts),
  }));
}

/** Subnets do not overlap, so that one table query per prefix length finds the one that holds an address, among thousands. */
function indexOf(places: readonly VlanNetwork[]): (address: Address) => VlanNetwork | undefined {
  const groups = Map.groupBy(places, ({ network }) => `${network.family}/${network.prefix}`);
  const tables = [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first ? [{ sample: first.network, table: new Map(group.map((place) => [place.network.value, place])) }] : [];
  });
  return (address) => {
    for (const { sample, table } of tables) {
      if (sample.family !== address.family) continue;
      const hostBits = BigInt((sample.family === 4 ? 32 : 128) - sample.prefix);
      const place = table.get((address.value >> hostBits) << hostBits);
      if (place && contains(place.network, address)) return place;
    }
    return undefined;
  };
}

/** What a node's own report says about a VLAN that it stands on: the interface and the node's addresses there, `ADDRESS/PREFIX`. */
export interface VlanAttachment {
  readonly nodeId: string;
  readonly vlanId: number;
  readonly interface: string;
  readonly addresses: readonly string[];
}

/** As the kernel allows it, less what has a meaning in Kea's own texts (`eth1/10.0.0.1`, quotes in tests of classes). */
export const INTERFACE_PATTERN = '^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}$';
