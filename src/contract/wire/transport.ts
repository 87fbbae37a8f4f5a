import type { Random } from '../../core/ports.ts';
import type { Problem } from '../common.ts';

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

/** The API refused: the problem document says why. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** The problem document of an answer's text; one of our own making when the answer is not from Regent. */
export function problemOf(status: number, text: string): Problem {
  const body = parseJson(text);
  // Only a Regent writes both members.
  if (typeof body === 'object' && body !== null && 'code' in body && 'detail' in body) return body as Problem;
  return {
    type: 'about:blank',
    title: 'The answer is not from Regent',
    status,
    code: status === 503 ? 'unavailable' : 'internal',
    detail: `The answer ${status} is not one of Regent's API; is the address right?`,
    requestId: '',
  };
}

/** JSON, or undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How a client waits. */
export function sleepOf(options: Pick<ClientOptions, 'sleep'>): (ms: number) => Promise<void> {
  return options.sleep ?? ((ms) => new Promise((done) => setTimeout(done, ms)));
}
