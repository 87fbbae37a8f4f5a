import { AppError } from '../../../core/errors.ts';
import type { ClientOptions } from './transport.ts';
import { addressesOf, headersOf, networkSentence, parseJson, ProblemError, problemOf, sleepOf } from './transport.ts';

/** Bytes that are sent as they are read. `open` begins at that byte. */
export type UploadContent = { readonly size: number; open(start: number): AsyncIterable<Uint8Array> };

/** So many tries without a new byte end it. */
const TRIES = 4;
const PAUSE_MS = 2000;
/** For one try: a start, and the bytes per ms of a slow network. */
const TIME = { baseMs: 60_000, bytesPerMs: 128 } as const;
/** The region checks the file after its last byte. */
const CHECK_MS = 30 * 60_000;
const ASK_MS = 10_000;
/** Another region, or the same one a little later, may take it. 409: somebody else sent it meanwhile. */
const PASSING = [409, 429, 502, 503, 504];

interface Upload {
  /** Below the address of a region. */
  readonly path: string;
  readonly content: UploadContent;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a file by PUT. It goes on where it broke off, also by a call before this one: at the region that has most of it. Throws `ProblemError` when
 * refused, `AppError` `unreachable` when nobody took it.
 */
export async function upload(options: ClientOptions, given: Upload): Promise<void> {
  const { content, signal } = given;
  for (let [tries, most, isElsewhere] = [1, 0, false]; ; tries += 1) {
    const { base, received: there } = await whereToGoOn(options, given, tries - 1);
    if (there === content.size) return;
    // Behind one address are several regions, and the one that took the call has less of it: it gets all.
    const received = isElsewhere ? 0 : there;
    if (received > most) [tries, most] = [1, received];
    const why = await once(options, { ...given, path: base + given.path }, received);
    if (why === null) return;
    isElsewhere = why instanceof ProblemError && why.problem.status === 409;
    if (tries >= TRIES || signal?.aborted) {
      if (why instanceof ProblemError) throw why;
      throw new AppError('unreachable', `${new URL(base).origin} did not take the file: ${why}`);
    }
    const waitMs = PAUSE_MS * tries * (0.5 + options.random.fraction() / 2);
    options.onRetry?.(why instanceof ProblemError ? why.message : why, waitMs);
    await sleepOf(options)(waitMs);
  }
}

/** The address that has most of it; where none has anything, one after the other. */
async function whereToGoOn(options: ClientOptions, given: Upload, turn: number) {
  const addresses = addressesOf(options);
  const base = addresses[turn % addresses.length] ?? options.url;
  const found = await Promise.all(
    addresses.map(async (one) => ({
      base: one,
      received: await receivedAt(options, { ...given, path: one + given.path }),
    })),
  );
  return found.reduce((best, one) => (one.received > best.received ? one : best), { base, received: 0 });
}

/** Bytes that are there; none if nobody says so. */
async function receivedAt(options: ClientOptions, { path, content, signal }: Upload): Promise<number> {
  try {
    const response = await (options.fetch ?? fetch)(path, {
      method: 'PUT',
      headers: { ...uploadHeaders(options, 0), 'content-range': `bytes */${content.size}` },
      signal: timeOf(ASK_MS, signal),
    });
    const body = response.ok ? parseJson(await response.text()) : undefined;
    const { received } = (body ?? {}) as { readonly received?: unknown };
    return typeof received === 'number' && received > 0 && received <= content.size ? received : 0;
  } catch {
    signal?.throwIfAborted();
    return 0;
  }
}

/** Null when it is done; else what to try again for. Throws what another try does not change. */
async function once(
  options: ClientOptions,
  { path, content, signal }: Upload,
  start: number,
): Promise<ProblemError | string | null> {
  const left = content.size - start;
  try {
    const response = await (options.fetch ?? fetch)(path, {
      method: 'PUT',
      headers: {
        ...uploadHeaders(options, left),
        'content-range': `bytes ${start}-${content.size - 1}/${content.size}`,
      },
      // Half: the answer comes after the last byte. A name that the types of browsers do not know yet.
      ...({ duplex: 'half' } as object),
      body: content.open(start) as unknown as NonNullable<RequestInit['body']>,
      signal: timeOf(Math.ceil(TIME.baseMs + left / TIME.bytesPerMs) + CHECK_MS, signal),
    });
    if (response.ok) return null;
    const problem = new ProblemError(problemOf(response.status, await response.text()));
    if (PASSING.includes(response.status)) return problem;
    throw problem;
  } catch (error) {
    if (error instanceof ProblemError || signal?.aborted) throw error;
    return networkSentence(error);
  }
}

function uploadHeaders(options: ClientOptions, length: number) {
  return {
    ...headersOf(options),
    accept: 'application/json',
    'content-type': 'application/octet-stream',
    'content-length': String(length),
  };
}

function timeOf(ms: number, signal: AbortSignal | undefined): AbortSignal {
  const time = AbortSignal.timeout(ms);
  return signal ? AbortSignal.any([signal, time]) : time;
}
