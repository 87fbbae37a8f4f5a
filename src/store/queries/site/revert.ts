import { sql } from 'kysely';
import { ENTRIES } from '../../../contract/entries.ts';
import { type Rejected, rejected } from '../../../core/errors.ts';
import { DECLARED_TABLES } from '../../declared/declared-sentences.ts';
import { findChange } from './changes.ts';
import type { Tx } from '../../tx.ts';

interface HistoryRow {
  readonly table: string;
  readonly op: 'insert' | 'update' | 'delete';
  readonly key: Readonly<Record<string, string | number>>;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** Tables that a change may touch. Names become SQL, so only these are allowed. A request to restart cannot be taken back. */
const TABLES: readonly string[] = [
  'settings',
  ...DECLARED_TABLES,
  ...ENTRIES.flatMap(({ tables }) => tables),
  'nodes',
  'racks',
];

/** Bookkeeping columns: they may differ although nobody changed the row. */
const BOOKKEEPING = ['version', 'updated_at'];

/**
 * Takes a change back: its rows get their old content, newest first. Refuses, with the row's name, if any of them has changed since; constraints
 * refuse content that no longer fits. Use it inside `write()`, whose outcome has `reverts`.
 */
export async function revertChange(tx: Tx, revision: number): Promise<Rejected | null> {
  const change = await findChange(tx, revision);
  if (!change) return rejected('not_found', `There is no change ${revision}, or it is too old and was deleted.`);
  const rows = await tx.all(sql<HistoryRow>`
    select table_name as "table", op, row_key as key, old_row as before, new_row as after
    from history where operation = (select operation from changes where revision = ${revision}) order by id desc`);
  const rest = rows.filter(({ table }) => TABLES.includes(table));
  if (rest.length === 0)
    return rejected('conflict', `Change ${revision} (${change.summary}) contains nothing that can be undone.`);
  if (rest.some(movesRegionNode)) {
    const why = 'its host runs the database and has the keys of the cluster';
    return rejected(
      'conflict',
      `Change ${revision} (${change.summary}) added or removed a region node and cannot be undone: ${why}. Rule: join or delete the node instead.`,
    );
  }
  for (const row of rest) {
    const refusal = await takeBack(tx, row, revision);
    if (refusal) return refusal;
  }
  return null;
}

/** Did the row make a node a region node, or end that, or its joining? The database cannot set up a host by putting a row back. */
function movesRegionNode({ table, before, after }: HistoryRow): boolean {
  const part = (row: HistoryRow['before']) => (row?.['is_region'] === true ? (row['state'] ?? 'member') : null);
  return table === 'nodes' && part(before) !== part(after);
}

async function takeBack(tx: Tx, row: HistoryRow, revision: number): Promise<Rejected | null> {
  const table = sql.table(row.table);
  const isRow = sql.join(
    Object.entries(row.key).map(([column, value]) => sql`t.${sql.ref(column)} = ${value}`),
    sql` and `,
  );
  const now = await tx.one(sql<{ content: Record<string, unknown> }>`
    select to_jsonb(t) as content from ${table} t where ${isRow} for update`);
  if (!(await isUnchanged(tx, now?.content ?? null, row.after))) {
    const label = `${row.table} ${Object.values(row.key).join(' ')}`;
    const what = now === null ? 'deleted' : row.after === null ? 'created again' : 'changed';
    return rejected(
      'conflict',
      `Change ${revision} cannot be undone: ${label} was ${what} later. Undo the later change first.`,
    );
  }
  if (row.before === null) {
    await tx.run(sql`delete from ${table} t where ${isRow}`);
    return null;
  }
  const content = JSON.stringify(row.before);
  const columns = Object.keys(row.before).filter((column) => !BOOKKEEPING.includes(column));
  const list = sql.join(columns.map((column) => sql.ref(column)));
  const source = sql`select ${list} from jsonb_populate_record(null::${table}, ${content}::jsonb)`;
  await tx.run(
    row.after === null
      ? sql`insert into ${table} (${list}) ${source}`
      : sql`update ${table} t set (${list}) = (${source}) where ${isRow}`,
  );
  return null;
}

/** The database compares, because its jsonb knows when two contents are equal. Columns of a later version do not count. */
async function isUnchanged(tx: Tx, now: object | null, after: object | null): Promise<boolean> {
  if (now === null || after === null) return now === after;
  const ignored = [...BOOKKEEPING, ...Object.keys(now).filter((column) => !Object.hasOwn(after, column))];
  const content = (row: unknown) => sql`${JSON.stringify(row)}::jsonb - ${ignored}::text[]`;
  const result = await tx.one(sql<{ same: boolean }>`select ${content(now)} = ${content(after)} as same`);
  return result?.same === true;
}
