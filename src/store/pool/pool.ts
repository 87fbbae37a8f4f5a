import pg from 'pg';
import type { Clock, Log } from '../../core/ports.ts';
import { clientConfig, type ConnectionSpec, type Timeouts } from '../connection.ts';
import { failureSentence, isConnectTimeout, noConnectionInTime } from '../failure.ts';
import { AcquireQueue } from './acquire-queue.ts';

export interface PoolOptions {
  readonly connection: ConnectionSpec;
  readonly name: string;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly log: Log;
  /** Connections at most. */
  readonly max: number;
}

/**
 * So many are made at once: of ten at a time a busy server gets none done before its patience is over, and all begin anew. Who waits meanwhile
 * shares those that are there.
 */
const OPENING = 2;
/** So many stay open when nobody needs them: a call after a quiet time is not to wait for handshakes, nor hundreds of calls for two at a time. */
const KEPT = 4;
const IDLE_MS = 30_000;
/** One that takes longer may have met silence: another one is tried beside it. */
const SLOW_MS = 500;
/** While making one takes longer than it may, it may take up to so much longer: then it is the server that has no time, and each that is given up is work for nothing. */
const PATIENCE_TIMES = 5;
/** Waiting shorter than this for an answer says nothing of the connection, ms; where the server has no time, so many times longer as making one may take. */
const SILENT_MS = 900;

/**
 * Connections that are kept. What makes one silent (packets that are dropped without a reset) mostly makes all of them so, and each would cost
 * its user a whole wait: once one was silent, only those are used that have answered since, and the others are left behind.
 */
export class Pool {
  readonly #pool: pg.Pool;
  readonly #clock: Clock;
  readonly #acquireQueue: AcquireQueue;
  readonly #max: number;
  /** Connections that are being made, and those of them that take long. */
  readonly #making = { all: 0, slow: 0 };
  /** How long making one may take, ms: usually, and now. */
  readonly #usual: number;
  #patience: number;
  /** When a connection last answered, on the monotonic clock. */
  readonly #heard = new WeakMap<pg.PoolClient, number>();
  #silentSince = Number.NEGATIVE_INFINITY;

  constructor({ connection, name, timeouts, clock, log, max }: PoolOptions) {
    this.#clock = clock;
    this.#max = max;
    this.#usual = timeouts.connectMs;
    this.#patience = timeouts.connectMs;
    this.#acquireQueue = new AcquireQueue(clock, Math.min(max, OPENING));
    this.#pool = new pg.Pool({
      ...clientConfig(connection, timeouts, name),
      max,
      min: Math.min(max, KEPT),
      idleTimeoutMillis: IDLE_MS,
      maxLifetimeSeconds: timeouts.lifetimeMs / 1000,
    });
    this.#pool.on('connect', (client) => {
      this.answered(client);
      // The pool listens for errors of idle connections only. One that breaks while it is in use, or between two queries of
      // a transaction, reports it to its query and as an event; without a listener for that the process would end.
      client.on('error', () => {});
    });
    this.#pool.on('remove', () => this.#fit());
    // Without a listener an idle connection's error ends the process; the pool has dropped the connection already.
    this.#pool.on('error', (error) => log.warn('idle database connection lost', { why: failureSentence(error) }));
  }

  /**
   * A connection that is not known to be silent, for the caller to `release`. Rejects when there is none within `timeoutMs`; with `BusyError` when
   * too many wait. `since` (monotonic clock): when the call began that needs it.
   */
  async acquire(timeoutMs: number, since = this.#clock.monotonic()): Promise<pg.PoolClient> {
    const end = this.#clock.monotonic() + timeoutMs;
    await this.#acquireQueue.take(timeoutMs, since);
    try {
      for (;;) {
        const client = await this.#connect(Math.max(1, end - this.#clock.monotonic()));
        if ((this.#heard.get(client) ?? 0) >= this.#silentSince) return client;
        client.release(true);
      }
    } catch (error) {
      this.#acquireQueue.leave(false);
      throw error;
    }
  }

  /** Gives a connection back. `done`: its call was, `kept`: it may be used again, `broken`: it is closed. */
  release(client: pg.PoolClient, state: 'done' | 'kept' | 'broken'): void {
    client.release(state === 'broken');
    this.#fit();
    this.#acquireQueue.leave(state === 'done');
  }

  /** The server answered on this connection. */
  answered(client: pg.PoolClient): void {
    this.#heard.set(client, this.#clock.monotonic());
  }

  /** How many times its usual patience whoever asks this server needs just now: 1, or up to 5 while making a connection takes too long. */
  get slowness(): number {
    return this.#patience / this.#usual;
  }

  /** A connection gave no answer from `since` (monotonic clock, ms) until now. One that is slow with the whole server does not take the others with it. */
  wasSilent(since: number): void {
    if (this.#clock.monotonic() - since >= SILENT_MS * this.slowness)
      this.#silentSince = Math.max(this.#silentSince, since);
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  /** The pool's own timeout bounds connecting; this one bounds it by the call's deadline as well. */
  #connect(timeoutMs: number): Promise<pg.PoolClient> {
    const made = this.#pool.idleCount === 0 ? this.#makes() : () => {};
    // pg-pool reads it for each one that it makes.
    this.#pool.options.connectionTimeoutMillis = this.#patience;
    return new Promise((resolve, reject) => {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
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

  /** One that took twice as long would still be waited for; what failed in another way than by taking too long says nothing. */
  #learn(error: Error | null, tookMs: number): void {
    if (error !== null && !isConnectTimeout(error)) return;
    const wanted = error === null ? tookMs * 2 : this.#patience * 2;
    this.#patience = Math.min(PATIENCE_TIMES * this.#usual, Math.max(this.#usual, wanted));
  }

  /** As many places as there are connections, and some for those that are made: while the server has no time for more one, and one beside it when it takes long. */
  #fit(): void {
    const { all, slow } = this.#making;
    const opening = this.#patience > this.#usual ? 1 + Math.min(slow, 1) : OPENING + slow;
    this.#acquireQueue.resize(Math.min(this.#max, this.#pool.totalCount - all + opening));
  }
}
