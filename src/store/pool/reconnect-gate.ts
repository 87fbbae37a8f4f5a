import type { Clock, Random } from '../../core/ports.ts';
import { isClosing, isPathFailure, noConnectionInTime } from '../failure.ts';
import { queue } from './acquire-queue.ts';

/** Pause between two tries while there is no primary, ms; at least half of it. */
const PAUSE_MS = 100;
/** The same while the server starts or stops: each try costs it a process and a handshake, which it cannot afford then. */
const CLOSING_PAUSE_MS = 250;
/** After the primary was found, older work may still fail for so long, ms. */
const SETTLE_MS = 2000;
/** After this time the next caller may also try. A caller that gets no answer must not delay all others. */
const HOLD_MS = 500;
/** A finished call lets so many go on that waited for a primary. */
const NEXT = 2;
/** So many go on after this time even if none has finished, because a first commit may wait for a standby. */
const EASE_MS = 50;

interface Waiter {
  readonly since: number;
  readonly isWanted: () => boolean;
  readonly go: () => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Who may try to reach the primary: all callers, until one finds none; then one at a time, until one finds it. Each connection costs the server a TLS
 * handshake. A hundred calls that try again several times a second would keep a standby busy while it is being promoted. Afterwards the waiting calls
 * go on in their order, twice as many each time. All at once they would share the processors, and the first would finish with the last.
 */
export class ReconnectGate {
  readonly #clock: Clock;
  readonly #random: Random;
  /** Sorted by the beginning of the call. */
  readonly #waiters: Waiter[] = [];
  /** Error of the last try, and since when (monotonic clock) no primary is found; null: the last try found one. */
  #trouble: { readonly error: unknown; readonly since: number } | null = null;
  /** Monotonic time at which a primary was found again. */
  #foundAt = Number.NEGATIVE_INFINITY;
  /** Monotonic time before which nobody tries. */
  #nextAt = 0;
  #alarm: NodeJS.Timeout | undefined;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Resolves when the caller may try. If that is not within `timeoutMs`, it rejects with the error that others met. `since` (monotonic clock): when
   * its call began, so that a caller that tries for all, and finds no primary, keeps its place. A call that is no longer wanted learns this at its
   * turn, too, and takes none.
   */
  take(timeoutMs: number, { since, isWanted }: Pick<Waiter, 'since' | 'isWanted'>): Promise<void> {
    // It may also pass those that still wait: it is mostly a call that has waited and continues with its next step.
    if (this.#trouble === null) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(this.#trouble?.error ?? noConnectionInTime());
      }, timeoutMs);
      const waiter = { since, isWanted, go: resolve, timer };
      queue(this.#waiters, waiter);
      this.#plan();
    });
  }

  /**
   * Is there no primary for any region, for no longer than `mostMs`, or was one just found? False if only this host cannot reach it, and while
   * nothing answers at all.
   */
  holds(mostMs: number): boolean {
    const now = this.#clock.monotonic();
    if (this.#trouble === null) return now - this.#foundAt <= SETTLE_MS;
    return now - this.#trouble.since <= mostMs && !isPathFailure(this.#trouble.error);
  }

  /** A try found the primary. False: the primary was not searched for. */
  found(): boolean {
    if (!this.#regained()) return false;
    this.#ease();
    return true;
  }

  /** A call is done, on the primary. */
  succeeded(): void {
    this.#regained();
    this.#go(NEXT);
  }

  /** Nobody waits any longer. */
  end(): void {
    this.#trouble = null;
    this.#go(this.#waiters.length);
  }

  /** A try found no primary. `error`: what it met. */
  failed(error: unknown): void {
    const now = this.#clock.monotonic();
    const pause = (isClosing(error) ? CLOSING_PAUSE_MS : PAUSE_MS) * (0.5 + this.#random.fraction() / 2);
    this.#nextAt = this.#trouble === null ? now + pause : Math.min(this.#nextAt, now + pause);
    this.#trouble = { error, since: this.#trouble?.since ?? now };
    this.#plan();
  }

  /** False: there was a primary all the time. */
  #regained(): boolean {
    if (this.#trouble === null) return false;
    this.#trouble = null;
    this.#foundAt = this.#clock.monotonic();
    return true;
  }

  #plan(): void {
    clearTimeout(this.#alarm);
    if (this.#waiters.length === 0) return;
    this.#alarm = setTimeout(() => this.#next(), Math.max(0, this.#nextAt - this.#clock.monotonic()));
  }

  #next(): void {
    const first = this.#shift();
    if (first === undefined) return;
    this.#nextAt = this.#clock.monotonic() + HOLD_MS;
    this.#call(first);
    this.#plan();
  }

  #go(count: number): void {
    if (this.#waiters.length === 0) return;
    for (let left = count; left > 0; left -= 1) {
      const waiter = this.#shift();
      if (waiter === undefined) break;
      this.#call(waiter);
    }
    this.#ease();
  }

  #ease(): void {
    clearTimeout(this.#alarm);
    if (this.#waiters.length > 0) this.#alarm = setTimeout(() => this.#go(NEXT), EASE_MS);
  }

  #shift(): Waiter | undefined {
    for (;;) {
      const first = this.#waiters.shift();
      if (first === undefined || first.isWanted()) return first;
      this.#call(first);
    }
  }

  #call(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    waiter.go();
  }
}
