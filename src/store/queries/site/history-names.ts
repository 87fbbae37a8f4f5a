import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** An event of a write, for the sentence about it. */
export interface OperationEvent {
  readonly operation: string;
  readonly kind: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A row that a write touched, with what names it. `domain`: of a row that lies in one. */
export interface TouchedRow {
  readonly operation: string;
  readonly table: string;
  readonly op: 'insert' | 'update' | 'delete';
  readonly row: Readonly<Record<string, unknown>>;
  readonly domain: string | null;
}

/** Events of these writes in their order, at most `limit` of each. */
export function eventsOfOperations(tx: Tx, operations: readonly string[], limit: number): Promise<OperationEvent[]> {
  return tx.all(sql<OperationEvent>`
    select e.operation, e.kind, e.subject, e.data from unnest(${operations}::text[]) as o (id),
      lateral (select * from events where operation = o.id order by id limit ${limit}) e order by e.id`);
}

/** Rows that these writes touched, at most `limit` of each: of writes whose events are not stored, or do not name them. */
export function rowsOfOperations(tx: Tx, operations: readonly string[], limit: number): Promise<TouchedRow[]> {
  return tx.all(sql<TouchedRow>`
    select h.operation, h.table_name as "table", h.op, r.row, d.name as domain
    from unnest(${operations}::text[]) as o (id),
      lateral (select * from history where operation = o.id order by id limit ${limit}) h,
      lateral (select coalesce(h.new_row, h.old_row) as row) r
      left join domains d on d.id::text = r.row ->> 'domain_id'
    order by h.id`);
}

/** Names of nodes, machines, racks and images by their identifiers, also of those that are deleted. */
export async function namesOfIds(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.all(sql<{ id: string; name: string }>`
    select i.id, coalesce(n.name, m.hostname || '.' || d.name, r.name, g.name, h.name) as name
    from unnest(${ids}::text[]) as i (id)
      left join nodes n on n.id = i.id
      left join machines m on m.id = i.id left join domains d on d.id = m.domain_id
      left join racks r on r.uuid = i.id
      left join images g on g.digest = i.id
      left join lateral (select coalesce(old_row ->> 'hostname', old_row ->> 'name') as name from history
        where table_name in ('machines', 'nodes') and row_key = jsonb_build_object('id', i.id)
        order by id desc limit 1) h on n.id is null and m.id is null
    where coalesce(n.name, m.hostname, r.name, g.name, h.name) is not null`);
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** The last stored content of rows by their number, also of deleted ones: what an action calls `record 35`. */
export function lastRows(
  tx: Tx,
  keys: readonly { readonly table: string; readonly id: number }[],
): Promise<(Omit<TouchedRow, 'operation' | 'op'> & { readonly id: number })[]> {
  return tx.all(sql<Omit<TouchedRow, 'operation' | 'op'> & { readonly id: number }>`
    select k."table", k.id, h.row, d.name as domain
    from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k ("table" text, id int),
      lateral (select coalesce(new_row, old_row) as row from history
        where table_name = k."table" and row_key = jsonb_build_object('id', k.id) order by id desc limit 1) h
      left join domains d on d.id::text = h.row ->> 'domain_id'`);
}
