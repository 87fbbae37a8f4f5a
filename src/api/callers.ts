import type { FastifyRequest } from 'fastify';
import { CSRF_HEADER } from '../contract/base/wire/transport.ts';
import { isRejected, type Rejected, rejected } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import { isSecret, secretDigest } from '../core/secret.ts';
import type { Caller, Region } from '../region/port.ts';
import type { FoundSession } from '../region/people/accounts/port.ts';
import { clientAddress, originOf } from './client-address.ts';
import type { Authenticator } from './auth.ts';
import { readSessionCookie } from './cookie.ts';
import { createLimiter, sourceOf } from './limiter.ts';

/** Finds out who calls: by an API key, or by the cookie of a browser's session. */
export interface Callers {
  /** `mayRemember`: the call can be answered without the database, so a session that was valid minutes ago is enough. */
  identify(request: FastifyRequest, mayRemember?: boolean): Promise<Caller | Rejected>;
  /** The browser's session itself; a refusal without one. */
  session(request: FastifyRequest): Promise<ShownSession | Rejected>;
  /** Takes a session that ended here for unknown at once. */
  forget(request: FastifyRequest): void;
}

/** A session in force, and what shows that a call is made by its own pages. */
export type ShownSession = { readonly session: FoundSession; readonly csrf: string };

/** How long a session is trusted without asking the database: also how long one that was ended elsewhere may still work. */
const TRUST_MS = 2000;
/** … and so long more while calls are held: nothing can be ended then. */
const HELD_TRUST_MS = 10_000;
/** How long a page goes on from memory while the database is away. */
const REMEMBER_MS = 900_000;
const TRUSTED_MAX = 1000;
const FAILURES = { burst: 20, perSecond: 1, names: 10_000 } as const;
const SAFE = new Set(['GET', 'HEAD']);

/**
 * Creates the check of callers from the authenticator of API keys. `isPlain`: sessions also work without TLS (a
 * developer's own host).
 */
export function createCallers(
  region: Pick<Region, 'sessions' | 'isHeld' | 'health'>,
  keys: Authenticator,
  { clock, isPlain }: { readonly clock: Clock; readonly isPlain: boolean },
): Callers {
  const trusted = new Map<string, { readonly session: FoundSession; readonly at: number }>();
  const failures = createLimiter(clock, FAILURES);

  async function find(token: string, request: FastifyRequest, mayRemember: boolean): Promise<FoundSession | Rejected> {
    const known = trusted.get(token);
    const ageMs = known ? clock.monotonic() - known.at : Infinity;
    if (known && ageMs < TRUST_MS + (region.isHeld() ? HELD_TRUST_MS : 0)) return known.session;
    if (known && mayRemember && ageMs < REMEMBER_MS && !(await region.health()).isUp) return known.session;
    const source = sourceOf(clientAddress(request));
    if (!failures.mayTry(source))
      return rejected('too_many_requests', `There were too many unknown sessions from ${source}. Try again later.`);
    const session = await region.sessions.find(token);
    trusted.delete(token);
    if (session === null) {
      failures.count(source);
      return rejected('unauthenticated', 'The session has ended. Log in again.');
    }
    const oldest = trusted.keys().next();
    if (trusted.size >= TRUSTED_MAX && !oldest.done) trusted.delete(oldest.value);
    trusted.set(token, { session, at: clock.monotonic() });
    return session;
  }

  /** The session of a cookie, where the call is made by the session's own pages. */
  async function proven(token: string, request: FastifyRequest, mayRemember: boolean) {
    const foreign = refuseForeign(request) ?? (SAFE.has(request.method) ? null : refuseUnproven(request, token));
    return foreign ?? find(token, request, mayRemember);
  }

  return {
    async identify(request, mayRemember = false) {
      const { authorization } = request.headers;
      const token = authorization === undefined ? readSessionCookie(request, isPlain) : null;
      if (token === null) return keys.authenticate(authorization, originOf(request));
      const session = await proven(token, request, mayRemember);
      if (isRejected(session)) return session;
      const { user, role, id, isWall } = session;
      return { user, role, sessionId: id, isReadOnly: isWall };
    },
    async session(request) {
      const token = readSessionCookie(request, isPlain);
      if (token === null) return rejected('unauthenticated', 'There is no session. Log in.');
      const session = await proven(token, request, true);
      return isRejected(session) ? session : { session, csrf: csrfOf(token) };
    },
    forget(request) {
      const token = readSessionCookie(request, isPlain);
      if (token !== null) trusted.delete(token);
    },
  };
}

/** What pages of the session send with each change. A page without the cookie cannot make it. */
export function csrfOf(token: string): string {
  return secretDigest(`csrf ${token}`);
}

/**
 * Refuses a call with a cookie that another site's page made. Browsers say where a call comes from: Sec-Fetch-Site (W3C Fetch Metadata), or Origin
 * (RFC 6454). A change without either is also refused.
 */
export function refuseForeign(request: FastifyRequest): Rejected | null {
  const site = request.headers['sec-fetch-site'];
  const { origin } = request.headers;
  const isSafe = SAFE.has(request.method);
  const isOwn = origin === undefined ? null : origin === `${request.protocol}://${request.host}`;
  // "none": the address was typed, or is a bookmark.
  const isFine = site === undefined ? isSafe || isOwn === true : site === 'same-origin' || (isSafe && site === 'none');
  if (isFine && isOwn !== false) return null;
  return rejected(
    'forbidden',
    'This call comes from a page of another site. Rule: a session is only for its own pages.',
  );
}

function refuseUnproven(request: FastifyRequest, token: string): Rejected | null {
  const shown = request.headers[CSRF_HEADER];
  if (typeof shown === 'string' && isSecret(shown, secretDigest(csrfOf(token)))) return null;
  return rejected('forbidden', `The header ${CSRF_HEADER} is not the session's. GET /api/v1/session has it.`);
}
