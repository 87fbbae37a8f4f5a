import Type, { type Static } from 'typebox';
import { listQuery, nullable, oneOf, page, strict, Time, text } from '../base/common.ts';
import { del, EVERYBODY, get, KEY_OWNERS } from '../base/route-spec.ts';
import { ROLES, USER_NAME_MOST } from '../base/role.ts';

/** Where everybody reads the certificate of the cluster's authority, so that a browser can trust it. No API key is needed. */
export const AUTHORITY_PATH = '/authority';
/** `certificate`: PEM; `fingerprint`: SHA-256 of its DER, lower-case hex. */
export type Authority = { readonly certificate: string; readonly fingerprint: string };

/** How a session begins: by a name and a password, or by an API key. `isWall`: for a screen on the wall, which only reads and stays logged in. */
export const SessionStart = strict({
  user: Type.Optional(text(USER_NAME_MOST, 'name')),
  password: Type.Optional(text(1024)),
  apiKey: Type.Optional(text(300, 'consumer:token:secret')),
  isWall: Type.Optional(Type.Boolean()),
});
export type SessionStart = Static<typeof SessionStart>;

/** A browser's own session. `csrf`: see `CSRF_HEADER`. `version`: of the region that answers, so that a browser notices a newer user interface. */
export const OwnSession = strict({
  id: Type.String(),
  user: Type.String(),
  role: oneOf(ROLES),
  isReadOnly: Type.Boolean(),
  expiresAt: Time,
  csrf: Type.String(),
  version: Type.String(),
});
export type OwnSession = Static<typeof OwnSession>;

/** A session as lists show it. `apiKey`: token of the key that opened it; null: a password did. */
export const Session = strict({
  id: Type.String(),
  user: Type.String(),
  isReadOnly: Type.Boolean(),
  isCurrent: Type.Boolean(),
  apiKey: nullable(Type.String()),
  address: Type.String(),
  agent: Type.String({ description: 'what the browser calls itself' }),
  createdAt: Time,
  seenAt: Type.String({ format: 'date-time', description: 'when it was used last, to five minutes' }),
  expiresAt: Time,
});
export type Session = Static<typeof Session>;

export const SessionParams = strict({ session: text(64, 'id') });
export const SessionListQuery = listQuery({ user: Type.Optional(text(USER_NAME_MOST)) }, ['id', 'user', 'created']);
export const SessionPage = page(Session);

/** Calls about the sessions of browsers. */
export const SESSION_ROUTES = {
  'session.list': get('/sessions', 'List sessions of browsers: all for admins and auditors, else the own ones', {
    roles: EVERYBODY,
    query: SessionListQuery,
    response: SessionPage,
  }),
  'session.end': del('/sessions/{session}', 'End a session', {
    roles: KEY_OWNERS,
    params: SessionParams,
    response: Session,
    hasEtag: false,
  }),
} as const;
