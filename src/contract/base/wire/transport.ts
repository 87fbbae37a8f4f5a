import type { Random } from '../../../core/ports.ts';
import type { Problem } from '../common.ts';
import type { RetryLimiter } from './retry-limiter.ts';

/** Path of the API on every region node. */
export const API_PREFIX = '/api/v1';
/** The response header with the change of the configuration that a call made. */
export const CHANGE_HEADER = 'x-regent-change';
/** Where a browser begins (POST), reads (GET) and ends (DELETE) its session. No API key is needed there, so it is not in the table of calls. */
export const SESSION_PATH = '/session';
/** The header that each changing call of a browser carries: the session's `csrf`. */
export const CSRF_HEADER = 'x-regent-csrf';

/** How a client reaches the API. Times in ms. `deadlineMs` bounds a call with all its retries. */
export interface ClientOptions {
  readonly url: string;
  /** More addresses of the same site: tried in turn when one gives no answer. */
  readonly others?: readonly string[];
  /** `consumer:token:secret`; null: the browser's cookie identifies the caller. */
  readonly apiKey: string | null;
  /** More headers of every call, computed for each one. */
  readonly headers?: () => Readonly<Record<string, string>>;
  readonly random: Random;
  readonly timeoutMs?: number;
  readonly deadlineMs?: number;
  /** Limits the repeats of a client that makes many calls. Without it each call repeats at will. */
  readonly retryLimiter?: RetryLimiter;
  readonly fetch?: typeof fetch;
  readonly sleep?: (ms: number) => Promise<void>;
  readonly now?: () => number;
  /** Runs before each wait for another try. */
  readonly onRetry?: (why: string, waitMs: number) => void;
}

/** Headers of every call: who calls, and what else the caller wants sent. */
export function headersOf(options: Pick<ClientOptions, 'apiKey' | 'headers'>): Record<string, string> {
  return {
    ...(options.apiKey === null ? {} : { authorization: `Bearer ${options.apiKey}` }),
    ...options.headers?.(),
  };
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
    code: status >= 502 && status <= 504 ? 'unavailable' : 'internal',
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

/** Every address of the site, in the order in which they are tried. */
export function addressesOf({ url, others = [] }: Pick<ClientOptions, 'url' | 'others'>): readonly string[] {
  return [url, ...others].map((address) => address.replace(/\/+$/, ''));
}

/** How a client waits. */
export function sleepOf(options: Pick<ClientOptions, 'sleep'>): (ms: number) => Promise<void> {
  return options.sleep ?? ((ms) => new Promise((done) => setTimeout(done, ms)));
}

/** fetch says only "fetch failed"; the cause says what happened. */
export function networkSentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'it did not answer in time';
  const cause = error.cause;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}

/** Did a call surely reach nobody, since no connection came about? A browser does not say; then it may have. */
export function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isUnsent);
  if ('syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo')) return true;
  return error.cause !== undefined && isUnsent(error.cause);
}
