import Type, { type Static } from 'typebox';
import { oneOf, strict, Time, text } from './common.ts';

/** An object that a change touched, by the name that it has or had. `detail`: what else distinguishes it, such as `A 192.0.2.1`. */
export const HistoryObject = strict({
  verb: Type.String({ description: 'such as created, changed, deleted' }),
  noun: Type.String({ description: 'such as record' }),
  name: Type.String(),
  detail: Type.String(),
});
export type HistoryObject = Static<typeof HistoryObject>;

/** Objects of one change in an answer, at most. */
export const HISTORY_OBJECTS_MAX = 20;

/** What sentences about an entry need. A release before 0.4.0 sends none of it. */
export const historyMembers = {
  names: Type.Optional(
    Type.Record(Type.String(), Type.String(), { description: 'names of identifiers that the entry has' }),
  ),
};
export const objectMembers = {
  ...historyMembers,
  objects: Type.Optional(
    Type.Array(HistoryObject, { maxItems: HISTORY_OBJECTS_MAX, description: 'what it touched, by name' }),
  ),
};

const Text = text(200, 'part of what happened, to what, or by whom');
const ObjectName = text(255, 'name of an object, also of one that is deleted');
const By = oneOf(['people', 'machines'], 'people: only what users did; machines: only what Regent and machines did');

/** Filters of events. */
export const eventFilters = {
  text: Type.Optional(Text),
  object: Type.Optional(ObjectName),
  who: Type.Optional(text(80, 'a user, or the name of a node or a machine')),
  by: Type.Optional(By),
  until: Type.Optional(Time),
};
/** Filters of changes. */
export const changeFilters = {
  text: Type.Optional(Text),
  object: Type.Optional(ObjectName),
  by: Type.Optional(By),
  since: Type.Optional(Time),
  until: Type.Optional(Time),
};
/** Filters of the audit trail beside those of an earlier release. */
export const auditFilters = { object: Type.Optional(ObjectName), by: Type.Optional(By) };
