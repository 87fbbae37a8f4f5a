import Type, { type Static } from 'typebox';
import { LIMITS, page, strict, Time, text } from '../base/common.ts';

/** Something that a node's agent did to a managed service: a reload, a restart, … and why. */
export const NodeAction = strict({
  node: Type.String(),
  service: Type.String(),
  at: Time,
  kind: Type.String({ description: 'command, reload, restart, start, stop or rollback' }),
  why: Type.String(),
  trigger: Type.String({ description: 'what set it off, such as a change of role or of the desired state' }),
});
export type NodeAction = Static<typeof NodeAction>;

/** `since`: those from then on; the newest `limit` of them, shown oldest first. */
export const NodeActionQuery = strict({
  since: Type.Optional(Type.String({ format: 'date-time', description: 'left out: all that are stored' })),
  node: Type.Optional(text(64)),
  service: Type.Optional(text(40)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.page })),
});
export const NodeActionPage = page(NodeAction);
