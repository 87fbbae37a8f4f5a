import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** A count of wrong logins under a digest. `perSecond`: how much of it comes back. */
export interface LoginBucket {
  readonly name: string;
  readonly perSecond: number;
}

/** A bucket holds at most so much, so that one who goes on is not shut out for longer. */
const USED_MOST = 1000;
/** What is left by now. A moment of the future was stored before the clock was set back: nothing has come back since. */
const LEFT = sql`greatest(0, t.used - greatest(0, extract(epoch from now() - t.at)) * t.per_second)::float8`;

/** How much of each bucket is used now; a bucket without a row has no entry. */
export async function readLoginFailures(tx: Tx, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.all(sql<{ name: string; used: number }>`
    select t.name, ${LEFT} as used from login_failures t where t.name = any(${[...names]}::text[])`);
  return new Map(rows.map(({ name, used }) => [name, used]));
}

/** Counts one wrong login in each bucket, in one order for all, so that two regions do not wait for each other. */
export async function countLoginFailure(tx: Tx, buckets: readonly LoginBucket[]): Promise<void> {
  const names = buckets.map(({ name }) => name);
  const rates = buckets.map(({ perSecond }) => perSecond);
  await tx.run(sql`
    insert into login_failures as t (name, used, per_second)
      select name, 1, per_second from unnest(${names}::text[], ${rates}::float8[]) as b (name, per_second) order by name
    on conflict (name) do update set used = least(${USED_MOST}::float8, ${LEFT} + 1), per_second = excluded.per_second, at = now()`);
}
