import { isRejected } from '../../core/errors.ts';
import {
  type Address,
  type AddressSpan,
  bareAddress,
  compareAddresses,
  contains,
  formatAddress,
  type Network,
  parseAddress,
  parseNetwork,
} from '../../core/ip.ts';
import { knownAddresses, servingRegions } from '../../model/cluster.ts';
import { spansOfAddresses, subtractSpans } from '../../model/allocation.ts';
import { spanOf } from '../../model/ip-range.ts';
import type { Sight, Snapshot } from '../../model/snapshot.ts';
import type { Subnet } from '../../model/subnet.ts';
import type { Vlan } from '../../model/vlan.ts';
import { BOOT_FILES } from './boot-classes.ts';
import { optionsOf, toldOfSubnet } from './custom/options.ts';
import {
  type DhcpDesired,
  type DhcpNetwork,
  type DhcpSubnet,
  ENDS_MAX,
  INTERFACE_PATTERN,
  type LostVlan,
  NAME_PATTERN,
  type StaticLease,
} from './desired.ts';
import { type StaticLeases, staticLeases } from './static-leases.ts';

/** Work that every node shares. */
export interface DhcpShared {
  readonly leases: StaticLeases;
  /** Single addresses that DHCP gives to nobody: claimed ones by subnet, and the cluster's own anywhere. */
  readonly claimed: ReadonlyMap<number, readonly AddressSpan[]>;
  readonly nodes: readonly AddressSpan[];
}

const INTERFACE = new RegExp(INTERFACE_PATTERN, 'u');
const NAME = new RegExp(NAME_PATTERN, 'u');
/** What a resolver of the C library looks at (resolv.conf(5)); more would only make every answer larger. */
const SEARCH_MAX = 6;

/** Static leases and claimed addresses of the site. */
export function prepareDhcp(snapshot: Snapshot): DhcpShared {
  const claims = [
    ...snapshot.machines.flatMap((machine) => machine.interfaces.flatMap((nic) => nic.addresses)),
    ...snapshot.reservations,
    ...snapshot.subnets.flatMap(({ id, gateway }) => (gateway === null ? [] : [{ subnetId: id, address: gateway }])),
  ];
  const claimed = Map.groupBy(claims, (claim) => claim.subnetId);
  return {
    leases: staticLeases(snapshot),
    claimed: new Map([...claimed].map(([id, list]) => [id, spansOfAddresses(list.map((claim) => claim.address))])),
    nodes: spansOfAddresses(knownAddresses(snapshot)),
  };
}

/** Kea runs on accepted racks that stand on a VLAN with DHCP; elsewhere it must not. One server has all VLANs of the node. */
export function compileDhcp(snapshot: Snapshot, nodeId: string, shared: DhcpShared): DhcpDesired | null {
  if (!snapshot.racks.some((rack) => rack.nodeId === nodeId)) return null;
  const { served, lost } = vlansOn(snapshot, nodeId);
  const networks = served.map((place) => networkOf(snapshot, place, shared));
  const lostVlans = lost.map(
    ({ vlan, sights, other }): LostVlan => ({
      ...lostVlan(vlan, sights),
      ...(other === null ? {} : { other: plainName(other) }),
    }),
  );
  if (networks.length === 0) return null;
  return {
    leaseTime: snapshot.settings.dhcp_lease_time,
    domain: snapshot.settings.default_domain,
    ...searchOf(snapshot),
    ...optionsOf(snapshot.settings.dhcp_options),
    networks,
    boot: BOOT_FILES,
    lostVlans,
    ...endsOf(snapshot, networks),
    lostLeases: networks.flatMap((network) => network.subnets.flatMap(({ id }) => shared.leases.lost.get(id) ?? [])),
  };
}

