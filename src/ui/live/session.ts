import { type ReadonlySignal, signal } from '@preact/signals';
import type { Problem } from '../../contract/base/common.ts';
import type { Authority, OwnSession } from '../../contract/people/session.ts';
import type { Role } from '../../contract/base/role.ts';
import {
  API_PREFIX,
  CSRF_HEADER,
  networkSentence,
  parseJson,
  problemOf,
  SESSION_PATH,
} from '../../contract/base/wire/transport.ts';

/**
 * Who uses this browser. `unknown`: no answer yet, `why` if a request failed; `out`: nobody is logged in, and
 * `hasEnded` if a session was there before.
 */
export type SessionState =
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'out'; readonly hasEnded: boolean }
  | {
      readonly kind: 'in';
      readonly user: string;
      readonly role: Role;
      readonly isReadOnly: boolean;
      readonly version: string;
    };

/** The credentials of a login. `isWall`: a screen on a wall, which only reads and stays logged in for longer. */
export type Credentials = { readonly isWall?: true } & (
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'key'; readonly apiKey: string }
);

/** The session of this browser. It is a cookie that no script sees; a failover does not end it. */
export interface Session {
  readonly state: ReadonlySignal<SessionState>;
  /** Headers that prove that this page calls, not another site's. */
  headers(): Readonly<Record<string, string>>;
  /** Asks the site who this browser is. */
  refresh(): Promise<void>;
  /** Returns null on success. */
  login(credentials: Credentials): Promise<Problem | null>;
  /** Returns the reason of a failure; null on success. */
  logout(): Promise<string | null>;
  /**
   * The authority that signs this site's certificates, for browsers that must trust it; null: the site does not answer,
   * or has none.
   */
  authority(): Promise<Authority | null>;
  /** A call was refused because nobody is logged in. */
  ended(): void;
}

const PATH = API_PREFIX + SESSION_PATH;
/** As contract/people/session.ts names it: its schemas stay out of the browser. */
const AUTHORITY = `${API_PREFIX}/authority`;
const TIMEOUT_MS = 10_000;

/** What the session needs of the browser. */
export type SessionPorts = { readonly origin: string; readonly fetch: typeof fetch };

type SessionAnswer = { readonly status: number; readonly text: string };

/** Makes the session; the first `refresh` reads its state. */
export function createSession(ports: SessionPorts): Session {
  const state = signal<SessionState>({ kind: 'unknown', why: '' });
  let csrf = '';
  let isRefreshing = false;
  const headers = (): Readonly<Record<string, string>> => (csrf === '' ? {} : { [CSRF_HEADER]: csrf });

  async function ask(method: string, body?: unknown): Promise<SessionAnswer> {
    const response = await ports.fetch(ports.origin + PATH, {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...headers(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, text: await response.text() };
  }

  /** Stores the session of an answer. Returns its problem, or null. */
  const take = ({ status, text }: SessionAnswer): Problem | null => {
    const own = status < 300 ? (parseJson(text) as OwnSession | undefined) : undefined;
    if (own === undefined) return problemOf(status, text);
    csrf = own.csrf;
    state.value = { kind: 'in', user: own.user, role: own.role, isReadOnly: own.isReadOnly, version: own.version };
    return null;
  };

  const out = (hasEnded: boolean) => {
    csrf = '';
    state.value = { kind: 'out', hasEnded };
  };

  return {
    state,
    headers,
    async refresh() {
      // This may be called each second; a request that hangs holds only one connection.
      if (isRefreshing) return;
      isRefreshing = true;
      try {
        const problem = take(await ask('GET'));
        if (problem?.status === 401) out(state.value.kind === 'in');
        else if (problem && state.value.kind === 'unknown') state.value = { kind: 'unknown', why: problem.detail };
      } catch (error) {
        if (state.value.kind === 'unknown') state.value = { kind: 'unknown', why: networkSentence(error) };
      } finally {
        isRefreshing = false;
      }
    },
    async login(credentials) {
      const { kind: _kind, ...body } = credentials;
      try {
        return take(await ask('POST', body));
      } catch (error) {
        return problemOf(503, JSON.stringify(silence(networkSentence(error))));
      }
    },
    async logout() {
      // A user who cannot reach the site stays logged in there, so this page must not show a logout.
      try {
        const { status, text } = await ask('DELETE');
        if (status >= 300 && status !== 401) return problemOf(status, text).detail;
        out(false);
        return null;
      } catch (error) {
        return networkSentence(error);
      }
    },
    async authority() {
      try {
        const response = await ports.fetch(ports.origin + AUTHORITY, { signal: AbortSignal.timeout(TIMEOUT_MS) });
        const found = response.ok ? (parseJson(await response.text()) as Authority | undefined) : undefined;
        return found ?? null;
      } catch {
        return null;
      }
    },
    ended: () => out(true),
  };
}

/** The problem of a site that did not answer. */
function silence(why: string): Problem {
  const [title, detail] = ['The site did not answer', `The site did not answer: ${why}.`];
  return { type: 'about:blank', title, status: 503, code: 'unavailable', detail, requestId: '' };
}
