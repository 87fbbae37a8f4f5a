import { type Rejected, rejected } from '../core/errors.ts';

/**
 * What a failure of the database means for the transaction. `not_committed`: nothing was done, run it again. `ambiguous`: the COMMIT may have
 * happened: read the operation's state. `fault`: another try cannot help.
 */
export type FailureClass = 'not_committed' | 'ambiguous' | 'fault';

/** How far the transaction was: `connect` before BEGIN was answered, `body` before COMMIT was sent, `commit` after. */
export type Phase = 'connect' | 'body' | 'commit';

/** The parts of a server's error message that matter here. `code` is the SQLSTATE. */
export interface SqlError {
  readonly code: string;
  readonly message: string;
  readonly constraint?: string;
  readonly detail?: string;
  readonly column?: string;
}

/** Errors of this process's side of the connection: name resolution, connect, socket. */
const SOCKET_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ENOENT',
  'EAGAIN',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EMFILE',
]);

/** Messages of pg-pool and pg that a connection took too long to make; it depends on whose timer ends first. */
const CONNECT_TIMEOUTS = ['Connection terminated due to connection timeout', 'timeout expired'];
const NO_CONNECTION = 'timeout exceeded when trying to connect';
/** Messages of pg and pg-pool that they waited long enough; they have no code. */
const OWN_TIMEOUTS = ['Query read timeout', NO_CONNECTION, 'timeout expired'];

/** pg and pg-pool report these without any code. */
const CLIENT_MESSAGES = [
  ...OWN_TIMEOUTS,
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed',
];

/**
 * SQLSTATEs, or classes of them (first two characters), after which the same transaction may succeed: connection (08), resources (53), operator
 * intervention (57), system errors (58), serialization and deadlock (40), read-only after a switchover (25006), idle session cut (25P03), lock
 * timeout (55P03), a prepared plan that a migration has outdated (0A000), an address that pg_hba.conf refuses (28000; it learns of a joining node
 * within seconds).
 */
const TRANSIENT = new Set(['08', '53', '57', '58', '40', '25006', '25P03', '28000', '55P03', '0A000']);

/** During COMMIT a server that answers with one of these has rolled back: integrity (23), serialization (40), aborted (25P02). */
const ROLLED_BACK_AT_COMMIT = new Set(['23', '40', '25P02']);

/** Thrown for a connection that leads to a standby. */
export class StandbyError extends Error {
  constructor() {
    super('the server is a standby (in recovery)');
    this.name = 'StandbyError';
  }
}

/** Thrown for a primary that takes no writes. `place`: the server. */
export class ReadOnlyError extends Error {
  constructor(place: string) {
    super(`the primary ${place} takes no writes: its default_transaction_read_only is on`);
    this.name = 'ReadOnlyError';
  }
}

/** Thrown when none of several servers is a primary. `states`: each server with its state. */
export class NoPrimaryError extends Error {
  /** Did one of them answer, so that the path from this host is not what fails? */
  readonly hasAnswer: boolean;

  constructor(states: readonly string[], hasAnswer: boolean) {
    super(`none of the ${states.length} servers is a primary: ${states.join('; ')}`);
    this.name = 'NoPrimaryError';
    this.hasAnswer = hasAnswer;
  }
}

/** Thrown when the answer to COMMIT does not prove it, such as a cancelled wait for the synchronous standby. */
export class UnprovenCommitError extends Error {
  constructor(reason: string) {
    super(`COMMIT is not proven: ${reason}`);
    this.name = 'UnprovenCommitError';
  }
}

