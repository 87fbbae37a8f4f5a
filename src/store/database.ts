import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { AppError, type Rejected, RejectedError, rejected } from '../core/errors.ts';
import type { Clock, Log, Random } from '../core/ports.ts';
import { type ConnectionSpec, DEFAULT_TIMEOUTS, SHORTEST_TRY_MS, type Timeouts } from './connection.ts';
import { refusalOf } from './constraints.ts';
import {
  busy,
  classifyFailure,
  type FailureClass,
  failureSentence,
  isConnectionReusable,
  isOwnTimeout,
  type Phase,
  ReadOnlyError,
  unavailable,
  UnprovenCommitError,
} from './failure.ts';
import { BusyError } from './pool/acquire-queue.ts';
import { Pool } from './pool/pool.ts';
import { openFinder } from './pool/primary-finder.ts';
import { ReconnectGate } from './pool/reconnect-gate.ts';
import { type Mode, serverLimits, transact } from './pool/transact.ts';
import type { Sealer } from '../core/seal.ts';
import { NO_SEALER } from './queries/base/sealing.ts';
import type { Tx } from './tx.ts';

/** Pause between two tries of a call. Calls that waited for a failover go on this soon after it. The local haproxy refuses without asking anybody. */
const MOST_PAUSE_MS = 300;

export interface DatabaseOptions {
  readonly connection: ConnectionSpec;
  /** Name of this process, seen in pg_stat_activity. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Seals what is stored; left out: this process stores and reads no secrets. */
  readonly sealer?: Sealer;
  /** The largest number of connections, for writes and reads together. */
  readonly poolSize?: number;
  readonly timeouts?: Partial<Timeouts>;
  /** How long a call may take in all, ms, when it does not say so itself. */
  readonly deadlineMs?: number;
}

export interface DatabaseCallOptions {
  /** How long the whole call may take, ms. */
  readonly deadlineMs?: number;
  /** How long one query may take, ms. */
  readonly queryMs?: number;
  /** Uses a connection of its own: the question whether the database works must not wait behind other calls. */
  readonly isProbe?: boolean;
  /** Does anybody still wait for the answer? Called before each try: without a caller no try begins. */
  readonly isWanted?: () => boolean;
}

/**
 * The first answer of a connection takes a moment, or does not come; nothing was done then. A busy server gets more time, because a caller that gives
 * up breaks a connection, and a new one costs the server more than the answer. The limit is half of the remaining time, so that another connection
 * gets its chance.
 */
const BEGIN_MS = 2000;
/** A failover takes at most this long, ms. Longer trouble has another cause. */
const HELD_MS = 10_000;
/** So long after a primary refused a write none is tried there, ms; at least half of it. Each try costs a connection. */
const READ_ONLY_MS = 250;
/** How long a proof of being connected to a primary holds for `autocommitRead`, ms. */
const PROOF_MS = 1000;

/**
 * The share of all connections that only reads use. While a standby is missing every COMMIT waits for seconds, and writes would soon hold all
 * connections.
 */
const READ_SHARE = 0.4;
/** A statement that a transaction repeats more often than so many times (thousands of machines in one file) is planned once. */
const NAMED_AFTER = 3;

const READ: Mode = { begin: 'begin isolation level repeatable read, read only', end: 'commit', isReadOnly: true };
const GLANCE: Mode = { begin: null, end: 'commit', isReadOnly: true };
const WRITE: Mode = { begin: 'begin isolation level read committed', end: 'commit', isReadOnly: false };
const REHEARSE: Mode = { begin: 'begin isolation level repeatable read', end: 'rollback', isReadOnly: false };

/**
 * Owns every connection. Each call is a transaction. After a failure that surely did nothing it runs again, until its deadline; then it is refused as
 * `unavailable`. A refusal is a value; a fault is thrown.
 */
export class Database {
  readonly random: Random;
  readonly log: Log;
  readonly sealer: Sealer;
  readonly #clock: Clock;
  readonly #timeouts: Timeouts;
  readonly #deadlineMs: number;
  readonly #pools: { readonly write: Pool; readonly read: Pool; readonly probe: Pool };
  readonly #reconnectGate: ReconnectGate;
  /** When a connection was last seen to lead to a primary, on the monotonic clock. */
  readonly #proven = new WeakMap<pg.PoolClient, number>();
  /** Names of prepared statements by their text. */
  readonly #names = new Map<string, string>();
  /** Until when (monotonic clock) a refusal of writes counts. */
  #readOnly: { readonly error: ReadOnlyError; readonly until: number } | null = null;
  #isClosed = false;

