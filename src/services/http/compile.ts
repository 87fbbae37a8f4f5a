import { mainAddress, PORTS, servingRegions } from '../../model/cluster/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { type Serving, servesVlan } from '../../model/networks/serving.ts';
import type { PartList } from '../kit/contract.ts';
import { memberText } from '../kit/parts.ts';
import type { HttpDesired } from './desired.ts';

/** Files that a rack fetches before machines ask: more images than one site is deployed with. */
const WANTED_MOST = 64;

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
  const wanted = wantedFiles(snapshot);
  return {
    port: PORTS.bootFiles,
    regions,
    cacheMb: snapshot.settings.rack_image_cache,
    ...(wanted.length === 0 ? {} : { wanted }),
  };
}

/** What machines commission by, and what they are being deployed with. */
function wantedFiles({ defaultImages = [], deployedImages = [] }: Snapshot): string[] {
  const paths = [...defaultImages, ...deployedImages].flatMap(({ digest, files }) =>
    files.map(({ name }) => `images/${digest}/${name}`),
  );
  return [...new Set(paths)].slice(0, WANTED_MOST);
}
