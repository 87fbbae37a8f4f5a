import Type, { type Static } from 'typebox';
import { changeFilters, objectMembers } from '../base/history.ts';
import { listQuery, NodeDiff, nullable, oneOf, page, strict, Time, text } from '../base/common.ts';

/** What is published and not yet in force, as differences of the real files, per node. */
export const PendingConfig = strict({
  revision: Type.Integer(),
  nodes: Type.Array(
    Type.Object({
      ...NodeDiff.properties,
      wanted: Type.Integer(),
      applied: nullable(Type.Integer()),
      isCurrent: Type.Boolean(),
    }),
  ),
});
export type PendingConfig = Static<typeof PendingConfig>;

/** A row that a change touched, before and after; secrets are never in it. */
const RowChange = strict({
  table: Type.String(),
  op: oneOf(['insert', 'update', 'delete']),
  key: Type.Unknown(),
  before: Type.Unknown(),
  after: Type.Unknown(),
});

/** One change of the configuration: one transaction. */
export const ConfigChange = strict({
  id: Type.Integer({ minimum: 1, description: 'the revision that it made' }),
  at: Time,
  who: Type.String(),
  origin: Type.String({ description: 'where it came from, such as api' }),
  summary: Type.String(),
  reverts: nullable(Type.Integer({ description: 'id of the change that it undid' })),
  rows: Type.Array(RowChange),
  ...objectMembers,
});
export type ConfigChange = Static<typeof ConfigChange>;

export const ChangeParams = strict({ change: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });
export const ChangeListQuery = listQuery(
  { who: Type.Optional(text(64)), table: Type.Optional(text(40, 'touched rows of this table')), ...changeFilters },
  ['id'],
);
export const ChangePage = page(ConfigChange);
