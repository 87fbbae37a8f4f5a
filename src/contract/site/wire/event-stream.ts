import type { Event } from '../event.ts';
import type { Problem } from '../../base/common.ts';
import { decide, type AttemptOutcome, pauseOf, readRetryAfter } from '../../base/wire/decide.ts';
import {
  addressesOf,
  type ClientOptions,
  headersOf,
  isUnsent,
  networkSentence,
  ProblemError,
  problemOf,
  sleepOf,
} from '../../base/wire/transport.ts';

/** A stream that is silent for this long is broken: the server sends something at least every 5 s (10 s in release 0.3 and before). */
const SILENCE_MS = 15_000;

/** What a stream needs. `path` begins with a slash. */
export interface StreamRequest {
  readonly options: ClientOptions;
  readonly path: string;
  readonly after: number | null;
  readonly signal: AbortSignal;
}

/**
 * Where a stream stands: the id after which it goes on, null before any is known; tries since the last event, counted as if they had
 * started at the first address, so that the one that broke is not the next.
 */
type StreamCursor = { id: number | null; tries: number; address: number };

/** How a stream ended. `problem`: the region refused it. */
type StreamEnding = { readonly outcome: AttemptOutcome; readonly why: string; readonly problem: Problem | null };

/**
 * Reads events as they happen and connects again after every break, from the last id that was seen (WHATWG HTML §9.2, server-sent
 * events); the server names the id at which a stream begins, so nothing is missed when it breaks before its first event. A
 * refusal (401, 403, 4xx) is an exception; network faults and 5xx are retried, at each address in turn, until `signal` aborts.
 */
export async function* readEventStream(request: StreamRequest): AsyncGenerator<Event> {
  const { options, signal } = request;
  const sleep = sleepOf(options);
  const addresses = addressesOf(options);
  const cursor: StreamCursor = { id: request.after, tries: 0, address: 0 };
  let pauseMs: number | null = null;
  while (!signal.aborted) {
    let ending: StreamEnding = { outcome: { kind: 'broken' }, why: 'the stream ended', problem: null };
    try {
      yield* readOnce(request, addresses[cursor.address] ?? options.url, cursor);
    } catch (error) {
      ending = endingOf(error);
    }
    if (signal.aborted) return;
    cursor.tries += 1;
    const next = decide({
      outcome: ending.outcome,
      tries: cursor.tries,
      addresses: addresses.length,
      rounds: null,
      isRepeatable: true,
      leftMs: Number.POSITIVE_INFINITY,
      pauseMs,
      fraction: options.random.fraction(),
    });
    if (next.kind !== 'again') {
      if (ending.problem) throw new ProblemError(ending.problem);
      return;
    }
    pauseMs = cursor.tries % addresses.length === 0 ? null : pauseOf(pauseMs, ending.outcome);
    cursor.address = next.address;
    options.onRetry?.(ending.why, next.waitMs);
    await sleep(next.waitMs);
  }
}

class StreamRefusal extends Error {
  readonly ending: StreamEnding;
  constructor(ending: StreamEnding) {
    super(ending.why);
    this.ending = ending;
  }
}

function endingOf(error: unknown): StreamEnding {
  if (error instanceof StreamRefusal) return error.ending;
  return { outcome: { kind: isUnsent(error) ? 'unsent' : 'broken' }, why: networkSentence(error), problem: null };
}

async function refusalOf(response: Response): Promise<StreamRefusal> {
  const { status, headers } = response;
  const problem = problemOf(status, await response.text());
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), headers.get('date'));
  // A permanent reader waits until the region recovers, and until its rate limit allows the call again.
  const outcome: AttemptOutcome = status === 500 ? { kind: 'broken' } : { kind: 'answer', status, retryAfterMs };
  return new StreamRefusal({ outcome, why: `the region answered ${status}`, problem });
}

async function* readOnce(request: StreamRequest, base: string, cursor: StreamCursor): AsyncGenerator<Event> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await (request.options.fetch ?? fetch)(base + request.path, {
      headers: {
        ...headersOf(request.options),
        accept: 'text/event-stream',
        ...(cursor.id === null ? {} : { 'last-event-id': String(cursor.id) }),
      },
      signal: AbortSignal.any([request.signal, silence.signal]),
    });
    if (!response.ok || !response.body) throw await refusalOf(response);
    let buffer = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      buffer += chunk;
      const blocks = buffer.split('\n\n');
      buffer = blocks.pop() ?? '';
      for (const block of blocks) {
        const { id, data } = readBlock(block);
        if (data === '') {
          cursor.id ??= id;
          continue;
        }
        // The stream is our own server's, which writes whole events.
        const event = JSON.parse(data) as Event;
        if (cursor.id !== null && event.id <= cursor.id) continue;
        cursor.id = event.id;
        cursor.tries = cursor.address;
        yield event;
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

/** One block of a stream: its lines `id` and `data`. */
function readBlock(block: string): { readonly id: number | null; readonly data: string } {
  const lines = block.split('\n');
  const valueOf = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1));
  const [id] = valueOf('id');
  return { id: id !== undefined && /^ ?\d{1,15}$/.test(id) ? Number(id) : null, data: valueOf('data').join('\n') };
}
