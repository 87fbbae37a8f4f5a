/** Largest number of repeats that one client runs at once. */
const REPEATS_MOST = 16;

/**
 * Turns of calls that are repeated, for all calls of a client. Where many were sent while the site was away, all of them repeating would be many times
 * the load that it cannot take as it is (a retry storm): so a few repeat, and when those are answered the others follow. A first try takes no turn.
 */
export class RetryLimiter {
  /** Whose time is up first is the first. */
  readonly #waiting: { readonly end: number; readonly go: () => void }[] = [];
  #free: number;

  constructor(most = REPEATS_MOST) {
    this.#free = most;
  }

  /** Does the work in a turn; who has the least time left goes first. null, and nothing done: there was none within `ms`, or `signal` aborted. */
  async run<T>(work: () => Promise<T>, ms: number, signal?: AbortSignal): Promise<T | null> {
    if (this.#free > 0) this.#free -= 1;
    else if (!(await this.#wait(ms, signal))) return null;
    try {
      return await work();
    } finally {
      this.#pass();
    }
  }

  #pass(): void {
    const next = this.#waiting.shift();
    if (next) next.go();
    else this.#free += 1;
  }

  #wait(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
    // A timer of less than nothing is a warning of Node's on standard error.
    if (ms <= 0 || signal?.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const finish = (isMine: boolean) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', leave);
        resolve(isMine);
      };
      const mine = { end: performance.now() + ms, go: () => finish(true) };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(mine), 1);
        finish(false);
      };
      const timer = setTimeout(leave, ms);
      signal?.addEventListener('abort', leave);
      const later = this.#waiting.findIndex(({ end }) => end > mine.end);
      this.#waiting.splice(later === -1 ? this.#waiting.length : later, 0, mine);
    });
  }
}
