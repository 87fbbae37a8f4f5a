import { parseEpoch } from '../../core/epoch.ts';
import { isRejected } from '../../core/errors.ts';
import { isDatabaseExternal, mainAddress, regionNodes } from '../../model/cluster/cluster.ts';
import type { Cluster } from '../../model/cluster/node.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { innerOf } from '../kit/inner-trust.ts';
import type { BackupDesired } from './desired.ts';

/** What stands for a secret where people see a desired state: of the shape of one, and plainly none. */
const MASKS = {
  cipher: 'masked-masked-masked-masked-masked',
  sftp: '-----BEGIN PRIVATE KEY-----\nbWFza2Vk\n-----END PRIVATE KEY-----\n',
  s3: 'masked-secret',
} as const;

/** Backups run on every region node of a cluster that has its own database, once there is a target. */
export function compileBackup({ cluster, backup, nodes }: Snapshot, nodeId: string): BackupDesired | null {
  if (cluster === null || backup === undefined || isDatabaseExternal(cluster)) return null;
  const regions = regionNodes({ nodes });
  const node = regions.find(({ id }) => id === nodeId);
  if (node === undefined) return null;
  const { store, storeId, storeSecret, cipher, retainFull, retainDays, quotaMb, queueMb } = backup;
  return {
    name: node.name,
    address: mainAddress(node),
    others: regions
      .filter(({ id }) => id !== nodeId)
      .map((other) => ({ name: other.name, address: mainAddress(other) })),
    ...innerOf(cluster),
    store: store.kind === 'folder' ? store : { ...store, secret: storeSecret },
    storeId,
    cipher,
    retainFull,
    ...(retainDays === null ? {} : { retainDays }),
    ...(quotaMb === null ? {} : { quotaMb }),
    queueMb,
    ...epochsOf(cluster),
  };
}

const EPOCHS_MAX = 40;

function epochsOf({ recovered }: Pick<Cluster, 'recovered'>): Pick<BackupDesired, 'epochs'> {
  if (recovered === undefined) return {};
  const epoch = parseEpoch(recovered.epoch);
  return isRejected(epoch) ? {} : { epochs: epoch.slice(-EPOCHS_MAX).map(({ id }) => id) };
}

/** Without the store's secret and the key of its files. */
export function maskBackup(desired: BackupDesired): BackupDesired {
  const { store } = desired;
  const masked = store.kind === 'folder' ? store : { ...store, secret: MASKS[store.kind] };
  return { ...desired, cipher: MASKS.cipher, store: masked };
}
