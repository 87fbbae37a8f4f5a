import { daemonsName, mainAddress, regionMembers, regionNodes } from '../../model/cluster/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Finding } from '../kit/contract.ts';
import { innerOf } from '../kit/inner-trust.ts';
import type { DcsDesired } from './desired.ts';
import type { Cluster } from '../../model/cluster/node.ts';

/** etcd runs on every region node of a cluster. A joining node is among the members: etcd has accepted it before its snapshot shows it. */
export function compileDcs(snapshot: Snapshot, nodeId: string): DcsDesired | null {
  const { cluster } = snapshot;
  const regions = regionNodes(snapshot);
  const node = regions.find((item) => item.id === nodeId);
  if (cluster === null || node === undefined) return null;
  return {
    clusterId: daemonsName(cluster),
    name: node.name,
    address: mainAddress(node),
    members: regions.map((item) => ({ name: item.name, address: mainAddress(item) })),
    isNew: cluster.isSeed,
    ...innerOf(cluster),
    ...recoveredOf(cluster),
  };
}

function recoveredOf({ recovered }: Cluster): Pick<DcsDesired, 'recovered'> {
  if (recovered === undefined) return {};
  const { epoch, signature, lost } = recovered;
  return { recovered: { epoch, signature, lost: lost.map(({ name, address }) => ({ name, address })) } };
}

/** With an even number of members the last one adds a voter that must be there, but the cluster survives no more losses. */
export function lintSiteDcs(snapshot: Snapshot): readonly Finding[] {
  const count = regionMembers(snapshot).length;
  if (snapshot.cluster === null || count === 0 || count % 2 === 1) return [];
  const lost = count / 2 - 1;
  const sentence =
    `${count} region nodes survive the loss of ${lost === 0 ? 'none' : lost} of them, as ${count - 1} would: ` +
    `a majority of ${count} is ${count / 2 + 1}. Rule: an odd number of region nodes; join one more.`;
  return [{ code: 'dcs_even', severity: 'warning', subject: 'region nodes', sentence }];
}
