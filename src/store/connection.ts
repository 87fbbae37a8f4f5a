import { createSecureContext } from 'node:tls';
import pg from 'pg';
import { AppError, type Rejected, rejected } from '../core/errors.ts';

/** Where the database is. `host`: a name, an address, or the folder of a unix socket (starts with `/`). */
export interface ConnectionSpec {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
  readonly tls?: 'off' | 'unverified' | 'verified';
  /** Authority that signed the server's certificate (PEM); left out: the authorities that this host trusts. */
  readonly ca?: string;
  /** Name that the server's certificate must carry; left out: `host`. */
  readonly servername?: string;
}

/** Times in ms. Every limit that pg leaves open is set here. */
export interface Timeouts {
  readonly connectMs: number;
  readonly queryMs: number;
  /** Shorter than the life of an old haproxy process after a reload (`hard-stop-after`), which would end the session in use. */
  readonly lifetimeMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { connectMs: 2000, queryMs: 5000, lifetimeMs: 240_000 };

const TLS_MODES: Readonly<Record<string, ConnectionSpec['tls']>> = {
  disable: 'off',
  require: 'unverified',
  'verify-full': 'verified',
};

/**
 * Reads `postgresql://user:password@host:port/database?sslmode=…`; a unix socket is `postgresql:///database?host=/folder&user=…`.
 * The refusal never shows the text: it may hold a password.
 */
export function parseDatabaseUrl(text: string): ConnectionSpec | Rejected {
  const bad = (why: string) =>
    rejected(
      'invalid_value',
      `DATABASE_URL: ${why}. Rule: postgresql://USER:PASSWORD@HOST:5432/NAME, or postgresql:///NAME?host=/SOCKET/FOLDER&user=USER.`,
    );
  if (!URL.canParse(text)) return bad('it is not a URL');
  if (!isDecodable(text)) return bad('a percent sign in it does not start a two-digit code');
  const url = new URL(text);
  if (url.protocol !== 'postgresql:' && url.protocol !== 'postgres:') return bad('its scheme is not postgresql');
  const known = ['host', 'port', 'user', 'password', 'sslmode'];
  const stranger = [...url.searchParams.keys()].find((key) => !known.includes(key));
  if (stranger !== undefined) return bad(`it has the unknown parameter ${JSON.stringify(stranger.slice(0, 30))}`);
  const part = (fromUrl: string, key: string) => decodeURIComponent(fromUrl) || url.searchParams.get(key) || '';
  const host = part(url.hostname.replace(/^\[|\]$/g, ''), 'host');
  const user = part(url.username, 'user');
  const database = decodeURIComponent(url.pathname.slice(1));
  const port = Number(part(url.port, 'port') || 5432);
  const tls = TLS_MODES[url.searchParams.get('sslmode') ?? 'disable'];
  if (host === '') return bad('it names no host');
  if (user === '') return bad('it names no user');
  if (database === '') return bad('it names no database');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return bad('its port is out of range');
  if (tls === undefined) return bad('its sslmode is not disable, require or verify-full');
  const password = part(url.password, 'password');
  return { host, port, user, database, tls, ...(password ? { password } : {}) };
}

function isDecodable(text: string): boolean {
  return !/%(?![0-9a-f]{2})/i.test(text);
}

/** pg's options for a connection; `name` is seen in pg_stat_activity. */
export function clientConfig(spec: ConnectionSpec, timeouts: Timeouts, name: string): pg.ClientConfig {
  return {
    host: spec.host,
    port: spec.port,
    user: spec.user,
    database: spec.database,
    // A function: undefined would make pg look for ~/.pgpass and print a notice.
    password: spec.password ?? '',
    ssl: tlsOptions(spec),
    application_name: name,
    connectionTimeoutMillis: timeouts.connectMs,
    query_timeout: timeouts.queryMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5000,
    options: serverOptions(timeouts),
    types: { getTypeParser },
  };
}

function tlsOptions({ tls, ca, servername }: ConnectionSpec): pg.ClientConfig['ssl'] {
  if (tls === undefined || tls === 'off') return false;
  return {
    rejectUnauthorized: tls === 'verified',
    // Made once for all connections of a pool. A failover makes a dozen at a moment when processors are needed elsewhere.
    secureContext: createSecureContext(ca === undefined ? {} : { ca }),
    ...(servername === undefined ? {} : { servername }),
  };
}

/**
 * Limits on the server's side, so that a session releases its locks when its client vanishes or hangs: the server looks for a closed socket while it
 * works, ends idle transactions, and gives up on dead TCP peers.
 */
function serverOptions(timeouts: Timeouts): string {
  const settings = {
    timezone: 'UTC',
    statement_timeout: timeouts.queryMs + 1000,
    lock_timeout: timeouts.queryMs,
    idle_in_transaction_session_timeout: 10_000,
    client_connection_check_interval: 1000,
    tcp_keepalives_idle: 5,
    tcp_keepalives_interval: 2,
    tcp_keepalives_count: 3,
    tcp_user_timeout: 10_000,
  };
  return Object.entries(settings)
    .map(([key, value]) => `-c ${key}=${value}`)
    .join(' ');
}

/** int8 as number (a larger one is a fault), times as ISO 8601 text in UTC with milliseconds. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === pg.types.builtins.INT8) return parseInteger;
  if (oid === pg.types.builtins.TIMESTAMPTZ) return parseTime;
  return pg.types.getTypeParser(oid, format ?? 'text') as (value: string) => unknown;
}

function parseInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new AppError('database', `the number ${text} is too large`);
  return value;
}

function parseTime(text: string): string {
  const time = Date.parse(`${text.replace(' ', 'T').replace(/\+00$/, '')}Z`);
  return Number.isNaN(time) ? text : new Date(time).toISOString();
}
