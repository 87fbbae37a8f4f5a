import { mainAddress, PORTS, servingRegions } from '../../model/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { type Serving, servesVlan } from '../dhcp/serving.ts';
import type { PartList } from '../kit/contract.ts';
import { memberText } from '../kit/parts.ts';
import type { HttpDesired } from './desired.ts';

/** Images that a rack keeps: some dozens of systems. */
const CACHE_MB = 20_480;

/** nginx asks the others. */
export const HTTP_PARTS: readonly PartList[] = [
  {
    path: 'regions/*',
    name: (region) => `region node ${memberText(region, 'name')}`,
    remedy: 'Give the node an address: regent node set.',
    key: 'name',
    isNeeded: true,
  },
];

/**
 * Machines fetch images and metadata from the racks of their VLAN. A site that is no cluster has no certificates, so nobody whom its racks could ask.
 */
export function compileHttp(snapshot: Snapshot, nodeId: string, serving: Serving): HttpDesired | null {
  if (snapshot.cluster === null || !servesVlan(serving, nodeId)) return null;
  const regions = servingRegions(snapshot).map((node) => ({
    name: node.name,
    address: mainAddress(node),
    port: PORTS.agents,
    ...(node.isDrained ? { isDrained: true } : {}),
  }));
  return { port: PORTS.bootFiles, regions, cacheMb: CACHE_MB };
}
