import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** A count of wrong logins under a digest. `burst`: what it holds; `perSecond`: how much of it comes back. */
export type LoginBucket = { readonly name: string; readonly burst: number; readonly perSecond: number };

/** What is left by now. A moment of the future was stored before the clock was set back: nothing has come back since. */
const LEFT = sql`greatest(0, t.used - greatest(0, extract(epoch from clock_timestamp() - t.at)) * t.per_second)::float8`;

/** How much of each bucket is used now; a bucket without a row has no entry. */
export async function readLoginFailures(tx: Tx, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.all(sql<{ name: string; used: number }>`
    select t.name, ${LEFT} as used from login_failures t where t.name = any(${[...names]}::text[])`);
  return new Map(rows.map(({ name, used }) => [name, used]));
}

/**
 * Counts one wrong login in each bucket that has room for it, and gives these: a row is locked while it is counted, so logins at the same moment share what is
 * left. All count in one order, so that two regions do not wait for each other.
 */
export async function countLoginFailure(tx: Tx, buckets: readonly LoginBucket[]): Promise<ReadonlySet<string>> {
  const names = buckets.map(({ name }) => name);
  const bursts = buckets.map(({ burst }) => burst);
  const rates = buckets.map(({ perSecond }) => perSecond);
  const rows = await tx.all(sql<{ name: string }>`
    with b as (select * from unnest(${names}::text[], ${bursts}::float8[], ${rates}::float8[]) as b (name, burst, per_second))
    insert into login_failures as t (name, used, per_second, at) select name, 1, per_second, clock_timestamp() from b order by name
    on conflict (name) do update set used = ${LEFT} + 1, per_second = excluded.per_second, at = clock_timestamp()
      where ${LEFT} <= (select burst from b where b.name = excluded.name) - 1
    returning t.name`);
  return new Set(rows.map(({ name }) => name));
}
