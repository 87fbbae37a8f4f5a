import { backOffMs } from '../../core/back-off.ts';
import { AppError } from '../../core/errors.ts';
import type { Problem } from '../common.ts';
import { type ClientOptions, ProblemError, problemOf, sleepOf } from './transport.ts';

const TIMEOUT_MS = 20_000;
const DEADLINE_MS = 45_000;
const BACK_OFF = { firstMs: 150, mostMs: 3000 } as const;

/** One call as it goes over the wire. A change carries its Idempotency-Key among the headers. */
export interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal | undefined;
}

type Attempt =
  | { kind: 'answer'; response: Response; text: string }
  | { kind: 'again'; why: string; waitMs: number | null; problem?: Problem };

/**
 * Sends a call until it is answered: again, as it is, after network faults and 503 (honouring Retry-After), with jitter, until its
 * deadline. Throws `ProblemError` when the last answer was 503, `AppError` `unreachable` when there was none; in both cases a change may
 * have been made.
 */
export async function retry(options: ClientOptions, call: Call): Promise<{ response: Response; text: string }> {
  const now = options.now ?? (() => performance.now());
  const sleep = sleepOf(options);
  const end = now() + (options.deadlineMs ?? DEADLINE_MS);
  for (let tries = 0; ; tries += 1) {
    const left = end - now();
    const attempt = await once(options, call, Math.min(options.timeoutMs ?? TIMEOUT_MS, left));
    if (attempt.kind === 'answer') return attempt;
    const backoff = backOffMs(tries, BACK_OFF, options.random);
    const wait = Math.max(attempt.waitMs ?? 0, backoff);
    if (call.signal?.aborted || now() + wait >= end) {
      if (attempt.problem) throw new ProblemError(attempt.problem);
      throw new AppError('unreachable', `${new URL(call.url).origin} gave no answer: ${attempt.why}`);
    }
    options.onRetry?.(attempt.why, wait);
    await sleep(wait);
  }
}

async function once(options: ClientOptions, call: Call, timeoutMs: number): Promise<Attempt> {
  const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
  try {
    const response = await (options.fetch ?? fetch)(call.url, {
      method: call.method,
      headers: call.headers,
      signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
      redirect: 'error',
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    const text = await response.text();
    if (response.status !== 503) return { kind: 'answer', response, text };
    const seconds = Number(response.headers.get('retry-after') ?? '');
    const problem = problemOf(503, text);
    return { kind: 'again', why: problem.detail, waitMs: Number.isFinite(seconds) ? seconds * 1000 : null, problem };
  } catch (error) {
    return { kind: 'again', why: networkSentence(error), waitMs: null };
  }
}

/** fetch says only "fetch failed"; the cause says what happened. */
function networkSentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'it did not answer in time';
  const cause = error.cause;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
