import { randomBytes } from 'node:crypto';
import { retry } from '../../../contract/base/wire/retry.ts';
import { RetryLimiter } from '../../../contract/base/wire/retry-limiter.ts';
import { AppError } from '../../../core/errors.ts';
import type { ApiPlace, WriteOrder } from '../config.ts';
import type { ProbeResult, Probe } from './lane.ts';

/** As many writes may be open: fifty seconds of them at the usual beat. */
const OPEN_MOST = 1_000;

/** Numbered writes, each tried as the product's own client does: one Idempotency-Key over all tries, Retry-After, a deadline. */
export function writeProbe(api: ApiPlace, order: WriteOrder, everyMs: number): Probe {
  const { firstNumber } = order;
  const turns = new RetryLimiter();
  return {
    name: 'write',
    everyMs,
    firstNumber,
    most: OPEN_MOST,
    ask: (turn, done) => {
      const settle = async () => done(await writeOne({ api, order, limiter: turns }, firstNumber + turn));
      void settle();
    },
  };
}

type Writer = { readonly api: ApiPlace; readonly order: WriteOrder; readonly limiter: RetryLimiter };

/** Never rejects: what is thrown is an outcome too. */
async function writeOne({ api, order, limiter: turns }: Writer, number: number): Promise<ProbeResult> {
  const { method, timeoutMs, deadlineMs } = order;
  const url = `http://${api.host.includes(':') ? `[${api.host}]` : api.host}:${api.port}`;
  // An earlier try may have taken effect, whatever answer a later one gets.
  let isDoubtful = false;
  const random = { fraction: () => Math.random(), hex: (bytes: number) => randomBytes(bytes).toString('hex') };
  const onRetry = () => {
    isDoubtful = true;
  };
  const headers = {
    authorization: `Bearer ${api.apiKey}`,
    accept: 'application/json',
    'content-type': 'application/json',
    'idempotency-key': random.hex(16),
  };
  try {
    const { response } = await retry(
      { url, apiKey: api.apiKey, random, timeoutMs, deadlineMs, onRetry, retryLimiter: turns },
      { method, path: numbered(order.path, number), headers, body: numbered(order.body, number), signal: undefined },
    );
    if (response.ok) return { why: '', outcome: 'acknowledged' };
    const isRefused = response.status < 500 && !isDoubtful;
    return { why: String(response.status), outcome: isRefused ? 'refused' : 'ambiguous' };
  } catch (error) {
    return { why: errorCodeOf(error), outcome: 'ambiguous' };
  }
}

const numbered = (text: string, number: number): string => text.replaceAll('{number}', String(number));

const errorCodeOf = (error: unknown): string => (error instanceof AppError ? error.code : 'error');
