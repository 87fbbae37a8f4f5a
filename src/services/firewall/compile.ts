import { orderedAddresses } from '../../core/ip.ts';
import { knownAddresses, regionNodes, vipAddress } from '../../model/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { FirewallDesired } from './desired.ts';

/**
 * The packet filter runs on the region nodes of a cluster: what it protects listens there. Nodes that are still joining are let in.
 * The floating address counts as a member's, because its holder may speak from it.
 */
export function compileFirewall(snapshot: Snapshot, nodeId: string): FirewallDesired | null {
  const { cluster, nodes } = snapshot;
  if (cluster === null || !nodes.some((node) => node.id === nodeId && node.isRegion)) return null;
  const vip = vipAddress(cluster);
  const members = regionNodes(snapshot).flatMap((node) => node.addresses);
  return {
    members: orderedAddresses([...members, ...(vip === null ? [] : [vip])]),
    // An agent speaks from whichever of its addresses is nearest.
    nodes: knownAddresses(snapshot),
  };
}