  constructor(options: DatabaseOptions) {
    this.random = options.random;
    this.log = options.log;
    this.sealer = options.sealer ?? NO_SEALER;
    this.#clock = options.clock;
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    this.#deadlineMs = options.deadlineMs ?? 15_000;
    const finder = openFinder({ ...options, timeouts: this.#timeouts });
    const common = { ...options, timeouts: this.#timeouts, finder };
    const size = options.poolSize ?? 10;
    const reads = Math.max(1, Math.round(size * READ_SHARE));
    this.#pools = {
      write: new Pool({ ...common, max: Math.max(1, size - reads) }),
      read: new Pool({ ...common, max: reads }),
      probe: new Pool({ ...common, max: 1 }),
    };
    this.#reconnectGate = new ReconnectGate(options);
  }

  /** Reads one moment of the database. */
  read<T>(body: (tx: Tx) => Promise<T>, options?: DatabaseCallOptions): Promise<T | Rejected> {
    return this.#run(READ, body, options);
  }

  /**
   * Reads without a transaction, for one statement whose answer is only shown: one round trip instead of three. Once per connection and second it
   * proves that the server is a primary.
   */
  autocommitRead<T>(body: (tx: Tx) => Promise<T>, options?: DatabaseCallOptions): Promise<T | Rejected> {
    return this.#run(GLANCE, body, options);
  }

  /**
   * A writing transaction that is harmless when done twice (a report, a heartbeat, a compare-and-set). After an ambiguous COMMIT it runs again. Every
   * other change uses `write()` of write.ts.
   */
  repeatable<T>(body: (tx: Tx) => Promise<T>, options?: DatabaseCallOptions): Promise<T | Rejected> {
    return this.#run(WRITE, body, options);
  }

  /** Runs the body in a transaction that is always rolled back; the body sees one moment and its own changes. */
  rehearse<T>(body: (tx: Tx) => Promise<T>, options?: DatabaseCallOptions): Promise<T | Rejected> {
    return this.#run(REHEARSE, body, options);
  }

  /** Are calls held because no region has a primary, and not for long yet? False: all is well, or only this host cannot reach the primary. */
  isHeld(): boolean {
    return this.#reconnectGate.holds(HELD_MS);
  }

  /** Ends all connections. Running calls get `graceMs` to finish. A second call is harmless. */
  async close(graceMs = 5000): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reconnectGate.end();
    const grace = new AbortController();
    await Promise.race([
      Promise.all(Object.values(this.#pools).map((pool) => pool.end())),
      sleep(graceMs, undefined, { signal: grace.signal, ref: false }).catch(() => {}),
    ]);
    grace.abort();
  }

  async #run<T>(mode: Mode, body: (tx: Tx) => Promise<T>, options?: DatabaseCallOptions): Promise<T | Rejected> {
    const limit = options?.deadlineMs ?? this.#deadlineMs;
    const since = this.#clock.monotonic();
    const deadline = since + limit;
    let isDoubtful = false;
    let cause: unknown = null;
    for (let attempt = 0; ; attempt += 1) {
      if (this.#isClosed) return unavailable(limit, 'this process is stopping', isDoubtful);
      const result = await this.#attempt(mode, body, {
        since,
        deadline,
        queryMs: options?.queryMs ?? this.#timeouts.queryMs,
        isWanted: options?.isWanted ?? isAlways,
        pool: options?.isProbe ? this.#pools.probe : mode.isReadOnly ? this.#pools.read : this.#pools.write,
      });
      if (result.kind === 'done') return result.value;
      if (result.class === 'fault') throw faultOf(result.error);
      if (result.class === 'busy') return busy(limit - (deadline - this.#clock.monotonic()), isDoubtful);
      isDoubtful ||= result.class === 'ambiguous' && !mode.isReadOnly;
      // The call's own deadline often cuts the last try off. The error of an earlier try says more.
      if (cause === null || !isOwnTimeout(result.error)) cause = result.error;
      const pause = this.random.fraction() * Math.min(MOST_PAUSE_MS, 25 * 2 ** attempt);
      if (this.#clock.monotonic() + pause + SHORTEST_TRY_MS >= deadline)
        return unavailable(limit, failureSentence(cause), isDoubtful);
      this.log.debug('repeating a database call', { attempt, class: result.class, why: failureSentence(result.error) });
      await sleep(pause);
    }
  }

  async #attempt<T>(mode: Mode, body: (tx: Tx) => Promise<T>, limits: Limits): Promise<CallAttempt<T>> {
    const timeoutMs = () => Math.max(1, Math.min(limits.queryMs, limits.deadline - this.#clock.monotonic()));
    const position: { phase: Phase } = { phase: 'connect' };
    let client: pg.PoolClient | undefined;
    let now = 0;
    try {
      if (!mode.isReadOnly && this.#readOnly !== null && this.#readOnly.until > this.#clock.monotonic())
        throw this.#readOnly.error;
      // A probe has a connection of its own and does not wait behind others.
      if (limits.pool !== this.#pools.probe) await this.#reconnectGate.take(timeoutMs(), limits);
      if (this.#isClosed) throw new Error('Client was closed');
      if (!limits.isWanted()) return GONE;
      client = await limits.pool.acquire(timeoutMs(), limits.since);
      if (!limits.isWanted()) {
        limits.pool.release(client, 'reusable');
        return GONE;
      }
      now = this.#clock.monotonic();
      const isProven = now - (this.#proven.get(client) ?? Number.NEGATIVE_INFINITY) < PROOF_MS;
      if (!isProven) this.#proven.set(client, now);
      const value = await transact(client, {
        mode,
        body,
        timeoutMs,
        beginMs: Math.max(1, Math.min(timeoutMs(), BEGIN_MS * limits.pool.slowness, (limits.deadline - now) / 2)),
        position,
        isProven,
        onPrimary: () => {
          if (this.#reconnectGate.found()) void this.#prepare(timeoutMs());
        },
        plans: { names: this.#names, after: mode.begin === null ? 0 : NAMED_AFTER },
        sealer: this.sealer,
        serverLimits: serverLimits(limits.queryMs, this.#timeouts.queryMs, limits.deadline - now),
      });
      this.#reconnectGate.succeeded();
      limits.pool.answered(client);
      limits.pool.release(client, 'done');
      return { kind: 'done', value };
    } catch (error) {
      if (client && isOwnTimeout(error)) limits.pool.wasSilent(now);
      if (client) await this.#giveBack(limits.pool, client, error);
      if (client && error instanceof ReadOnlyError) this.#remember(error);
      if (error instanceof RejectedError) return { kind: 'done', value: error.rejected };
      if (error instanceof BusyError) return { kind: 'failed', class: 'busy', error };
      const failureClass = classifyFailure(error, position.phase);
      const isUnreached =
        position.phase === 'connect' && failureClass === 'not_committed' && !(error instanceof ReadOnlyError);
      if (isUnreached && !isOwnTimeout(error)) this.#reconnectGate.failed(error);
      // A constraint that the database checks only at COMMIT.
      const refusal = failureClass === 'fault' ? refusalOf(error) : null;
      return refusal ? { kind: 'done', value: refusal } : { kind: 'failed', class: failureClass, error };
    }
  }

  /** Most calls read who asks before they write. The connection of the second step is made during the first. */
  async #prepare(timeoutMs: number): Promise<void> {
    await this.#pools.write.acquire(timeoutMs).then(
      (client) => this.#pools.write.release(client, 'reusable'),
      () => undefined,
    );
  }

  #remember(error: ReadOnlyError): void {
    const until = this.#clock.monotonic() + READ_ONLY_MS * (0.5 + this.random.fraction() / 2);
    this.#readOnly = { error, until };
  }

  async #giveBack(pool: Pool, client: pg.PoolClient, error: unknown): Promise<void> {
    if (!(error instanceof RejectedError) && !isConnectionReusable(error) && !isFaultOfBody(error)) {
      pool.release(client, 'broken');
      return;
    }
    try {
      await client.query({ text: 'rollback', query_timeout: 1000 } as pg.QueryConfig);
    } catch {
      pool.release(client, 'broken');
      return;
    }
    pool.answered(client);
    // A refusal is an answer: its call is done.
    pool.release(client, error instanceof RejectedError ? 'done' : 'reusable');
  }
}

type CallAttempt<T> =
  | { readonly kind: 'done'; readonly value: T | Rejected }
  | { readonly kind: 'failed'; readonly class: FailureClass | 'busy'; readonly error: unknown };

const GONE = { kind: 'done', value: rejected('unavailable', 'The caller of the query has gone.') } as const;
const isAlways = () => true;

/** `since` and `deadline` on the monotonic clock. */
interface Limits {
  readonly since: number;
  readonly deadline: number;
  readonly queryMs: number;
  readonly isWanted: () => boolean;
  readonly pool: Pool;
}

function isFaultOfBody(error: unknown): boolean {
  return classifyFailure(error, 'body') === 'fault' && !(error instanceof UnprovenCommitError);
}

function faultOf(error: unknown): Error {
  return error instanceof AppError ? error : new AppError('database', failureSentence(error), { cause: error });
}
