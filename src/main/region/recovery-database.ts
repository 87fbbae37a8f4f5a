import { sql } from 'kysely';
import { formatEpoch } from '../../core/epoch.ts';
import { accept, isRejected, type Rejected, rejected } from '../../core/errors.ts';
import { textDigest } from '../../core/stable-json.ts';
import type { RecoveryDatabase, RecoveryRows } from '../../join/recover/ports.ts';
import { mainAddress } from '../../model/cluster/cluster.ts';
import { changingRacks } from '../../region/cluster/trust/rack-node.ts';
import { vacateNode } from '../../region/cluster/trust/vacate.ts';
import type { Database } from '../../store/database.ts';
import { allRows } from '../../store/page.ts';
import { enableSiteFeature } from '../../store/queries/base/features.ts';
import { recordRecovery } from '../../store/queries/cluster/recoveries.ts';
import { findNode, listNodes, updateNode } from '../../store/queries/cluster/nodes.ts';
import { readCluster } from '../../store/snapshot.ts';
import { type OperationOutcome, type WriteTx, write } from '../../store/write.ts';
import { applyMigrations } from './bootstrap-database.ts';

const READ_MS = 3000;
const NOTHING: OperationOutcome<null> = { status: 200, body: null };

/** The database work of `regent cluster recover` on the real store. */
export function recoveryDatabase(db: Database): RecoveryDatabase {
  return {
    readSite: (nodeId) =>
      db.read(
        async (tx) => {
          const node = await findNode(tx, { id: nodeId });
          return { node, clusterId: (await readClusterId(tx)) ?? null };
        },
        { deadlineMs: READ_MS },
      ),
    migrate: () => applyMigrations(db),
    async write(rows) {
      const epoch = formatEpoch(rows.epoch);
      const operation = {
        key: `recover-${rows.epoch.at(-1)?.id ?? ''}`,
        requestDigest: textDigest(`${rows.nodeId} ${epoch}`),
        actor: 'system:recover',
        origin: 'recover',
        summary: `cluster recover to ${epoch}`,
      };
      const written = await write(db, operation, (tx) => changingRacks(tx, () => writeRows(tx, rows)));
      return isRejected(written) ? written : null;
    },
  };
}

/** Before the migrations of this release: only the column that each release has. */
function readClusterId(tx: Parameters<typeof findNode>[0]): Promise<string | null> {
  return tx.one(sql<{ id: string }>`select id from cluster`).then((row) => row?.id ?? null);
}

async function writeRows(tx: WriteTx, rows: RecoveryRows): Promise<OperationOutcome<null> | Rejected> {
  const { nodeId, epoch, signature, sentences: messages } = rows;
  const own = await findNode(tx, { id: nodeId });
  if (own === null) return rejected('not_found', `There is no node ${nodeId} in the database.`);
  const cluster = await readCluster(tx);
  if (cluster === null) return rejected('conflict', 'The database is that of no cluster.');
  const regions = (await allRows((page) => listNodes(tx, page))).filter((node) => node.isRegion && node.id !== nodeId);
  const seen = regions.map((node) => ({ name: node.name, address: mainAddress(node) }));
  // The database may be older or newer than the ledger: a node that is in either of them is lost.
  const lost = [...seen, ...rows.lost.filter(({ address }) => !seen.some((node) => node.address === address))];
  await recordEpoch(tx, { epoch, node: own.name, lost, sentences: messages, signature });
  const why = `the cluster was recovered on ${own.name} without it`;
  for (const node of regions) {
    // A rack's VLANs stay its own: a host that takes its place is the same rack.
    await vacateNode(tx, node, { isPlaceReserved: node.isRack, by: 'system:recover', why });
  }
  if (own.isDrained || own.state !== 'member')
    accept(await updateNode(tx, { key: nodeId }, { isDrained: false, state: 'member' }));
  emitEpoch(tx, 'cluster.recovered', { epoch, node: own.name, lost, sentences: messages });
  return NOTHING;
}

type NewEpoch = Pick<RecoveryRows, 'epoch' | 'lost' | 'sentences'> & { readonly node: string };

/** Stores the epoch that begins on this node, with the nodes that it counts as lost. */
export async function recordEpoch(tx: WriteTx, row: NewEpoch & Pick<RecoveryRows, 'signature'>): Promise<void> {
  const { epoch, node, lost, sentences, signature } = row;
  const last = epoch.at(-1);
  if (last === undefined) throw new TypeError('a recovery without its epoch');
  await recordRecovery(tx, { number: epoch.length + 1, ...last, node, lost, told: sentences, signature });
  await enableSiteFeature(tx, 'recovered');
}

/** Reports it. */
export function emitEpoch(tx: WriteTx, kind: string, { epoch, node, lost, sentences }: NewEpoch): void {
  tx.emit({
    kind,
    subject: node,
    data: { epoch: formatEpoch(epoch), lost: lost.map(({ name }) => name), told: sentences },
  });
}
