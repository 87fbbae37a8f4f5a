import { orderedAddresses } from '../../core/ip.ts';
import { knownAddresses, regionNodes, vipAddress } from '../../model/cluster/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { pairsOf } from '../dhcp/pair/compile.ts';
import type { Serving } from '../../model/networks/serving.ts';
import type { FirewallDesired } from './desired.ts';

/**
 * The packet filter runs on the region nodes of a cluster and on racks of pairs, because the protected ports are there. It admits joining nodes. The
 * floating address counts as a member's, because its holder may use it as a source.
 */
export function compileFirewall(snapshot: Snapshot, nodeId: string, serving: Serving): FirewallDesired | null {
  const { cluster, nodes } = snapshot;
  const partners = pairsOf(snapshot, nodeId, serving).map(({ pair }) => ({
    port: pair.haPort,
    partnerPort: pair.partnerPort,
    address: pair.partner.address,
  }));
  const isRegion = nodes.some((node) => node.id === nodeId && node.isRegion);
  if (cluster === null || !(isRegion || partners.length > 0)) return null;
  const vip = vipAddress(cluster);
  const members = regionNodes(snapshot).flatMap((node) => node.addresses);
  return {
    members: orderedAddresses([...members, ...(vip === null ? [] : [vip])]),
    // An agent may use any of its addresses as a source.
    nodes: knownAddresses(snapshot),
    ...(partners.length === 0 ? {} : { partners: partners.sort((a, b) => a.port - b.port) }),
  };
}
