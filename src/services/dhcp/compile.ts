import { filled } from '../../core/members.ts';
import { isRejected } from '../../core/errors.ts';
import {
  type AddressSpan,
  compareAddresses,
  contains,
  formatAddress,
  type Network,
  parseAddress,
  parseNetwork,
} from '../../core/ip.ts';
import { knownAddresses, servingRegions } from '../../model/cluster/cluster.ts';
import { spansOfAddresses, subtractSpans } from '../../model/networks/allocation.ts';
import { spanOf } from '../../model/networks/ip-range.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { externalTime } from '../../model/site/settings.ts';
import type { Subnet } from '../../model/networks/subnet.ts';
import type { Vlan } from '../../model/networks/vlan.ts';
import { copyingOf } from '../dns/copies.ts';
import { BOOT_FILES } from './boot-classes.ts';
import { optionsOf, subnetCustoms } from './custom/options.ts';
import { snippetsFor } from './custom/snippets.ts';
import {
  type DhcpDesired,
  type DhcpNetwork,
  type DhcpPair,
  type DhcpSubnet,
  ENDS_MAX,
  type LostVlan,
  NAME_PATTERN,
  type StaticLease,
} from './desired.ts';
import { pairsOf } from './pair/compile.ts';
import { waitedFor } from './pair/handover.ts';
import {
  addressOn,
  type VlanPosition,
  type ServedVlan,
  type Serving,
  servingOf,
  attachmentsOfNode,
  type VlanServer,
} from '../../model/networks/serving.ts';
import { namedClients, type StaticLeases, staticLeases } from './static-leases.ts';
import type { VlanAttachment } from '../../model/networks/vlan-attachments.ts';

/** Work that every node shares. */
export interface DhcpShared {
  readonly leases: StaticLeases;
  /** Single addresses that DHCP gives to nobody: claimed ones by subnet, and the cluster's own anywhere. */
  readonly claimed: ReadonlyMap<number, readonly AddressSpan[]>;
  readonly nodes: readonly AddressSpan[];
  readonly serving: Serving;
}

const NAME = new RegExp(NAME_PATTERN, 'u');
/** What a resolver of the C library uses (resolv.conf(5)); more would only make every answer larger. */
const SEARCH_MAX = 6;

/** Static leases, claimed addresses and the servers of the site. */
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
    serving: servingOf(snapshot),
  };
}

/** The rack's own server has the VLANs of the node that have no secondary rack; elsewhere it must not run. */
export function compileDhcp(snapshot: Snapshot, nodeId: string, shared: DhcpShared): DhcpDesired | null {
  const isOwn = (server: VlanServer) => server.secondary === null && server.primary.nodeId === nodeId;
  return desiredOf(snapshot, nodeId, { shared, isOwn: (vlanId) => isOwnOf(shared.serving, vlanId, isOwn) });
}

/** One instance for each pair of racks and direction: it has the VLANs whose racks are these two in this order. */
export function compilePairs(snapshot: Snapshot, nodeId: string, shared: DhcpShared): ReadonlyMap<string, DhcpDesired> {
  return new Map(
    pairsOf(snapshot, nodeId, shared.serving).flatMap(({ key, vlanIds, pair }) => {
      const desired = desiredOf(snapshot, nodeId, { shared, isOwn: (vlanId) => vlanIds.has(vlanId), pair });
      return desired ? [[key, desired] as const] : [];
    }),
  );
}

function isOwnOf(serving: Serving, vlanId: number, isOwn: (server: VlanServer) => boolean): boolean {
  const server = serving.servers.get(vlanId);
  return server !== undefined && isOwn(server);
}

/** What one Kea is to be. `isOwn`: the VLANs that are its. */
interface Instance {
  readonly shared: DhcpShared;
  readonly isOwn: (vlanId: number) => boolean;
  readonly pair?: DhcpPair;
}

