import { RetryLimiter } from '../../../contract/base/wire/retry-limiter.ts';
import { type CallTable, type Caller, createCaller } from '../../../contract/caller.ts';
import { SLOW_MS } from '../../models/base/view.ts';
import { CALLS } from '../call-table.ts';
import { sendFile, type SentFile } from '../files/upload.ts';
import { createTurns, type Locks } from './turns.ts';

/** A read that takes longer, with the wait for its turn, fails; its watch reads again, ms. */
const READ_DEADLINE_MS = 12_000;
/**
 * A change waits this long for a site that does not answer: longer than any failover, so nobody types anything twice,
 * ms.
 */
const CHANGE_DEADLINE_MS = 10 * 60_000;
const CHANGE_TIMEOUT_MS = 15_000;

/**
 * What an answer shows about the site. `node`: the node that sent it; `date`: by the site's clock; `at`: when it came,
 * by the browser's.
 */
export interface AnswerFacts {
  readonly status: number;
  readonly node: string;
  readonly date: string | null;
  readonly at: number;
}

/** What calls need. `headers`: the caller's credentials if there is no cookie, and the proof that this page calls. */
export interface CallsPorts {
  readonly origin: string;
  readonly fetch: typeof fetch;
  readonly locks: Locks | null;
  readonly fraction: () => number;
  readonly hex: (bytes: number) => string;
  readonly now: () => number;
  readonly headers: () => Readonly<Record<string, string>>;
  readonly onAnswer: (seen: AnswerFacts) => void;
  readonly onSilence: (why: string) => void;
}

/**
 * Calls of API v1. A read fails soon, because it is repeated anyway; a change waits for the site, and is sent again
 * with the same key.
 */
export interface Calls {
  readonly read: Caller;
  readonly change: Caller;
  /** Changes of many objects: they leave connections to other calls. */
  readonly many: Caller;
  /** `onWait`: called before each wait for another try. */
  changing(onWait: (why: string) => void): Caller;
  /** Sends a file of an image, piece by piece. */
  sendFile(sent: SentFile): Promise<void>;
}

/** Makes the calls. */
export function createCalls(ports: CallsPorts): Calls {
  const watchedFetch: typeof fetch = async (input, init) => {
    // The region holds reads while its database is away, so a read fails early; a change may take longer.
    const slow =
      init?.method === 'GET' ? setTimeout(() => ports.onSilence('the site has not answered yet'), SLOW_MS) : undefined;
    const response = await ports.fetch(input, init).finally(() => clearTimeout(slow));
    const node = response.headers.get('x-regent-node') ?? '';
    ports.onAnswer({ status: response.status, node, date: response.headers.get('date'), at: ports.now() });
    return response;
  };
  const turns = createTurns({ fetch: watchedFetch, locks: ports.locks });
  const limiter = new RetryLimiter();
  const caller = (how: How) =>
    createCaller(
      {
        url: ports.origin,
        apiKey: null,
        headers: ports.headers,
        random: { fraction: ports.fraction, hex: ports.hex },
        retryLimiter: limiter,
        fetch: how.fetch,
        deadlineMs: how.deadlineMs,
        timeoutMs: how.timeoutMs,
        onRetry: (why) => {
          ports.onSilence(why);
          how.onWait?.(why);
        },
      },
      TABLE,
    );
  const patient = { deadlineMs: CHANGE_DEADLINE_MS, timeoutMs: CHANGE_TIMEOUT_MS };
  const changing = (onWait: (why: string) => void) => caller({ ...patient, fetch: watchedFetch, onWait });
  return {
    read: caller({ fetch: turns.read, deadlineMs: READ_DEADLINE_MS, timeoutMs: READ_DEADLINE_MS }),
    change: changing(() => {}),
    many: caller({ ...patient, fetch: turns.many }),
    changing,
    sendFile: (sent) => sendFile({ ...ports, fetch: watchedFetch }, sent),
  };
}

/** How a kind of call is made. */
interface How {
  readonly fetch: typeof fetch;
  readonly deadlineMs: number;
  readonly timeoutMs: number;
  readonly onWait?: (why: string) => void;
}

const TABLE = Object.fromEntries(
  Object.entries(CALLS).map(([id, text]) => {
    const [method = '', path = ''] = text.split(' ');
    return [id, { method, path }];
  }),
) as CallTable;
