import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** The place of a snapshot in the history of the database: `revision` of the configuration, `observed` of the rest. */
export type Watermark = { readonly revision: number; readonly observed: number };

/** Something that compilers read beside configuration has changed (a lease's name, a node's interfaces). Call it in the same transaction. */
export async function raiseObserved(tx: Tx): Promise<void> {
  await tx.run(sql`update counters set observed = observed + 1`);
}

/** Both numbers of a snapshot. Neither goes back, so the snapshot with lower numbers is the older one. */
export async function readWatermark(tx: Tx): Promise<Watermark> {
  return (await tx.one(sql<Watermark>`select revision, observed from counters`)) ?? { revision: 0, observed: 0 };
}
