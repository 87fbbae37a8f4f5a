import { isDatabaseExternal, mainAddress, regionNodes } from '../../model/cluster/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { PartList } from '../kit/contract.ts';
import { memberText } from '../kit/parts.ts';
import type { LbDesired } from './desired.ts';

/** haproxy can do without an element of this list. */
export const LB_PARTS: readonly PartList[] = [
  {
    path: 'regions/*',
    name: (region) => `region node ${memberText(region, 'name')}`,
    remedy: 'Give the node an address: regent node set.',
    key: 'name',
    isNeeded: true,
  },
];

/** haproxy runs on the region nodes of a cluster, also on joining ones, which need it to reach the database. */
export function compileLb(snapshot: Snapshot, nodeId: string): LbDesired | null {
  const node = snapshot.nodes.find((item) => item.id === nodeId);
  if (snapshot.cluster === null || !node?.isRegion) return null;
  const regions = regionNodes(snapshot).map((item) => ({
    name: item.name,
    address: mainAddress(item),
    ...(item.isDrained ? { isDrained: true } : {}),
  }));
  const { recovered } = snapshot.cluster;
  return {
    name: node.name,
    regions,
    ...(recovered === undefined ? {} : { recovered: { epoch: recovered.epoch, signature: recovered.signature } }),
    ...(snapshot.siteDigest === undefined ? {} : { siteDigest: snapshot.siteDigest }),
    ...(isDatabaseExternal(snapshot.cluster) ? { isDatabaseExternal: true } : {}),
  };
}
