import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Clock, Log, Random } from '../../core/ports.ts';
import type { ConnectionSpec, ServerSpec, Timeouts } from '../connection.ts';
import { clientConfig, placeOf, serversOf } from '../connection.ts';
import { NoPrimaryError, noConnectionInTime } from '../failure.ts';
import { type Choice, choosePrimary, stateSentence, type Timelines, withTimelines } from './primary-choice.ts';
import { queryServer, type ServerAnswer } from './server-query.ts';

/** Pause between two rounds of questions, ms; at least half of it. */
const PAUSE_MS = 200;
/** After one server has reported that it takes writes, the others may still answer for so long, ms: of two primaries the later one counts. */
const GRACE_MS = 100;

export interface FinderOptions {
  readonly connection: ConnectionSpec;
  readonly name: string;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** How a server is reached: pg's options for one connection. */
export type Aim = pg.ClientConfig & { readonly host: string; readonly port: number };

/** A finder; null: there is one server only, so nothing has to be found. */
export function openFinder(options: FinderOptions): PrimaryFinder | null {
  return options.connection.others === undefined ? null : new PrimaryFinder(options);
}

/**
 * Finds the one of several servers that takes writes, as libpq's `target_session_attrs=read-write` does: it asks all of them at once, and again
 * whenever a connection to the chosen one fails. One round of questions runs at a time, whoever waits for it.
 */
export class PrimaryFinder {
  readonly #servers: readonly ServerSpec[];
  readonly #aims: readonly Aim[];
  readonly #timeouts: Timeouts;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  #choice: Choice | null = null;
  #isDoubted = true;
  #round: Promise<void> | null = null;
  /** Monotonic time before which no server is queried again. */
  #nextAt = Number.NEGATIVE_INFINITY;
  #timelines: Timelines = new Map();
  /** Why there is no primary, by the last round. */
  #why: NoPrimaryError | null = null;

  constructor({ connection, name, timeouts, clock, random, log }: FinderOptions) {
    this.#servers = serversOf(connection);
    // Made once: each one holds the authorities of TLS.
    this.#aims = this.#servers.map((server) => ({
      ...clientConfig(server, timeouts, name),
      host: server.host,
      port: server.port,
    }));
    this.#timeouts = timeouts;
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
  }

  /** The server for the next connection. Rejects with `NoPrimaryError` if no server is a primary, or if that is not known within `timeoutMs`. */
  async choose(timeoutMs: number): Promise<Aim> {
    if (this.#choice === null || this.#isDoubted) await this.#within(timeoutMs);
    // It can be read meanwhile.
    else if (!this.#choice.isWritable) void this.#ask();
    const aim = this.#isDoubted ? undefined : this.#aims[this.#choice?.index ?? -1];
    if (aim === undefined) throw this.#why ?? noConnectionInTime();
    return aim;
  }

  /** Is a connection one to the chosen server? */
  isAimed({ host, port }: Pick<Aim, 'host' | 'port'>): boolean {
    const aim = this.#aims[this.#choice?.index ?? -1];
    return aim?.host === host && aim.port === port;
  }

  /** A connection to this server failed, or it refused what a primary does. What is known of another server than the chosen one changes nothing. */
  doubt(server: Pick<Aim, 'host' | 'port'>): void {
    if (this.isAimed(server)) this.#isDoubted = true;
  }

  async #within(timeoutMs: number): Promise<void> {
    const end = new AbortController();
    const late = sleep(timeoutMs, undefined, { signal: end.signal }).then(
      () => {
        throw this.#why ?? noConnectionInTime();
      },
      () => {},
    );
    try {
      await Promise.race([this.#ask(), late]);
    } finally {
      end.abort();
    }
  }

  #ask(): Promise<void> {
    this.#round ??= this.#askAll().finally(() => {
      this.#round = null;
    });
    return this.#round;
  }

  async #askAll(): Promise<void> {
    const wait = this.#nextAt - this.#clock.monotonic();
    if (wait > 0) await sleep(wait);
    const answers: (ServerAnswer | null)[] = this.#servers.map(() => null);
    const before = this.#choice?.index ?? null;
    const found = Promise.withResolvers<void>();
    const queries = this.#aims.map(async (aim, index) => {
      const answer = await queryServer(aim, this.#timeouts.connectMs);
      answers[index] = answer;
      if (choosePrimary(answers, this.#timelines, before)?.isWritable) found.resolve();
    });
    await Promise.race([Promise.all(queries), found.promise.then(() => sleep(GRACE_MS))]);
    this.#timelines = withTimelines(answers, this.#timelines);
    this.#take(choosePrimary(answers, this.#timelines, before), answers);
    this.#nextAt = this.#clock.monotonic() + PAUSE_MS * (0.5 + this.#random.fraction() / 2);
  }

  #take(choice: Choice | null, answers: readonly (ServerAnswer | null)[]): void {
    const states = this.#servers.map((server, index) => {
      return `${placeOf(server)} ${stateSentence(answers[index] ?? null, this.#timelines)}`;
    });
    if (choice === null) {
      const hasAnswer = answers.some((one) => one !== null && one.kind !== 'silent');
      this.#why = new NoPrimaryError(states, hasAnswer);
      this.#isDoubted = true;
      return;
    }
    if (choice.index !== this.#choice?.index || choice.isWritable !== this.#choice.isWritable)
      this.#log.info('the server of the database, or its mode, has changed', { servers: states.join('; ') });
    this.#choice = choice;
    this.#isDoubted = false;
    this.#why = null;
  }
}
