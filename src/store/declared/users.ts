import { type RawBuilder, sql } from 'kysely';
import type { Use } from '../../contract/nouns/declare.ts';
import type { Tx } from '../tx.ts';

/** How objects that name a declared one are called in sentences, and their order there. */
const LABELS: Readonly<Record<Use['noun'], { table: string; label: RawBuilder<string>; order: RawBuilder<unknown> }>> =
  {
    vlan: {
      table: 'vlans',
      label: sql<string>`(select f.name from fabrics f where f.id = t.fabric_id) || '/' || t.name`,
      order: sql`t.id`,
    },
    machine: {
      table: 'machines',
      label: sql<string>`t.hostname || '.' || (select d.name from domains d where d.id = t.domain_id)`,
      order: sql`t.hostname collate "C", t.id collate "C"`,
    },
  };

/** Names of objects that use the one with this id; at most `limit`. */
export async function usersOf(tx: Tx, use: Use, id: number, limit: number): Promise<string[]> {
  const { table, label, order } = LABELS[use.noun];
  const rows = await tx.all(sql<{ label: string }>`
    select ${label} as label from ${sql.table(table)} t where ${sql.ref(`t.${use.column}`)} = ${id} order by ${order} limit ${limit}`);
  return rows.map((row) => row.label);
}
