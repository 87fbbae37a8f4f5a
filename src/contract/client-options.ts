import type { Random } from '../core/ports.ts';

/** How a client reaches the API. Times in ms. `deadlineMs` bounds a call with all its retries. */
export interface ClientOptions {
  readonly url: string;
  /** `consumer:token:secret`. */
  readonly apiKey: string;
  readonly random: Random;
  readonly timeoutMs?: number;
  readonly deadlineMs?: number;
  readonly fetch?: typeof fetch;
  readonly sleep?: (ms: number) => Promise<void>;
  readonly now?: () => number;
  /** Told before each wait for another try. */
  readonly onRetry?: (why: string, waitMs: number) => void;
}
