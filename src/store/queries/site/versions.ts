import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** Versions of all rows of a table of configuration, by id. */
export async function readVersions(tx: Tx, table: string): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.all(sql<{ id: string; version: number }>`
    select id::text as id, version from ${sql.table(table)}`);
  return new Map(rows.map(({ id, version }) => [id, version]));
}
