import { sql } from 'kysely';
import { formatEpoch } from '../../../core/epoch.ts';
import { lostNodes } from '../../../model/cluster/cluster.ts';
import type { LostNode, Recovered } from '../../../model/cluster/node.ts';
import type { Tx } from '../../tx.ts';

/** A recovery as it is stored. `at`: ms; `told`: what the node reported of its data before. */
export interface RecoveryRow {
  readonly number: number;
  readonly id: string;
  readonly at: number;
  readonly node: string;
  readonly lost: readonly LostNode[];
  readonly told: readonly string[];
  readonly signature: string;
}

/** All recoveries of the cluster, the first one first. */
export async function readRecoveries(tx: Tx): Promise<RecoveryRow[]> {
  return tx.all(sql<RecoveryRow>`
    select number, id, (extract(epoch from at) * 1000)::float8 as at, node, lost, told, signature from recoveries order by number`);
}

/** Stores a recovery; one that is stored already stays as it is. */
export async function recordRecovery(tx: Tx, row: RecoveryRow): Promise<void> {
  const { number, id, at, node, lost, told, signature } = row;
  await tx.run(sql`insert into recoveries (number, id, at, node, lost, told, signature)
    values (${number}, ${id}, ${new Date(at).toISOString()}, ${node}, ${JSON.stringify(lost)}, ${JSON.stringify(told)}, ${signature})
    on conflict (number) do nothing`);
}

/** What everybody of the cluster has to know of its recoveries; null: there was none. */
export function recoveredOf(rows: readonly RecoveryRow[]): Recovered | null {
  const last = rows.at(-1);
  if (last === undefined) return null;
  return {
    epoch: formatEpoch(rows),
    id: last.id,
    signature: last.signature,
    lost: lostNodes(rows.map(({ lost }) => lost)),
  };
}
