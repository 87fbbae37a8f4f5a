import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/**
 * For a transaction that writes thousands of rows: its statements use indexes although statistics know nothing of its rows. A table that was emptied
 * and analysed counts as empty, so the planner scans all rows for each row (PostgreSQL 15 to 17). Plans are made once, not for the values of each row.
 */
export async function planForBulk(tx: Tx): Promise<void> {
  await tx.run(sql`set local enable_seqscan = off`);
  await tx.run(sql`set local jit = off`);
  await tx.run(sql`set local plan_cache_mode = force_generic_plan`);
}
