import type pg from 'pg';
import PgPool from 'pg-pool';
import type { Clock, Log } from '../../core/ports.ts';
import { clientConfig, type ConnectionSpec, serverOfClient, type Timeouts } from '../connection.ts';
import { failureSentence, isConnectTimeout, noConnectionInTime } from '../failure.ts';
import { AcquireQueue } from './acquire-queue.ts';
import type { PrimaryFinder } from './primary-finder.ts';

export interface PoolOptions {
  readonly connection: ConnectionSpec;
  readonly name: string;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly log: Log;
  /** The largest number of connections. */
  readonly max: number;
  /** Who knows which of several servers to use; null: there is one. */
  readonly finder: PrimaryFinder | null;
}

/**
 * So many connections are made at once. Of ten at a time a busy server finishes none within its limit, and all begin again. Waiting calls share the
 * existing ones meanwhile.
 */
const OPENING = 2;
/**
 * So many idle connections stay open, so that a call after a quiet time does not wait for handshakes, and hundreds of calls do not wait for two at a
 * time.
 */
const IDLE_MIN = 4;
const IDLE_MS = 30_000;
/** A connection that takes longer may have met silence. Another one is tried beside it. */
const SLOW_MS = 500;
/**
 * While connections take longer than their limit, the limit grows by up to this much. Then the server is busy, and each attempt that is given up is
 * wasted work.
 */
const PATIENCE_TIMES = 5;
/** A shorter wait for an answer proves nothing about the connection, ms. If the server is busy, the limit grows with that for connecting. */
const SILENT_MS = 900;

/**
 * A pool of connections. What makes one silent (packets dropped without a reset) mostly makes all of them silent, and each would cost its user a
 * whole wait. So after one was silent, only those are used that have answered since; the others are dropped.
 */
export class Pool {
  readonly #pool: pg.Pool;
  readonly #clock: Clock;
  readonly #acquireQueue: AcquireQueue;
  readonly #max: number;
  readonly #finder: PrimaryFinder | null;
  /** Connections that are being made, and how many of these take long. */
  readonly #making = { all: 0, slow: 0 };
  /** How long a connection may take to make, ms: usually, and now. */
  readonly #usual: number;
  #patience: number;
  /** When a connection last answered, on the monotonic clock. */
  readonly #answeredAt = new WeakMap<pg.PoolClient, number>();
  #silentSince = Number.NEGATIVE_INFINITY;

