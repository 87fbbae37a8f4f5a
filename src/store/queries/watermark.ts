import { sql } from 'kysely';
import type { Tx } from '../tx.ts';

/** Where in the history of the database a snapshot was taken: `revision` of the configuration, `observed` of the rest. */
export interface Watermark {
  readonly revision: number;
  readonly observed: number;
}

/** What a compiler sees beside configuration has changed (a lease's name, a node's interfaces): call it in the same transaction. */
export async function raiseObserved(tx: Tx): Promise<void> {
  await tx.run(sql`update counters set observed = observed + 1`);
}

/** Both numbers of a snapshot: neither goes back, so whoever has the lower ones read earlier. */
export async function readWatermark(tx: Tx): Promise<Watermark> {
  return (await tx.one(sql<Watermark>`select revision, observed from counters`)) ?? { revision: 0, observed: 0 };
}
