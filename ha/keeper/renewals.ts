/** After a renewal without an answer the next one; so many are open at most. */
const AGAIN_MS = 200;
const OPEN = 6;

/**
 * Renewals of a lease, some at a time: an etcd whose leader has just died keeps one until its own patience is over, and answers the one that is
 * asked after the election at once. A primary that waited for the first would be fenced for the death of another host.
 */
export class Renewals {
  #askedAt = Number.NEGATIVE_INFINITY;
  #open = 0;

  /** Asks, at `now` (ms), when it is time to: is the lease there? Null: it was not asked. Rejects as `ask` does. */
  async renew(now: number, ask: () => Promise<boolean>): Promise<boolean | null> {
    if (now - this.#askedAt < AGAIN_MS || this.#open >= OPEN) return null;
    this.#askedAt = now;
    this.#open += 1;
    try {
      return await ask();
    } finally {
      this.#open -= 1;
    }
  }
}
