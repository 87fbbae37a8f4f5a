import { AppError } from '../../../core/errors.ts';
import { decide, isInDoubt, type AttemptOutcome, pauseOf, readRetryAfter } from './decide.ts';
import { addressesOf, type ClientOptions, isUnsent, networkSentence, problemOf, sleepOf } from './transport.ts';

const TIMEOUT_MS = 20_000;
const DEADLINE_MS = 45_000;
/** A silent address is left so soon while there is another one to try. */
const SILENT_MS = 5000;

/** One call as it goes over the wire. `path` begins with a slash. A change carries its Idempotency-Key among the headers. */
export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A whole answer. */
export type HttpAnswer = { readonly response: Response; readonly text: string };

type CallAttempt = { readonly outcome: AttemptOutcome; readonly answer: HttpAnswer | null; readonly why: string };

/**
 * Sends a call until it is answered: again, as it is, by the rule of `decide`, until its deadline. Gives the last answer, which is 502, 503 or 504
 * when the region stayed away; throws `AppError` `unreachable` when the last try had none. Both report whether a change may have been made:
 * `isDoubtful`, and the text of the error.
 */
export async function retry(
  options: ClientOptions,
  call: HttpCall,
): Promise<HttpAnswer & { readonly isDoubtful: boolean }> {
  const now = options.now ?? (() => performance.now());
  const sleep = sleepOf(options);
  const addresses = addressesOf(options);
  const key = call.headers['idempotency-key'];
  const isChange = call.method !== 'GET';
  const end = now() + (options.deadlineMs ?? DEADLINE_MS);
  let address = 0;
  let pauseMs: number | null = null;
  let isDoubtful = false;
  let last: CallAttempt | null = null;
  for (let tries = 1; ; tries += 1) {
    const base = addresses[address] ?? options.url;
    const isLast = tries % addresses.length === 0;
    const longest = Math.min(options.timeoutMs ?? TIMEOUT_MS, isLast ? Number.POSITIVE_INFINITY : SILENT_MS);
    const send = () => once(options, call, { base, timeoutMs: Math.min(longest, end - now()) });
    // If no turn comes before the end, the result of the last try stands.
    const tried: CallAttempt =
      last === null || !options.retryLimiter
        ? await send()
        : ((await options.retryLimiter.run(send, end - now(), call.signal)) ?? last);
    const { outcome, answer, why } = tried;
    last = tried;
    isDoubtful ||= isChange && isInDoubt(outcome);
    const next = decide({
      outcome,
      tries,
      addresses: addresses.length,
      rounds: null,
      isRepeatable: !isChange || key !== undefined,
      leftMs: call.signal?.aborted ? 0 : end - now(),
      pauseMs,
      fraction: options.random.fraction(),
    });
    if (next.kind !== 'again') {
      if (answer) return { ...answer, isDoubtful: isDoubtful && next.kind === 'give-up' };
      throw new AppError(
        'unreachable',
        `${new URL(base).origin} gave no answer: ${why}${isDoubtful ? doubt(key) : ''}`,
      );
    }
    pauseMs = isLast ? null : pauseOf(pauseMs, outcome);
    address = next.address;
    options.onRetry?.(why, next.waitMs);
    await sleep(next.waitMs);
  }
}

/** What to do about a change that may have been made. */
export function doubt(key: string | undefined): string {
  const again = key === undefined ? '' : `, or repeat the call with the same Idempotency-Key (${key})`;
  return `. Whether the change was made is not known: check before you make it again${again}`;
}

async function once(
  options: ClientOptions,
  call: HttpCall,
  { base, timeoutMs }: { readonly base: string; readonly timeoutMs: number },
): Promise<CallAttempt> {
  const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
  try {
    const response = await (options.fetch ?? fetch)(base + call.path, {
      method: call.method,
      headers: call.headers,
      signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
      redirect: 'error',
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    const text = await response.text();
    const retryAfterMs = readRetryAfter(response.headers.get('retry-after'), response.headers.get('date'));
    const outcome: AttemptOutcome = { kind: 'answer', status: response.status, retryAfterMs };
    const why = response.ok ? '' : problemOf(response.status, text).detail;
    return { outcome, answer: { response, text }, why };
  } catch (error) {
    return { outcome: { kind: isUnsent(error) ? 'unsent' : 'broken' }, answer: null, why: networkSentence(error) };
  }
}
