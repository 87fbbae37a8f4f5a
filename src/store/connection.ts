import { createSecureContext } from 'node:tls';
import pg from 'pg';
import { AppError, isRejected, type Rejected, rejected } from '../core/errors.ts';

/** Where a database server is. `host`: a name, an address, or the folder of a unix socket (starts with `/`). */
export interface ServerSpec {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: string;
  readonly tls?: 'off' | 'unverified' | 'verified';
  /** File of the authority that signed the server's certificate; whoever opens the connection reads it into `ca`. */
  readonly caFile?: string;
  /** Authority that signed the server's certificate (PEM); left out: the authorities that this host trusts. */
  readonly ca?: string;
  /** Name that the server's certificate must carry; left out: `host`. */
  readonly servername?: string;
}

/** Where the database is: one server, or several, of which one is the primary at a time. */
export interface ConnectionSpec extends ServerSpec {
  /** The other servers; left out: there is one. */
  readonly others?: readonly ServerSpec[];
}

/** All servers, in the order in which they were named. */
export function serversOf({ others, ...first }: ConnectionSpec): readonly [ServerSpec, ...ServerSpec[]] {
  return [first, ...(others ?? [])];
}

/** The server that a connection was made to. pg's clients have these members, its types do not. */
export function serverOfClient(client: pg.ClientBase): Pick<ServerSpec, 'host' | 'port'> {
  return client as unknown as Pick<ServerSpec, 'host' | 'port'>;
}

