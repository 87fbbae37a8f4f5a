import { sql } from 'kysely';
import type { ConfigChange } from '../../../contract/site/config.ts';
import { hasText, type HistoryFilter, isActor, isBy, touchesObject } from '../base/history-filter.ts';
import { listPage, type ListPage, type PageQuery, plainClient } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** `operation`: of the write that made it. */
export type ChangeRow = ConfigChange & { readonly operation: string };

const COLUMNS = sql`t.revision as id, t.at, t.actor as who, ${plainClient(sql`t.origin`)} as origin, t.summary, t.reverts, t.operation,
  (select coalesce(json_agg(json_build_object('table', h.table_name, 'op', h.op, 'key', h.row_key,
    'before', h.old_row, 'after', h.new_row) order by h.id), '[]')
    from (select * from history where operation = t.operation order by id limit 1000) h) as rows`;

/** A change of the configuration with the rows that it touched (the first thousand); null when it is unknown. */
export function findChange(tx: Tx, revision: number): Promise<ChangeRow | null> {
  return tx.one(sql<ChangeRow>`select ${COLUMNS} from changes t where t.revision = ${revision}`);
}

export interface ChangeFilter extends PageQuery, HistoryFilter {
  readonly who?: string | undefined;
  /** Changes that touched rows of this table. */
  readonly table?: string | undefined;
}

/** Sorts: id. By default the newest first. */
export function listChanges(tx: Tx, query: ChangeFilter = {}): Promise<ListPage<ChangeRow>> {
  const filters = [
    query.who === undefined ? undefined : isActor(sql`t.actor`, query.who),
    isBy(sql`t.actor`, query.by),
    query.since === undefined ? undefined : sql`t.at >= ${query.since}`,
    query.until === undefined ? undefined : sql`t.at < ${query.until}`,
    touchesObject(sql`t.operation`, query.object),
    hasText({ summary: sql`t.summary`, actor: sql`t.actor`, operation: sql`t.operation` }, query.text),
    query.table === undefined
      ? undefined
      : sql`exists (select from history where operation = t.operation and table_name = ${query.table})`,
  ];
  const spec = { columns: COLUMNS, from: sql`changes t`, id: sql`t.revision`, sorts: { id: sql`t.revision` } };
  return listPage(tx, { ...spec, defaultSort: '-id' }, filters, query);
}

/** Time of the first change after a revision; null when there is none. */
export async function changedSince(tx: Tx, revision: number): Promise<string | null> {
  const row = await tx.one(sql<{ at: string }>`
    select at from changes where revision > ${revision} order by revision limit 1`);
  return row?.at ?? null;
}
