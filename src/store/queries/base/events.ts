import { sql } from 'kysely';
import type { Event } from '../../../contract/site/event.ts';
import { containing } from '../../page.ts';
import { type HistoryFilter, isAbout, isActor, isBy } from './history-filter.ts';
import type { Tx } from '../../tx.ts';
import type { NewEvent, WriteTx } from '../../write.ts';

/** Events that are the affair of one user: nobody else gets them. */
const OWN_KINDS = ['notification.dismissed'];

/** Which events are requested. `reader`: a user, who gets no event that is another user's own affair; left out: all of them. */
export type EventSelection = { readonly kind?: string | undefined; readonly reader?: string | undefined };

const COLUMNS = sql`id, at, kind, subject, actor as who, revision, data, operation`;

/** An event as it is stored. `operation`: of the write that stored it; null: of none. */
export type EventRow = Omit<Event, 'operation' | 'names'> & { readonly operation: string | null };

/** `kind`: an exact kind or its noun. */
const selected = ({ kind, reader }: EventSelection) => [
  ...(kind === undefined ? [] : [sql`(kind = ${kind} or split_part(kind, '.', 1) = ${kind})`]),
  ...(reader === undefined ? [] : [sql`(actor = ${reader} or kind <> all(${OWN_KINDS}::text[]))`]),
];

/**
 * At most `limit` events with an id above `after`, in order. Ids have no gaps and follow the order of commits, so a reader misses no event below its
 * last id.
 */
export function readEvents(tx: Tx, after: number, limit: number, selection: EventSelection = {}): Promise<EventRow[]> {
  return tx.all(sql<EventRow>`
    select ${COLUMNS} from events
    where ${sql.join([sql`id > ${after}`, ...selected(selection)], sql` and `)} order by id limit ${limit}`);
}

/** What is requested of the log beside a place in it. `since`: ISO 8601. */
export interface EventFilter extends EventSelection, HistoryFilter {
  readonly who?: string | undefined;
  /** The text is not searched in values, which the reader may not see. */
  readonly isPublic?: boolean | undefined;
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly subject?: string | undefined;
}

/** At most `limit` events, the newest (`isNewestFirst`) or the oldest ones first. */
export function filterEvents(tx: Tx, filter: EventFilter, limit: number, isNewestFirst: boolean): Promise<EventRow[]> {
  const { after, before, subject, since, until, text, object, who, by } = filter;
  const part = text === undefined ? null : containing(text);
  const inValues = filter.isPublic === true ? sql`false` : sql`(actor ilike ${part} or data::text ilike ${part})`;
  const conditions = [
    after === undefined ? undefined : sql`id > ${after}`,
    before === undefined ? undefined : sql`id < ${before}`,
    subject === undefined ? undefined : sql`subject = ${subject}`,
    since === undefined ? undefined : sql`at >= ${since}`,
    until === undefined ? undefined : sql`at < ${until}`,
    part === null ? undefined : sql`(subject ilike ${part} or kind ilike ${part} or ${inValues})`,
    object === undefined ? undefined : isAbout(object),
    who === undefined ? undefined : isActor(sql`actor`, who),
    isBy(sql`actor`, by),
  ].filter((condition) => condition !== undefined);
  return tx.all(sql<EventRow>`
    select ${COLUMNS} from events
    where ${sql.join([sql`true`, ...selected(filter), ...conditions], sql` and `)} order by id ${isNewestFirst ? sql`desc` : sql`asc`} limit ${limit}`);
}

/** Id of the last event; 0 before the first. */
export async function lastEventId(tx: Tx): Promise<number> {
  return (await tx.one(sql<{ event: number }>`select event from counters`))?.event ?? 0;
}

/** Revision of the configuration. */
export async function readRevision(tx: Tx): Promise<number> {
  return (await tx.one(sql<{ revision: number }>`select revision from counters`))?.revision ?? 0;
}

/**
 * Stores events of no request (a report, a publication). Call it last: from here to COMMIT other writers wait. Inside `write()` use `tx.emit`
 * instead.
 */
export async function storeEvents(tx: Tx, actor: string, events: readonly NewEvent[]): Promise<void> {
  if (events.length > 0) await tx.one(sql`select emit_events(${actor}, ${JSON.stringify(events)}::jsonb, false)`);
}

/** Does the work of no request (a task's) in a transaction, and stores what it emits at its end, all by one actor. */
export async function withEvents<T>(tx: Tx, actor: string, work: (tx: WriteTx) => Promise<T>): Promise<T> {
  const events: NewEvent[] = [];
  const result = await work({ ...tx, emit: (event) => void events.push(event) });
  await storeEvents(tx, actor, events);
  return result;
}
