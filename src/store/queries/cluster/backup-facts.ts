import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** As in `ha/backup/scratch.ts`, which asks a restored database the same. */
const NEWEST = 2000;
/** Tables of configuration: a restored one is not empty if the living one is not. */
export const CONFIGURATION = ['nodes', 'racks', 'machines', 'subnets', 'vlans', 'domains', 'records', 'users'];

/** What the living database says of itself; `upTo`: the event up to which its newest ones are digested, null: all. */
export async function readLiving(tx: Tx, upTo: number | null) {
  const row = await tx.one(sql<{ migrations: number; lastEvent: number; ledger: string; ledgerRows: number }>`
    with newest as (select id, kind, subject, actor from events where ${upTo}::bigint is null or id <= ${upTo}::bigint
      order by id desc limit ${NEWEST})
    select (select count(*)::int from migrations) as migrations, (select coalesce(max(id), 0)::int from events) as "lastEvent",
      (select md5(coalesce(string_agg(id || '|' || kind || '|' || subject || '|' || actor, ',' order by id), '')) from newest) as ledger,
      (select count(*)::int from newest) as "ledgerRows"`);
  if (row === null) throw new Error('the database gave no facts');
  const counts: Record<string, number> = {};
  for (const table of CONFIGURATION) {
    const counted = await tx.one(sql<{ count: number }>`select count(*)::int as count from ${sql.table(table)}`);
    counts[table] = counted?.count ?? 0;
  }
  return { ...row, counts };
}
