import Type, { type Static } from 'typebox';
import { LIMITS, oneOf, page, strict, Time, text } from '../base/common.ts';
import { eventFilters, historyMembers } from '../base/history.ts';

/** Something that happened. Ids grow by one in the order of commit, without a gap. */
export const Event = strict({
  id: Type.Integer({ minimum: 1 }),
  at: Time,
  kind: Type.String({ description: 'noun.verb, such as record.created' }),
  subject: Type.String({ description: 'what it happened to, such as www.example.test' }),
  who: Type.String(),
  revision: Type.Integer({ description: 'of the configuration, after it' }),
  data: Type.Unknown(),
  operation: Type.Optional(Type.String({ description: 'events of one change have the same' })),
  ...historyMembers,
});
export type Event = Static<typeof Event>;

/** With `Accept: text/event-stream` the answer is a stream that starts after `after` or the `Last-Event-ID` header. */
export const EventListQuery = strict({
  after: Type.Optional(Type.Integer({ minimum: 0, description: 'events with a greater id' })),
  before: Type.Optional(Type.Integer({ minimum: 1, description: 'events with a smaller id; not of a stream' })),
  sort: Type.Optional(oneOf(['id', '-id'], '-id: newest first; `next` is then the `before` of the next page')),
  since: Type.Optional(Type.String({ format: 'date-time', description: 'events of then or later; not of a stream' })),
  subject: Type.Optional(text(255, 'exact subject; not of a stream')),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.page })),
  kind: Type.Optional(text(64, 'exact kind, or its noun')),
  ...eventFilters,
});
export const EventPage = page(Event);