/** Leases that are to end, of the subnets that the node serves. */
function endsOf(snapshot: Snapshot, networks: readonly DhcpNetwork[]): Pick<DhcpDesired, 'endedLeases'> {
  const all = snapshot.leaseEnds ?? [];
  if (all.length === 0) return {};
  const served = networks.flatMap((network) => network.subnets.map((subnet) => parseNetwork(subnet.cidr)));
  const isServed = (text: string) => {
    const address = parseAddress(text);
    return !isRejected(address) && served.some((network) => !isRejected(network) && contains(network, address));
  };
  const ends = all.filter((end) => isServed(end.address)).slice(0, ENDS_MAX);
  if (ends.length === 0) return {};
  return {
    endedLeases: ends.map(({ address, keptFor, mac, before }) => ({
      address,
      ...(keptFor === null ? {} : { keptFor }),
      ...(mac === null ? {} : { mac }),
      ...(before === null ? {} : { before }),
    })),
  };
}

/** Where a node stands on the VLANs with DHCP that it serves, and those that it cannot serve: `other` has the interface. */
interface VlansOn {
  readonly served: readonly ServedPlace[];
  readonly lost: readonly { readonly vlan: Vlan; readonly sights: readonly Sight[]; readonly other: Vlan | null }[];
}

/** Which VLANs with DHCP a rack serves, by where it stands. Kea knows a client's network by the interface alone: the first VLAN has it. */
export function vlansOn(snapshot: Snapshot, nodeId: string): VlansOn {
  const sights = sightsOfNode(snapshot, nodeId)
    .filter((sight) => INTERFACE.test(sight.interface))
    .sort((a, b) => (a.interface < b.interface ? -1 : 1));
  const served: ServedPlace[] = [];
  const lost: VlansOn['lost'][number][] = [];
  for (const vlan of snapshot.vlans) {
    const own = sights.filter((sight) => sight.vlanId === vlan.id);
    if (!vlan.dhcpOn || own.length === 0) continue;
    const place = placeOn(snapshot, vlan, own);
    const other = served.find((item) => item.sight.interface === place?.sight.interface);
    if (place && !other) served.push(place);
    else lost.push({ vlan, sights: own, other: other?.vlan ?? null });
  }
  return { served, lost };
}

/** Where a node stands; of several addresses in a network those that it is known by come first, then the lowest. */
function sightsOfNode(snapshot: Snapshot, nodeId: string): Sight[] {
  const known = new Set(snapshot.nodes.find((node) => node.id === nodeId)?.addresses);
  const rank = (text: string) => Number(!known.has(bareAddress(text)));
  return snapshot.sights
    .filter((sight) => sight.nodeId === nodeId)
    .map((sight) => ({ ...sight, addresses: sight.addresses.toSorted((a, b) => rank(a) - rank(b)) }));
}

function placeOn(snapshot: Snapshot, vlan: Vlan, sights: readonly Sight[]): ServedPlace | null {
  const subnets = snapshot.subnets
    .filter((subnet) => subnet.vlanId === vlan.id)
    .flatMap((subnet) => {
      const network = parseNetwork(subnet.cidr);
      return !isRejected(network) && network.family === 4 ? [{ subnet, network }] : [];
    });
  const found = sights.flatMap((sight) => {
    const address = subnets.flatMap(({ network }) => addressOn(sight, network)).at(0);
    return address ? [{ address, sight }] : [];
  })[0];
  return found ? { vlan, sight: found.sight, address: formatAddress(found.address), subnets } : null;
}

function networkOf(snapshot: Snapshot, place: ServedPlace, shared: DhcpShared): DhcpNetwork {
  const { vlan, sight, address, subnets } = place;
  return {
    vlanId: vlan.id,
    vlan: plainName(vlan),
    interface: sight.interface,
    address,
    subnets: subnets.map((item) => subnetOf(snapshot, item, place, shared)),
  };
}

/** Where a node stands on a VLAN. */
interface Place {
  readonly vlan: Vlan;
  readonly sight: Sight;
  readonly address: string;
}

/** The same, with the VLAN's IPv4 subnets. */
interface ServedPlace extends Place {
  readonly subnets: readonly { readonly subnet: Subnet; readonly network: Network }[];
}

