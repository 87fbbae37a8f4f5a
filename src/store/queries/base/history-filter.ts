import { type RawBuilder, sql } from 'kysely';
import { containing } from '../../page.ts';

/** Filters that events, changes and the audit trail share. Times ISO 8601. */
export interface HistoryFilter {
  readonly text?: string | undefined;
  readonly object?: string | undefined;
  readonly by?: 'people' | 'machines' | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

type Condition = RawBuilder<unknown> | undefined;

/** `people`: users, whose names have no colon. */
export function isBy(actor: RawBuilder<unknown>, by: HistoryFilter['by']): Condition {
  if (by === undefined) return undefined;
  return by === 'people' ? sql`strpos(${actor}, ':') = 0` : sql`strpos(${actor}, ':') > 0`;
}

/** The actor by name: a user, or the node or the machine that is called so. */
export function isActor(actor: RawBuilder<unknown>, who: string): RawBuilder<unknown> {
  return sql`(${actor} = ${who} or ${actor} in (
    select 'node:' || id from nodes where name = ${who} union all select 'machine:' || id from machines where hostname = split_part(${who}, '.', 1)))`;
}

/** Events of an object by its name: its own, and those that call it by its identifier. */
export function isAbout(object: string): RawBuilder<unknown> {
  return sql`(subject = ${object} or subject in (
    select id from nodes where name = ${object} union all select digest from images where name = ${object}))`;
}

/** A write that touched an object of this name. `operation`: of the write. */
export function touchesObject(operation: RawBuilder<unknown>, object: string | undefined): Condition {
  if (object === undefined) return undefined;
  return sql`(exists (select from events e where e.operation = ${operation} and e.subject = ${object})
    or exists (select from history h
      cross join lateral (select coalesce(h.new_row, h.old_row) as row) r
      left join domains d on d.id::text = r.row ->> 'domain_id'
      where h.operation = ${operation} and ${object} in (r.row ->> 'name', r.row ->> 'cidr', r.row ->> 'hostname', r.row ->> 'address',
        (r.row ->> 'name') || '.' || d.name, (r.row ->> 'hostname') || '.' || d.name)))`;
}

/** A write whose summary, actor or objects have this text. */
export function hasText(
  write: { summary: RawBuilder<unknown>; actor: RawBuilder<unknown>; operation: RawBuilder<unknown> },
  text: string | undefined,
): Condition {
  if (text === undefined) return undefined;
  const part = containing(text);
  return sql`(${write.summary} ilike ${part} or ${write.actor} ilike ${part}
    or exists (select from events e where e.operation = ${write.operation} and (e.subject ilike ${part} or e.data::text ilike ${part}))
    or exists (select from history h where h.operation = ${write.operation} and coalesce(h.new_row, h.old_row)::text ilike ${part}))`;
}
