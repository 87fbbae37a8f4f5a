/** Connections that are made at once. */
const DIALS_MAX = 2;
/** Who has got none for so long may be waiting for a server that is silent: the next one must not wait for that, too. */
const YOUNG_MS = 500;

/**
 * Lets as many in as find an idle connection, and a few more. When a new primary is there a hundred calls want one at once: that many TLS
 * handshakes take a second of its processors, in which none of them is answered; the first few connections serve them all in less.
 */
export class Doors {
  readonly #idle: () => number;
  readonly #waiters = new Set<() => void>();
  #inside = 0;

  /** `idle`: how many connections nobody uses. */
  constructor(idle: () => number) {
    this.#idle = idle;
  }

  /** Resolves when the caller may ask for a connection, with what it must call once it has one, or none. Rejects after `timeoutMs`. */
  enter(timeoutMs: number): Promise<() => void> {
    if (this.#waiters.size === 0 && this.#hasRoom()) return Promise.resolve(this.#let());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(go);
        reject(new Error('timeout exceeded when trying to connect'));
      }, timeoutMs);
      const go = () => {
        clearTimeout(timer);
        resolve(this.#let());
      };
      this.#waiters.add(go);
    });
  }

  /** Lets in who has room now: a connection was given back. */
  look(): void {
    for (const go of this.#waiters) {
      if (!this.#hasRoom()) return;
      this.#waiters.delete(go);
      go();
    }
  }

  #hasRoom(): boolean {
    return this.#inside < this.#idle() + DIALS_MAX;
  }

  #let(): () => void {
    let isInside = true;
    this.#inside += 1;
    const leave = () => {
      if (!isInside) return;
      isInside = false;
      clearTimeout(timer);
      this.#inside -= 1;
      this.look();
    };
    const timer = setTimeout(leave, YOUNG_MS);
    return leave;
  }
}