  constructor({ connection, name, timeouts, clock, log, max, finder }: PoolOptions) {
    this.#clock = clock;
    this.#finder = finder;
    this.#max = max;
    this.#usual = timeouts.connectMs;
    this.#patience = timeouts.connectMs;
    this.#acquireQueue = new AcquireQueue(clock, Math.min(max, OPENING));
    this.#pool = new PgPool({
      ...clientConfig(connection, timeouts, name),
      max,
      min: Math.min(max, IDLE_MIN),
      idleTimeoutMillis: IDLE_MS,
      maxLifetimeSeconds: timeouts.lifetimeMs / 1000,
    });
    this.#pool.on('connect', (client) => {
      this.answered(client);
      // The pool listens for errors only on idle connections. A connection that breaks in use, or between two queries of a transaction, reports it to
      // its query and as an event. Without a listener for that event the process would end.
      client.on('error', () => {});
    });
    this.#pool.on('remove', () => this.#fit());
    // Without a listener an idle connection's error ends the process; the pool has dropped the connection already.
    this.#pool.on('error', (error, client) => {
      this.#finder?.doubt(serverOfClient(client));
      log.warn('idle database connection lost', { why: failureSentence(error) });
    });
  }

  /**
   * A connection that is not known to be silent; the caller must `release` it. Rejects if there is none within `timeoutMs`, and with `BusyError` if
   * too many wait. `since` (monotonic clock): when the call began that needs it.
   */
  async acquire(timeoutMs: number, since = this.#clock.monotonic()): Promise<pg.PoolClient> {
    const end = this.#clock.monotonic() + timeoutMs;
    await this.#acquireQueue.take(timeoutMs, since);
    try {
      for (;;) {
        const client = await this.#connect(Math.max(1, end - this.#clock.monotonic()));
        const isAimed = this.#finder === null || this.#finder.isAimed(serverOfClient(client));
        if (isAimed && (this.#answeredAt.get(client) ?? 0) >= this.#silentSince) return client;
        client.release(true);
      }
    } catch (error) {
      this.#acquireQueue.leave(false);
      throw error;
    }
  }

  /** Gives a connection back. `done`: its call was done, `reusable`: it may be used again, `broken`: it is closed. */
  release(client: pg.PoolClient, state: 'done' | 'reusable' | 'broken'): void {
    if (state === 'broken') this.#finder?.doubt(serverOfClient(client));
    client.release(state === 'broken');
    this.#fit();
    this.#acquireQueue.leave(state === 'done');
  }

  /** The server answered on this connection. */
  answered(client: pg.PoolClient): void {
    this.#answeredAt.set(client, this.#clock.monotonic());
  }

  /** By how much callers should multiply their time limits for this server now: 1, or up to 5 while connections take too long. */
  get slowness(): number {
    return this.#patience / this.#usual;
  }

  /** A connection gave no answer from `since` (monotonic clock, ms) until now. If the whole server is slow, the other connections stay. */
  wasSilent(since: number): void {
    if (this.#clock.monotonic() - since >= SILENT_MS * this.slowness)
      this.#silentSince = Math.max(this.#silentSince, since);
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  /** The pool's own timeout bounds connecting; this one bounds it by the call's deadline as well. */
  async #connect(timeoutMs: number): Promise<pg.PoolClient> {
    const aim = this.#finder === null ? null : await this.#finder.choose(timeoutMs);
    // pg-pool reads them, as the timeout below, for each one that it makes.
    if (aim) Object.assign(this.#pool.options, aim);
    const made = this.#pool.idleCount === 0 ? this.#makes() : () => {};
    this.#pool.options.connectionTimeoutMillis = this.#patience;
    return await new Promise((resolve, reject) => {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        if (aim) this.#finder?.doubt(aim);
        reject(noConnectionInTime());
      }, timeoutMs);
      const take = (client: pg.PoolClient) => {
        clearTimeout(timer);
        made(null);
        if (isLate) client.release();
        else resolve(client);
      };
      const fail = (error: Error) => {
        clearTimeout(timer);
        made(error);
        if (aim) this.#finder?.doubt(aim);
        reject(error);
      };
      this.#pool.connect().then(take, fail);
    });
  }

  /** Counts a connection that is being made, until it is there or has failed. */
  #makes(): (error: Error | null) => void {
    const from = this.#clock.monotonic();
    this.#making.all += 1;
    let isSlow = false;
    const timer = setTimeout(() => {
      isSlow = true;
      this.#making.slow += 1;
      this.#fit();
    }, SLOW_MS);
    return (error) => {
      clearTimeout(timer);
      this.#making.all -= 1;
      if (isSlow) this.#making.slow -= 1;
      this.#learn(error, this.#clock.monotonic() - from);
      this.#fit();
    };
  }

  /** A connection that took twice as long would still be waited for. A failure other than a timeout proves nothing. */
  #learn(error: Error | null, tookMs: number): void {
    if (error !== null && !isConnectTimeout(error)) return;
    const wanted = error === null ? tookMs * 2 : this.#patience * 2;
    this.#patience = Math.min(PATIENCE_TIMES * this.#usual, Math.max(this.#usual, wanted));
  }

  /** As many places as connections, plus some for those in the making: one while the server is busy, and one more if it takes long. */
  #fit(): void {
    const { all, slow } = this.#making;
    const opening = this.#patience > this.#usual ? 1 + Math.min(slow, 1) : OPENING + slow;
    this.#acquireQueue.resize(Math.min(this.#max, this.#pool.totalCount - all + opening));
  }
}
