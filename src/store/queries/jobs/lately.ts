import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** Has a job of this kind ended within the last `seconds`, or not at all yet? */
export async function hasLately(tx: Tx, kind: string, seconds: number): Promise<boolean> {
  const row = await tx.one(sql<{ has: boolean }>`
    select exists (select from jobs where kind = ${kind}
      and (ended_at is null or ended_at > clock_timestamp() - make_interval(secs => ${seconds}))) as has`);
  return row?.has === true;
}