/** Decides by the error and by how far the transaction was. Pure. */
export function classifyFailure(error: unknown, phase: Phase): FailureClass {
  if (error instanceof UnprovenCommitError) return 'ambiguous';
  if (error instanceof StandbyError || error instanceof ReadOnlyError || error instanceof NoPrimaryError)
    return 'not_committed';
  const sqlError = sqlErrorOf(error);
  if (phase === 'commit')
    return sqlError && matches(ROLLED_BACK_AT_COMMIT, sqlError.code) ? commitRefusal(sqlError) : 'ambiguous';
  if (sqlError) return matches(TRANSIENT, sqlError.code) ? 'not_committed' : 'fault';
  return isConnectionFailure(error) ? 'not_committed' : 'fault';
}

/** May the connection be used again after this error? Only when the server answered and is a healthy primary. */
export function isConnectionReusable(error: unknown): boolean {
  const sqlError = sqlErrorOf(error);
  return (
    sqlError !== null &&
    !['08', '0A', '57', '53', '58', 'XX'].includes(sqlError.code.slice(0, 2)) &&
    sqlError.code !== '25006' &&
    sqlError.code !== '25P03'
  );
}

/** The server's error inside an unknown thrown value, null when it is none. */
export function sqlErrorOf(error: unknown): SqlError | null {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return null;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? (error as Error & SqlError) : null;
}

/** A sentence for operators; never holds a connection string, because no driver error does. */
export function failureSentence(error: unknown): string {
  const sqlError = sqlErrorOf(error);
  if (sqlError) return `${sqlError.message} (SQLSTATE ${sqlError.code})`;
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    return error.message || code || error.name;
  }
  return String(error);
}

/** pg-pool's message when there is no connection in time, for calls that wait before it. */
export const noConnectionInTime = (): Error => new Error(NO_CONNECTION);

/** Did a connection take too long to make, without a refusal? */
export const isConnectTimeout = (error: Error): boolean => CONNECT_TIMEOUTS.includes(error.message);

/** Does the server start or stop, so that it accepts nobody? */
export const isClosing = (error: unknown): boolean => sqlErrorOf(error)?.code === '57P03';

/** Does the path from this host fail, because nobody listens there? */
export function isPathFailure(error: unknown): boolean {
  if (error instanceof NoPrimaryError) return !error.hasAnswer;
  return error instanceof Error && 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT');
}

/** Did this process stop waiting, so that the error says nothing of the server? */
export function isOwnTimeout(error: unknown): boolean {
  if (!(error instanceof Error) || sqlErrorOf(error)) return false;
  return OWN_TIMEOUTS.some((message) => error.message.startsWith(message));
}

const commitRefusal = (error: SqlError): FailureClass => (error.code.startsWith('40') ? 'not_committed' : 'fault');

function matches(states: ReadonlySet<string>, code: string): boolean {
  return states.has(code) || states.has(code.slice(0, 2));
}

function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // A name with several addresses fails with one error that holds the others.
  if (error instanceof AggregateError) return error.errors.every(isConnectionFailure);
  if ('code' in error && typeof error.code === 'string' && SOCKET_ERRORS.has(error.code)) return true;
  return CLIENT_MESSAGES.some((message) => error.message.startsWith(message));
}

/** The refusal of a call that was not done in time. `isDoubtful`: a write of it may have been made. Pure. */
export function unavailable(limitMs: number, why: string, isDoubtful: boolean): Rejected {
  return rejected(
    'unavailable',
    `The database did not finish within ${secondsOf(limitMs)} s: ${why}.${doubt(isDoubtful)}`,
  );
}

/** The refusal of a call for which there was no connection. Pure. */
export function busy(waitedMs: number, isDoubtful: boolean): Rejected {
  const overloadSentence = `The database is overloaded: this call has waited for ${secondsOf(waitedMs)} s.`;
  return rejected('unavailable', `${overloadSentence}${doubt(isDoubtful)}`);
}

const secondsOf = (ms: number): number => Math.round(ms / 100) / 10;

function doubt(isDoubtful: boolean): string {
  if (!isDoubtful) return '';
  return ' Whether the change was made is unknown. Repeat the call with the same Idempotency-Key to find out.';
}
