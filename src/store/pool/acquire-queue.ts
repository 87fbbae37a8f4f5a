import type { Clock } from '../../core/ports.ts';
import { noConnectionInTime } from '../failure.ts';

/** While calls get done, no call waits longer than this. It is refused, and may be repeated. */
const PATIENCE_MS = 3500;
/**
 * While calls get done, a wait of this length means that more come than get done. A failover takes 3 s, the backlog after it is served within these,
 * and both together do not exceed `GONE_MS`.
 */
const BACKLOG_MS = 2000;
/** A caller that has waited longer has mostly gone: our own clients try elsewhere after this time (`contract/base/wire/retry.ts`). */
const GONE_MS = 5000;
/** If no call got done for so long, the database stands still, and waiting calls are held. */
const STILL_MS = 500;

/** More calls wait than get done. */
export class BusyError extends Error {
  constructor() {
    super('it is overloaded');
    this.name = 'BusyError';
  }
}

interface Waiter {
  /** When its call began. */
  readonly since: number;
  /** When it joined the queue. */
  readonly cameAt: number;
  readonly go: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Who gets one of the few connections. Usually the call that began first, so that a pause makes no call later than it must be. When more calls come
 * than get done, the newest call: the oldest callers have mostly gone then, and serving them first would make all late. While the queue moves, a call
 * that was passed over for `PATIENCE_MS` is refused with `BusyError`. While nothing gets done (no primary, or a COMMIT that waits for its standby)
 * all are held.
 */
export class AcquireQueue {
  readonly #clock: Clock;
  #places: number;
  /** Below zero: places that were removed while a call had them. */
  #free: number;
  readonly #waiters: Waiter[] = [];
  /** Monotonic times: when a call was last done, and since when calls have been getting done. */
  #doneAt = Number.NEGATIVE_INFINITY;
  #movesSince = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, places: number) {
    this.#clock = clock;
    this.#places = places;
    this.#free = places;
  }

  /** Sets the number of places. */
  resize(places: number): void {
    this.#free += places - this.#places;
    this.#places = places;
    this.#give(this.#clock.monotonic());
  }

  /**
   * Resolves with a place, which `leave` gives back. Rejects if there is none within `timeoutMs`, or if the queue is too long. `since` (monotonic
   * clock): when the call began, so that a call that tries again is not behind those that came meanwhile.
   */
  take(timeoutMs: number, since: number): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const out = () => {
        clearTimeout(timer);
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      };
      const refuse = (error: Error) => {
        out();
        reject(error);
      };
      const go = () => {
        out();
        resolve();
      };
      const timer = setTimeout(() => refuse(noConnectionInTime()), timeoutMs);
      const waiter = { since, cameAt: this.#clock.monotonic(), go, refuse };
      queue(this.#waiters, waiter);
    });
  }

  /** Gives a place back. `isDone`: its call was done. */
  leave(isDone: boolean): void {
    const now = this.#clock.monotonic();
    this.#free += 1;
    this.#give(now);
    if (isDone) this.#moved(now);
  }

  #give(now: number): void {
    while (this.#free > 0 && this.#waiters.length > 0) {
      this.#free -= 1;
      this.#next(now)?.go();
    }
  }

  #next(now: number): Waiter | undefined {
    const [first] = this.#waiters;
    const isBusy = first !== undefined && this.#passedOver(first, now) > BACKLOG_MS;
    const inTurn = isBusy ? undefined : this.#waiters.find(({ cameAt }) => now - cameAt <= GONE_MS);
    return inTurn ?? this.#waiters.at(-1);
  }

  #moved(now: number): void {
    if (now - this.#doneAt > STILL_MS) this.#movesSince = now;
    this.#doneAt = now;
    const isLate = (waiter: Waiter) => this.#passedOver(waiter, now) > PATIENCE_MS;
    for (const waiter of this.#waiters.filter(isLate)) waiter.refuse(new BusyError());
  }

  /** How long others have been served while this one waited, ms. */
  #passedOver({ cameAt }: Waiter, now: number): number {
    return now - this.#doneAt > STILL_MS ? 0 : now - Math.max(cameAt, this.#movesSince);
  }
}

/** Puts a call into the queue behind all that began earlier or at the same time. */
export function queue<T extends { readonly since: number }>(waiters: T[], waiter: T): void {
  waiters.splice(waiters.findLastIndex(({ since }) => since <= waiter.since) + 1, 0, waiter);
}
