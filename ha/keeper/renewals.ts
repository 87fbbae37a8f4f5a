/** The next renewal after one without an answer; at most so many are open. */
const AGAIN_MS = 200;
const OPEN = 6;

/**
 * Renews a lease with several open requests. An etcd whose leader has just died holds a request until its own time limit, but answers at once a
 * request that comes after the election. A primary that waited for the first answer would be fenced because another host died.
 */
export class Renewals {
  #requestedAt = Number.NEGATIVE_INFINITY;
  #open = 0;

  /** Asks at `now` (ms), if it is time: is the lease there? Null: it did not ask. Rejects as `ask` does. */
  async renew(now: number, ask: () => Promise<boolean>): Promise<boolean | null> {
    if (now - this.#requestedAt < AGAIN_MS || this.#open >= OPEN) return null;
    this.#requestedAt = now;
    this.#open += 1;
    try {
      return await ask();
    } finally {
      this.#open -= 1;
    }
  }
}