/** A server as sentences name it. */
export function placeOf({ host, port }: Pick<ServerSpec, 'host' | 'port'>): string {
  return host.startsWith('/') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`;
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

/** More servers than any cluster has are a mistake. */
const SERVERS_MAX = 9;
const RULE =
  'postgresql://USER:PASSWORD@HOST:5432/NAME, or postgresql:///NAME?host=/SOCKET/FOLDER&user=USER; several servers: URL,URL, or HOST:PORT,HOST:PORT in one URL';
const PARAMETERS = ['host', 'port', 'user', 'password', 'sslmode', 'sslrootcert', 'target_session_attrs'];

/**
 * Reads `postgresql://user:password@host:port/database?sslmode=…`; a unix socket is `postgresql:///database?host=/folder&user=…`. Several
 * servers stand in several URLs, parted by commas or blanks, or as libpq has them, `host:port,host:port` in one URL. The one that takes writes is
 * used, so `target_session_attrs` may be `read-write` or `primary`. The refusal never shows the text: it may hold a password.
 */
export function parseDatabaseUrl(text: string): ConnectionSpec | Rejected {
  const servers: ServerSpec[] = [];
  for (const url of urlsOf(text)) {
    const server = parseServerUrl(url);
    if (isRejected(server)) return server;
    if (servers.some((known) => placeOf(known) === placeOf(server))) return bad(`it names ${placeOf(server)} twice`);
    servers.push(server);
  }
  const [first, ...others] = servers;
  if (first === undefined) return bad('it is empty');
  if (servers.length > SERVERS_MAX)
    return bad(`it names ${servers.length} servers; at most ${SERVERS_MAX} are possible`);
  return others.length === 0 ? first : { ...first, others };
}

function bad(why: string): Rejected {
  return rejected('invalid_value', `DATABASE_URL: ${why}. Rule: ${RULE}.`);
}

/** One URL for each server. */
function urlsOf(text: string): string[] {
  const urls = text.trim().split(/[\s,]+(?=postgres(?:ql)?:\/\/)/);
  return urls.flatMap((url) => {
    const [, scheme = '', user = '', hosts = '', rest = ''] =
      /^([a-z]+:\/\/)((?:[^/?#]*@)?)([^/?#]*)([^]*)$/.exec(url) ?? [];
    return hosts.includes(',') ? hosts.split(',').map((host) => `${scheme}${user}${host}${rest}`) : [url];
  });
}

function parseServerUrl(text: string): ServerSpec | Rejected {
  if (!URL.canParse(text)) return bad('it is not a URL');
  if (!isDecodable(text)) return bad('a percent sign in it does not start a two-digit code');
  const url = new URL(text);
  if (url.protocol !== 'postgresql:' && url.protocol !== 'postgres:') return bad('its scheme is not postgresql');
  const unknownParameter = [...url.searchParams.keys()].find((key) => !PARAMETERS.includes(key));
  if (unknownParameter !== undefined)
    return bad(`it has the unknown parameter ${JSON.stringify(unknownParameter.slice(0, 30))}`);
  const part = (fromUrl: string, key: string) => decodeURIComponent(fromUrl) || url.searchParams.get(key) || '';
  const host = part(url.hostname.replace(/^\[|\]$/g, ''), 'host');
  const user = part(url.username, 'user');
  const database = decodeURIComponent(url.pathname.slice(1));
  const port = Number(part(url.port, 'port') || 5432);
  const tls = TLS_MODES[url.searchParams.get('sslmode') ?? 'disable'];
  const caFile = url.searchParams.get('sslrootcert');
  if (host === '') return bad('it names no host');
  if (user === '') return bad('it names no user');
  if (database === '') return bad('it names no database');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return bad('its port is out of range');
  if (tls === undefined) return bad('its sslmode is not disable, require or verify-full');
  if (caFile !== null && (tls !== 'verified' || !caFile.startsWith('/')))
    return bad('its sslrootcert is the whole path of a file, and goes with sslmode=verify-full');
  if (!['read-write', 'primary'].includes(url.searchParams.get('target_session_attrs') ?? 'primary'))
    return bad('its target_session_attrs is not read-write or primary: Regent uses the server that takes writes');
  const password = part(url.password, 'password');
  return { host, port, user, database, tls, ...(caFile === null ? {} : { caFile }), ...(password ? { password } : {}) };
}

const isDecodable = (text: string): boolean => !/%(?![0-9a-f]{2})/i.test(text);

/** pg's options for a connection; `name` is seen in pg_stat_activity. */
export function clientConfig(spec: ServerSpec, timeouts: Timeouts, name: string): pg.ClientConfig {
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

function tlsOptions({ tls, ca, servername }: ServerSpec): pg.ClientConfig['ssl'] {
  if (tls === undefined || tls === 'off') return false;
  return {
    rejectUnauthorized: tls === 'verified',
    // Made once for all connections of a pool. A failover makes a dozen at a moment when processors are needed elsewhere.
    secureContext: createSecureContext(ca === undefined ? {} : { ca }),
    ...(servername === undefined ? {} : { servername }),
  };
}

/** A call that has less time left is not run again, ms: it would be cut off before an answer, and its connection closed, which is whole. */
export const SHORTEST_TRY_MS = 100;

/**
 * How long the server waits for a lock within a statement that may take `queryMs`, ms. The server gives up first and says so: a client that gives up takes the
 * server for silent and closes its connection, and where many calls wait for one row, all of them would connect again all the time. Its error has a fifth of the
 * time, and on a busy host a tenth of a second at least; a statement that has no more does not wait.
 */
export function lockLimitMs(queryMs: number): number {
  return Math.max(1, Math.round(Math.min(queryMs * 0.8, queryMs - SHORTEST_TRY_MS)));
}

/**
 * Limits on the server's side, so that a session releases its locks when its client vanishes or hangs: the server checks for a closed socket while it
 * works, ends idle transactions, and gives up on dead TCP peers.
 */
function serverOptions(timeouts: Timeouts): string {
  const settings = {
    timezone: 'UTC',
    statement_timeout: timeouts.queryMs + 1000,
    lock_timeout: lockLimitMs(timeouts.queryMs),
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

/** int8 as number (a larger one is a fault), times as ISO 8601 text in UTC with milliseconds. Of JSON, lists have tens of thousands of empty values. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === pg.types.builtins.INT8) return parseInteger;
  if (oid === pg.types.builtins.TIMESTAMPTZ) return parseTime;
  if (oid === pg.types.builtins.JSONB || oid === pg.types.builtins.JSON) return parseJson;
  return pg.types.getTypeParser(oid, format ?? 'text') as (value: string) => unknown;
}

function parseJson(text: string): unknown {
  if (text === '{}') return {};
  return text === '[]' ? [] : JSON.parse(text);
}

function parseInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new AppError('database', `the number ${text} is too large`);
  return value;
}

/** As PostgreSQL writes a time in UTC; lists have tens of thousands of them. */
const UTC = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00$/;

function parseTime(text: string): string {
  if (UTC.test(text))
    return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).slice(0, 3).padEnd(3, '0')}Z`;
  const time = Date.parse(`${text.replace(' ', 'T').replace(/\+00$/, '')}Z`);
  return Number.isNaN(time) ? text : new Date(time).toISOString();
}
