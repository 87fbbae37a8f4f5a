import { backOffMs } from '../../core/back-off.ts';
import type { Event } from '../event.ts';
import { type ClientOptions, ProblemError, problemOf, sleepOf } from './transport.ts';

/** A stream that is silent for this long is broken: the server sends a comment at least every 10 s. */
const SILENCE_MS = 30_000;
const BACK_OFF = { firstMs: 200, mostMs: 3000 } as const;

/** What a stream needs. */
export interface StreamRequest {
  readonly options: ClientOptions;
  readonly url: string;
  readonly after: number | null;
  readonly signal: AbortSignal;
}

/**
 * Reads events as they happen and connects again after every break, from the last id that was seen (WHATWG HTML §9.2, server-sent
 * events). A refusal (401, 403, 4xx) is an exception; network faults and 5xx are retried until `signal` aborts.
 */
export async function* readEventStream(request: StreamRequest): AsyncGenerator<Event> {
  const { options, signal } = request;
  const sleep = sleepOf(options);
  let last = request.after;
  let tries = 0;
  while (!signal.aborted) {
    let why = 'the stream ended';
    try {
      for await (const event of readOnce(request, last)) {
        tries = 0;
        last = event.id;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof StreamRefused) throw error.cause;
      why = error instanceof Error ? error.message : String(error);
    }
    const wait = backOffMs(tries, BACK_OFF, options.random);
    tries += 1;
    if (signal.aborted) return;
    options.onRetry?.(why, wait);
    await sleep(wait);
  }
}

class StreamRefused extends Error {}

async function* readOnce(request: StreamRequest, last: number | null): AsyncGenerator<Event> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await (request.options.fetch ?? fetch)(request.url, {
      headers: {
        authorization: `Bearer ${request.options.apiKey}`,
        accept: 'text/event-stream',
        ...(last === null ? {} : { 'last-event-id': String(last) }),
      },
      signal: AbortSignal.any([request.signal, silence.signal]),
    });
    if (!response.ok || !response.body) {
      const text = await response.text();
      if (response.status >= 500 || response.status === 429) throw new Error(`the region answered ${response.status}`);
      throw new StreamRefused('refused', { cause: new ProblemError(problemOf(response.status, text)) });
    }
    let buffer = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      buffer += chunk;
      const blocks = buffer.split('\n\n');
      buffer = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = block.split('\n').filter((line) => line.startsWith('data:'));
        // The stream is our own server's, which writes whole events.
        if (data.length > 0) yield JSON.parse(data.map((line) => line.slice(5)).join('\n')) as Event;
      }
    }
  } finally {
    clearTimeout(timer);
  }
}
