import { mainAddress, regionNodes } from '../../model/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { LbDesired } from './desired.ts';

/** haproxy runs on the region nodes of a cluster, those that are still joining too: theirs is the way to the database. */
export function compileLb(snapshot: Snapshot, nodeId: string): LbDesired | null {
  const node = snapshot.nodes.find((item) => item.id === nodeId);
  if (snapshot.cluster === null || !node?.isRegion) return null;
  const regions = regionNodes(snapshot).map((item) => ({
    name: item.name,
    address: mainAddress(item),
    ...(item.isDrained ? { isDrained: true } : {}),
  }));
  const lost = regions.find((item) => item.address === '');
  if (lost) throw new TypeError(`region node ${lost.name} has no address: the others could not reach it`);
  return { name: node.name, regions };
}