function desiredOf(snapshot: Snapshot, nodeId: string, { shared, isOwn, pair }: Instance): DhcpDesired | null {
  const { served, lost } = shared.serving.positions.get(nodeId) ?? { served: [], lost: [] };
  const networks = served
    .filter((position) => isOwn(position.vlan.id))
    .flatMap((position) => networkOf(snapshot, position, shared) ?? []);
  const lostVlans = lost
    .filter(({ vlan }) => isOwn(vlan.id) || (pair === undefined && !shared.serving.servers.has(vlan.id)))
    .map(
      ({ vlan, attachments, other }): LostVlan => ({
        ...lostVlan(vlan, attachments),
        ...(other === null ? {} : { other: plainName(other) }),
      }),
    );
  if (networks.length === 0) return null;
  const clients = namedClients(snapshot, new Set(networks.map((network) => network.vlanId)));
  return {
    leaseTime: snapshot.settings.dhcp_lease_time,
    domain: snapshot.settings.default_domain,
    ...searchOf(snapshot),
    ...optionsOf(snapshot.settings.dhcp_options),
    networks,
    ...(clients.length === 0 ? {} : { clients: [...clients] }),
    ...snippetsFor(snapshot, networks),
    boot: BOOT_FILES,
    lostVlans,
    ...endsOf(snapshot, nodeId, networks),
    lostLeases: networks.flatMap((network) => network.subnets.flatMap(({ id }) => shared.leases.lost.get(id) ?? [])),
    ...(pair === undefined ? {} : { pair }),
  };
}

/** Leases that are to end, of the subnets that the node serves: those that it has. */
function endsOf(
  snapshot: Snapshot,
  nodeId: string,
  networks: readonly DhcpNetwork[],
): Pick<DhcpDesired, 'endedLeases'> {
  const all = (snapshot.leaseEnds ?? []).filter((end) => end.heldBy?.includes(nodeId) !== false);
  if (all.length === 0) return {};
  const served = networks.flatMap((network) => network.subnets.map((subnet) => parseNetwork(subnet.cidr)));
  const isServed = (text: string) => {
    const address = parseAddress(text);
    return !isRejected(address) && served.some((network) => !isRejected(network) && contains(network, address));
  };
  const ends = all.filter((end) => isServed(end.address)).slice(0, ENDS_MAX);
  if (ends.length === 0) return {};
  return {
    endedLeases: ends.map(({ address, keptFor, mac, before }) => ({ address, ...filled({ keptFor, mac, before }) })),
  };
}

/** Subnets that another server has not let go are left out; null: all are. */
function networkOf(snapshot: Snapshot, position: ServedVlan, shared: DhcpShared): DhcpNetwork | null {
  const { vlan, attachment, address, isRelayed } = position;
  const server = shared.serving.servers.get(vlan.id);
  const subnets = position.subnets.filter(
    ({ subnet }) => !server || waitedFor(snapshot, subnet.cidr, server).length === 0,
  );
  if (subnets.length === 0) return null;
  return {
    vlanId: vlan.id,
    vlan: plainName(vlan),
    interface: attachment.interface,
    address,
    ...(isRelayed ? { isRelayed } : {}),
    subnets: subnets.map((item) => subnetOf(snapshot, item, position, shared)),
  };
}

function subnetOf(
  snapshot: Snapshot,
  { subnet, network }: { subnet: Subnet; network: Network },
  position: VlanPosition,
  shared: DhcpShared,
): DhcpSubnet {
  const taken = [...(shared.claimed.get(subnet.id) ?? []), ...shared.nodes];
  const pools = snapshot.ranges
    .filter((range) => range.subnetId === subnet.id && range.kind === 'dynamic')
    .flatMap((range) => subtractSpans(spanOf(range), taken))
    .sort((a, b) => compareAddresses(a.first, b.first));
  const own = addressOn(position.attachment, network).map(formatAddress)[0] ?? position.address;
  return {
    id: subnet.id,
    cidr: subnet.cidr,
    pools: pools.map((span) => ({ first: formatAddress(span.first), last: formatAddress(span.last) })),
    ...(subnet.gateway === null ? {} : { gateway: subnet.gateway }),
    resolvers: resolversOf(snapshot, subnet, network, position),
    timeServers: [own],
    ...externalTimeOf(snapshot),
    nextServer: subnet.bootServer ?? own,
    leases: leasesOf(shared.leases.bySubnet.get(subnet.id) ?? []),
    ...subnetCustoms(subnet),
  };
}