function subnetOf(
  snapshot: Snapshot,
  { subnet, network }: { subnet: Subnet; network: Network },
  place: Place,
  shared: DhcpShared,
): DhcpSubnet {
  const taken = [...(shared.claimed.get(subnet.id) ?? []), ...shared.nodes];
  const pools = snapshot.ranges
    .filter((range) => range.subnetId === subnet.id && range.kind === 'dynamic')
    .flatMap((range) => subtractSpans(spanOf(range), taken))
    .sort((a, b) => compareAddresses(a.first, b.first));
  const own = addressOn(place.sight, network).map(formatAddress)[0] ?? place.address;
  return {
    id: subnet.id,
    cidr: subnet.cidr,
    pools: pools.map((span) => ({ first: formatAddress(span.first), last: formatAddress(span.last) })),
    ...(subnet.gateway === null ? {} : { gateway: subnet.gateway }),
    resolvers: resolversOf(snapshot, subnet, network, place),
    timeServers: [own],
    nextServer: subnet.bootServer ?? own,
    leases: leasesOf(shared.leases.bySubnet.get(subnet.id) ?? []),
    ...toldOfSubnet(subnet),
  };
}

/** In the order of their addresses. What is no address stands first: it is held back and told (`lint-parts.ts`). */
function leasesOf(leases: readonly StaticLease[]): StaticLease[] {
  const parsed = leases.map((lease) => ({ lease, address: parseAddress(lease.address) }));
  const bad = parsed.flatMap(({ lease, address }) => (isRejected(address) ? [lease] : []));
  const good = parsed.flatMap(({ lease, address }) => (isRejected(address) ? [] : [{ lease, address }]));
  good.sort((a, b) => compareAddresses(a.address, b.address));
  return [...bad, ...good.map(({ lease }) => lease)];
}

/** The subnet's own resolvers; else, with DNS on, one address of each region node that serves: those on the subnet first, and this node first of all. */
function resolversOf(snapshot: Snapshot, subnet: Subnet, network: Network, place: Place): string[] {
  const given = subnet.resolvers.filter((address) => !address.includes(':'));
  if (given.length > 0) return given;
  if (!subnet.dnsOn || !place.vlan.dnsOn) return [];
  const regions = servingRegions(snapshot);
  const near: string[] = [];
  const far: string[] = [];
  for (const node of regions) {
    const sights = sightsOfNode(snapshot, node.id);
    const here = sights.flatMap((sight) => addressOn(sight, network))[0];
    const elsewhere = node.addresses.find((address) => !address.includes(':'));
    if (here && node.id === place.sight.nodeId) near.unshift(formatAddress(here));
    else if (here) near.push(formatAddress(here));
    else if (elsewhere !== undefined) far.push(elsewhere);
  }
  return [...new Set([...near, ...far])];
}

/** The default domain, then the others in their order; and those for which there is no room. */
function searchOf(snapshot: Snapshot): { search: string[]; searchLeftOut?: string[] } {
  const { default_domain } = snapshot.settings;
  const all = [...new Set([default_domain, ...snapshot.domains.map((domain) => domain.name)])];
  const left = all.slice(SEARCH_MAX);
  return { search: all.slice(0, SEARCH_MAX), ...(left.length === 0 ? {} : { searchLeftOut: left }) };
}

function lostVlan(vlan: Vlan, sights: readonly Sight[]): LostVlan {
  return { vlan: plainName(vlan), interface: sights[0]?.interface ?? 'unknown' };
}

function plainName(vlan: Vlan): string {
  return NAME.test(vlan.name) ? vlan.name : `vlan-${vlan.id}`;
}

function addressOn(sight: Sight, network: Network): Address[] {
  return sight.addresses.flatMap((text) => {
    const address = parseAddress(bareAddress(text));
    return !isRejected(address) && contains(network, address) ? [address] : [];
  });
}
