import { orderedAddresses } from '../../core/ip.ts';
import { mainAddress, regionNodes } from '../../model/cluster/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { PartList } from '../kit/contract.ts';
import type { NtpDesired } from './desired.ts';
import type { Node } from '../../model/cluster/node.ts';

/** chrony can do without an element of these lists. */
export const NTP_PARTS: readonly PartList[] = [
  {
    path: 'servers/*',
    name: (server) => `time source ${String(server)}`,
    remedy: 'Take it out of the setting ntp_servers.',
  },
  {
    path: 'clients/*',
    name: (network) => `network ${String(network)}`,
    remedy: 'Change the subnet: regent subnet list.',
  },
];

/**
 * Strata of own clocks (RFC 5905 §3 allows up to 15): for a node that the site names as a time source, for the regions among themselves, and for a
 * rack that reaches no region.
 */
const STRATUM = { source: 8, region: 10, rack: 12 } as const;

/**
 * chrony runs on every node and serves every subnet. Racks ask the regions, and regions ask each other, beside the configured time sources. So all
 * nodes agree even if there are no sources or they are away. A node that is itself a time source of the site asks only the other sources.
 */
export function compileNtp(snapshot: Snapshot, nodeId: string): NtpDesired | null {
  const node = snapshot.nodes.find((item) => item.id === nodeId);
  if (!node) return null;
  const own = new Set([...node.addresses, `${node.name}.${snapshot.settings.default_domain}`]);
  const configured = snapshot.settings.ntp_servers;
  const servers = configured.filter((server) => !own.has(server));
  const isSource = servers.length < configured.length;
  const regions = isSource ? [] : otherRegions(snapshot, node, configured);
  const subnets = snapshot.subnets.map((subnet) => subnet.cidr).sort();
  return {
    servers,
    regions,
    local: localOf(node, { isSource, servers, regions }),
    clients: [...subnets, ...askers(snapshot, node)],
  };
}

interface TimeSources {
  readonly isSource: boolean;
  readonly servers: readonly string[];
  readonly regions: readonly string[];
}

/** A region keeps time with the others also while the configured sources are away. A node with sources and no other node says that it lost them. */
function localOf(node: Node, { isSource, servers, regions }: TimeSources): NonNullable<NtpDesired['local']> | null {
  if (node.isRegion && regions.length > 0) return { stratum: STRATUM.region, isOrphan: true };
  if (servers.length > 0) return null;
  if (isSource) return { stratum: STRATUM.source, isOrphan: false };
  return { stratum: node.isRegion ? STRATUM.region : STRATUM.rack, isOrphan: false };
}

/** Addresses of the other region nodes, without those that it asks already. */
function otherRegions(snapshot: Snapshot, node: Node, servers: readonly string[]): string[] {
  const others = regionNodes(snapshot).filter((item) => {
    const names = [...item.addresses, `${item.name}.${snapshot.settings.default_domain}`];
    return item.id !== node.id && mainAddress(item) !== '' && !names.some((name) => servers.includes(name));
  });
  return orderedAddresses(others.map(mainAddress));
}

/** The nodes that ask this one, as networks of one address each. Every other node asks a region. */
function askers(snapshot: Snapshot, node: Node): string[] {
  if (!node.isRegion) return [];
  const others = snapshot.nodes.filter((item) => item.id !== node.id).flatMap((item) => item.addresses);
  return orderedAddresses(others).map((address) => `${address}/${address.includes(':') ? 128 : 32}`);
}