/** Option 42 has addresses alone (RFC 2132 §8.3): clients get no sources with names. */
function externalTimeOf({ settings }: Snapshot): Pick<DhcpSubnet, 'externalTime'> {
  const servers = externalTime(settings);
  return servers.length === 0 ? {} : { externalTime: servers.filter((server) => /^[\d.]+$/.test(server)) };
}

/** In the order of their addresses. What is no address stands first: it is held back and reported (`lint/parts.ts`). */
function leasesOf(leases: readonly StaticLease[]): StaticLease[] {
  const parsed = leases.map((lease) => ({ lease, address: parseAddress(lease.address) }));
  const bad = parsed.flatMap(({ lease, address }) => (isRejected(address) ? [lease] : []));
  const good = parsed.flatMap(({ lease, address }) => (isRejected(address) ? [] : [{ lease, address }]));
  good.sort((a, b) => compareAddresses(a.address, b.address));
  return [...bad, ...good.map(({ lease }) => lease)];
}

/**
 * The subnet's own resolvers; else, with DNS on, one address of each region node that serves: those on the subnet first, and this node first of
 * all. Racks of the VLAN that copy the zones, this one first, come before those that are elsewhere, because clients ask three resolvers at most (resolv.conf(5)).
 */
function resolversOf(snapshot: Snapshot, subnet: Subnet, network: Network, position: VlanPosition): string[] {
  const given = subnet.resolvers.filter((address) => !address.includes(':'));
  if (given.length > 0) return given;
  if (!subnet.dnsOn || !position.vlan.dnsOn) return [];
  const regions = servingRegions(snapshot);
  const near: string[] = [];
  const far: string[] = [];
  for (const node of regions) {
    const attachments = attachmentsOfNode(snapshot, node.id);
    const here = attachments.flatMap((attachment) => addressOn(attachment, network))[0];
    const elsewhere = node.addresses.find((address) => !address.includes(':'));
    if (here && node.id === position.attachment.nodeId) near.unshift(formatAddress(here));
    else if (here) near.push(formatAddress(here));
    else if (elsewhere !== undefined) far.push(elsewhere);
  }
  // Copies of the zones outlive the regions; with those of the partner names outlive this rack, too.
  const racks = [...(copyingOf(snapshot)?.racks.keys() ?? [])];
  const own = racks.filter((id) => id === position.attachment.nodeId);
  const copies = [...new Set([...own, ...racks])].flatMap((id) => {
    const here = attachmentsOfNode(snapshot, id).filter((attachment) => attachment.vlanId === position.vlan.id);
    return here.flatMap((attachment) => addressOn(attachment, network)).slice(0, 1);
  });
  return [...new Set([...near, ...copies.map(formatAddress), ...far])];
}

/** The default domain, then the others in their order; and those for which there is no room. */
function searchOf(snapshot: Snapshot): { search: string[]; searchLeftOut?: string[] } {
  const { default_domain } = snapshot.settings;
  const all = [...new Set([default_domain, ...snapshot.domains.map((domain) => domain.name)])];
  const left = all.slice(SEARCH_MAX);
  return { search: all.slice(0, SEARCH_MAX), ...(left.length === 0 ? {} : { searchLeftOut: left }) };
}

function lostVlan(vlan: Vlan, attachments: readonly VlanAttachment[]): LostVlan {
  return { vlan: plainName(vlan), interface: attachments[0]?.interface ?? 'unknown' };
}

function plainName(vlan: Vlan): string {
  return NAME.test(vlan.name) ? vlan.name : `vlan-${vlan.id}`;
}
