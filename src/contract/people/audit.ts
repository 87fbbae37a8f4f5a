import Type, { type Static } from 'typebox';
import { auditFilters, objectMembers } from '../base/history.ts';
import { listQuery, page, strict, Time, text } from '../base/common.ts';
import { get, KEEPERS } from '../base/route-spec.ts';

/** Who requested a change, from where, and the result; also refusals and logins. */
export const AuditEntry = strict({
  id: Type.Integer({ minimum: 1 }),
  at: Time,
  who: Type.String({ description: 'a user’s name, node:ID or system:TASK; of a login what was claimed' }),
  origin: Type.String({ description: 'api, ui, maas, host, login, or the process' }),
  action: Type.String({ description: 'as a command would say it, such as record create www.example.test A' }),
  outcome: Type.String({ description: 'done, or refused: CODE' }),
  ...objectMembers,
});
export type AuditEntry = Static<typeof AuditEntry>;

export const AuditListQuery = listQuery(
  {
    who: Type.Optional(text(64)),
    origin: Type.Optional(text(64)),
    action: Type.Optional(text(200, 'part of the action')),
    refused: Type.Optional(Type.Boolean({ description: 'true: only refusals; false: what was done' })),
    since: Type.Optional(Time),
    until: Type.Optional(Time),
    ...auditFilters,
  },
  ['id'],
);
export const AuditPage = page(AuditEntry);

/** Calls about the audit trail. */
export const AUDIT_ROUTES = {
  'audit.list': get('/audit', 'List who changed what, and what was refused, newest first', {
    roles: KEEPERS,
    query: AuditListQuery,
    response: AuditPage,
  }),
} as const;
