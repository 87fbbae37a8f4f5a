import { digestOf } from '../../core/stable-json.ts';
import { isDatabaseExternal, mainAddress, regionMembers, regionNodes } from '../../model/cluster/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { VersionKey } from '../kit/contract.ts';
import { innerWithSerialsOf } from '../kit/inner-trust.ts';
import type { DbDesired } from './desired.ts';

/** The most standbys that a commit waits for. */
const STANDBYS_MAX = 2;
/** Raise it with every change of `templates/db/dynamic.json.hbs`, so that releases that run side by side agree on which file is newer. */
const LAYOUT = 2;
const VERSION_KEY = 'dynamic';

/** Patroni runs on every region node of a cluster that has its own database. Joining nodes may replicate; commits wait for members only. */
export function compileDb(snapshot: Snapshot, nodeId: string): DbDesired | null {
  if (snapshot.cluster === null || isDatabaseExternal(snapshot.cluster)) return null;
  const regions = regionNodes(snapshot);
  const node = regions.find((item) => item.id === nodeId);
  if (node === undefined) return null;
  const row = snapshot.versions.find((item) => item.service === 'db' && item.key === VERSION_KEY);
  if (row?.digest !== digestOf(commonPart(snapshot)))
    throw new TypeError('the dynamic configuration of the database has no number yet');
  const others = regions.filter((item) => item.id !== nodeId);
  return {
    name: node.name,
    regions: [node, ...others].map(mainAddress),
    ...innerWithSerialsOf(snapshot.cluster),
    standbys: standbysOf(snapshot),
    version: row.version,
  };
}

/** The configuration that all members share gets a number, so that a node that was away never brings an older one back. */
export function versionedDb(snapshot: Snapshot): readonly VersionKey[] {
  if (snapshot.cluster === null || isDatabaseExternal(snapshot.cluster)) return [];
  return [{ key: VERSION_KEY, digest: digestOf(commonPart(snapshot)) }];
}

const commonPart = (snapshot: Snapshot) => ({ layout: LAYOUT, standbys: standbysOf(snapshot) });

/** A single member has nobody to wait for. */
function standbysOf(snapshot: Snapshot): number {
  return Math.max(0, Math.min(STANDBYS_MAX, regionMembers(snapshot).length - 1));
}
