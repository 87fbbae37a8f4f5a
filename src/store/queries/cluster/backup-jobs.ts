import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** The last end of each sort of job with the store, and whether one is unfinished. `at`: ms. */
export async function readLastEnds(tx: Tx, kind: string) {
  const rows = await tx.all(sql<{ verb: string; at: number | null; isFailed: boolean }>`
    select distinct on (payload ->> 'verb') payload ->> 'verb' as verb, (extract(epoch from ended_at) * 1000)::float8 as at, state <> 'done' as "isFailed"
    from jobs where kind = ${kind} order by payload ->> 'verb', ended_at desc nulls first`);
  return {
    isBusy: rows.some(({ at }) => at === null),
    lastEnds: Object.fromEntries(
      rows.flatMap(({ verb, at, isFailed }) => (at === null ? [] : [[verb, { at, isFailed }]])),
    ),
  };
}

/** Why the last job with the store failed; null: it did not, or there was none. */
export async function readLastFailure(tx: Tx, kind: string): Promise<string | null> {
  const row = await tx.one(sql<{ why: string | null }>`
    select case when state = 'failed' then result end as why from jobs where kind = ${kind} and ended_at is not null order by ended_at desc limit 1`);
  return row?.why ?? null;
}

/**
 * When the archive lost a segment last, by the reports of region nodes, or the database was restored; null: never. ms. One row for each node is read, not
 * the site.
 */
export async function readArchiveGap(tx: Tx): Promise<number | null> {
  const row = await tx.one(sql<{ at: number | null }>`
    select (extract(epoch from greatest(
      (select max(gap::timestamptz) from (select body #>> '{facts,archive,gapAt}' as gap from observations where service = 'backup') reported
        where gap ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?Z$'),
      (select max(at) from recoveries))) * 1000)::float8 as at`);
  return row?.at ?? null;
}
