import type { Event } from './site/event.ts';
import { type RouteId, ROUTES } from './routes.ts';
import { type Caller, createCaller, pathOf } from './caller.ts';
import { readEventStream } from './site/wire/event-stream.ts';
import { RetryLimiter } from './base/wire/retry-limiter.ts';
import { API_PREFIX, type ClientOptions } from './base/wire/transport.ts';
import { upload, type UploadContent } from './base/wire/upload.ts';

/**
 * Typed client of API v1, with all that a process can do. A browser has only the calls (`caller.ts`), without the
 * schemas.
 */
export interface Client extends Caller {
  /** Sends the bytes of a call with `isUpload`, by its path; see `upload`. */
  upload(id: RouteId, params: object, content: UploadContent, signal?: AbortSignal): Promise<void>;
  /** Events after an id, for ever, over broken connections, without a gap; ends when `signal` aborts. */
  events(after: number | null, signal: AbortSignal): AsyncGenerator<Event>;
}

/** Makes a client. */
export function createClient(given: ClientOptions): Client {
  const options: ClientOptions = { retryLimiter: new RetryLimiter(), ...given };
  return {
    ...createCaller(options, ROUTES),
    upload: (id, params, content, signal) =>
      upload(options, { path: API_PREFIX + pathOf(ROUTES[id].path, params), content, signal }),
    events: (after, signal) => readEventStream({ options, path: `${API_PREFIX}/events`, after, signal }),
  };
}
