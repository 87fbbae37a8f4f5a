import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** A job that nobody is at though somebody should be. */
export interface StuckJob {
  readonly id: number;
  readonly kind: string;
  readonly target: string;
  /** Since it could have been taken up, or should have been renewed. */
  readonly seconds: number;
}

/** Unfinished jobs that nobody has renewed or taken up for longer than `seconds`; the oldest first, at most ten. */
export function listStuckJobs(tx: Tx, seconds: number): Promise<StuckJob[]> {
  const since = sql`extract(epoch from clock_timestamp() - coalesce(t.lease_until, t.not_before))::int`;
  return tx.all(sql<StuckJob>`
    select t.id, t.kind, t.target, ${since} as seconds from jobs t
    where t.ended_at is null and ${since} > ${seconds}::int order by t.id limit 10`);
}
