import type { Clock } from '../../core/ports.ts';
import { noConnectionInTime } from '../failure.ts';

/** While calls get done, none waits longer than this: it is refused, and may be repeated. */
const PATIENCE_MS = 2000;
/** Nothing done for so long: the database stands still, and whoever waits is held. */
const STILL_MS = 500;

/** More calls wait than get done. */
export class BusyError extends Error {
  constructor() {
    super('it has more to do than it gets done');
    this.name = 'BusyError';
  }
}

interface Waiter {
  readonly since: number;
  readonly go: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Who gets one of the few connections. Free places go to who came last: when not all can be served in time, those who have waited longest have
 * mostly gone, and to serve them first makes all late. While the line moves, whoever has been passed over for `PATIENCE_MS` is refused with
 * `BusyError`; while nothing gets done (no primary, or a COMMIT that waits for its standby) everybody is held.
 */
export class Line {
  readonly #clock: Clock;
  #free: number;
  readonly #waiters: Waiter[] = [];
  /** Of the monotonic clock: when something was done last, and since when that goes on. */
  #doneAt = Number.NEGATIVE_INFINITY;
  #movesSince = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, places: number) {
    this.#clock = clock;
    this.#free = places;
  }

  /** Resolves with a place, which `leave` gives back. Rejects when there is none within `timeoutMs`, or the line is too long. */
  take(timeoutMs: number): Promise<void> {
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
      const waiter = { since: this.#clock.monotonic(), go, refuse };
      this.#waiters.push(waiter);
    });
  }

  /** Gives a place back. `isDone`: its call was done. */
  leave(isDone: boolean): void {
    const last = this.#waiters.at(-1);
    if (last) last.go();
    else this.#free += 1;
    if (isDone) this.#moved();
  }

  #moved(): void {
    const now = this.#clock.monotonic();
    if (now - this.#doneAt > STILL_MS) this.#movesSince = now;
    this.#doneAt = now;
    const isLate = ({ since }: Waiter) => now - Math.max(since, this.#movesSince) > PATIENCE_MS;
    for (const waiter of this.#waiters.filter(isLate)) waiter.refuse(new BusyError());
  }
}
