import { AppError } from '../../core/errors.ts';
import { addressesOf, type ClientOptions, networkSentence, ProblemError, problemOf, sleepOf } from './transport.ts';

/** Bytes that are sent as they are read. `open` begins at the first one again. */
export interface UploadContent {
  readonly size: number;
  open(): AsyncIterable<Uint8Array>;
}

const TRIES = 4;
const PAUSE_MS = 2000;
/** For one try: a start, and the bytes per ms of a slow network. */
const TIME = { baseMs: 60_000, bytesPerMs: 128 } as const;
/** Another region, or the same one a little later, may take it. */
const PASSING = [429, 502, 503, 504];

interface Upload {
  /** Below the address of a region. */
  readonly path: string;
  readonly content: UploadContent;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a file by PUT, anew from its first byte where a connection breaks or a region goes away, at the next address. Throws `ProblemError` when refused,
 * `AppError` `unreachable` when nobody took it.
 */
export async function upload(options: ClientOptions, { path, content, signal }: Upload): Promise<void> {
  const addresses = addressesOf(options);
  for (let tries = 1; ; tries += 1) {
    const base = addresses[(tries - 1) % addresses.length] ?? options.url;
    const why = await once(options, { path: base + path, content, signal });
    if (why === null) return;
    if (tries === TRIES || signal?.aborted) {
      if (why instanceof ProblemError) throw why;
      throw new AppError('unreachable', `${new URL(base).origin} did not take the file: ${why}`);
    }
    const waitMs = PAUSE_MS * tries * (0.5 + options.random.fraction() / 2);
    options.onRetry?.(why instanceof ProblemError ? why.message : why, waitMs);
    await sleepOf(options)(waitMs);
  }
}

/** Null when it is done; else what to try again for. Throws what another try does not change. */
async function once(options: ClientOptions, { path, content, signal }: Upload): Promise<ProblemError | string | null> {
  const time = AbortSignal.timeout(Math.ceil(TIME.baseMs + content.size / TIME.bytesPerMs));
  try {
    const response = await (options.fetch ?? fetch)(path, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${options.apiKey}`,
        accept: 'application/json',
        'content-type': 'application/octet-stream',
        'content-length': String(content.size),
      },
      // Half: the answer comes after the last byte. A name that the types of browsers do not know yet.
      ...({ duplex: 'half' } as object),
      body: content.open() as unknown as NonNullable<RequestInit['body']>,
      signal: signal ? AbortSignal.any([signal, time]) : time,
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
