import { sql } from 'kysely';
import { type HistoryFilter, isActor, isBy, touchesObject } from '../base/history-filter.ts';
import { containing, listPage, type ListPage, type PageQuery, plainClient } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** The actor, the action, its time, its origin, and its result: `done`, or `refused: <code>`. */
export interface AuditRow {
  readonly id: number;
  readonly at: string;
  readonly who: string;
  readonly origin: string;
  readonly action: string;
  readonly outcome: string;
  /** Of the write; null: it changed nothing. */
  readonly operation: string | null;
}

/** Records events that `write()` does not see itself, such as a call that the caller's role does not allow. */
export async function recordAudit(tx: Tx, entry: Omit<AuditRow, 'id' | 'at' | 'operation'>): Promise<void> {
  await tx.run(sql`insert into audit (actor, origin, action, outcome)
    values (${entry.who}, ${entry.origin}, ${entry.action}, ${entry.outcome})`);
}

/** Filters of a list. `action`: a part of it; `refused`: only refusals, or none; times ISO 8601. */
export interface AuditQuery extends PageQuery, Pick<HistoryFilter, 'by' | 'object'> {
  readonly who?: string | undefined;
  readonly origin?: string | undefined;
  readonly action?: string | undefined;
  readonly refused?: boolean | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Sorts: id. By default the newest first. */
export function listAudit(tx: Tx, query: AuditQuery = {}): Promise<ListPage<AuditRow>> {
  const columns = sql`t.id, t.at, t.actor as who, ${plainClient(sql`t.origin`)} as origin, t.action, t.outcome, t.operation`;
  const { who, origin, action, refused, since, until } = query;
  const filters = [
    who === undefined ? undefined : isActor(sql`t.actor`, who),
    isBy(sql`t.actor`, query.by),
    touchesObject(sql`t.operation`, query.object),
    origin === undefined ? undefined : sql`t.origin in (${origin}, ${`::ffff:${origin}`})`,
    action === undefined ? undefined : sql`t.action like ${containing(action)}`,
    refused === undefined ? undefined : sql`(t.outcome <> 'done') = ${refused}`,
    since === undefined ? undefined : sql`t.at >= ${since}`,
    until === undefined ? undefined : sql`t.at < ${until}`,
  ];
  const spec = { columns, from: sql`audit t`, id: sql`t.id`, sorts: { id: sql`t.id` }, defaultSort: '-id' };
  return listPage(tx, spec, filters, query);
}
