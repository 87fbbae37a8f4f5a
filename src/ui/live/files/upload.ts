import { API_PREFIX, networkSentence, parseJson, ProblemError, problemOf } from '../../../contract/wire/transport.ts';

/** Bytes of a piece: what is lost when a host dies meanwhile. */
const PIECE = 8 * 1024 * 1024;
const ASK_MS = 10_000;
/** For one piece over a slow network; the region looks at all that came after the last byte. */
const PIECE_MS = 120_000;
const LAST_MS = 30 * 60_000;
const PAUSE_MS = 2000;
/** Another region, or the same one a little later, may take it. */
const PASSING = [408, 409, 425, 429, 502, 503, 504];

/** What an upload needs. */
export interface UploadPorts {
  readonly origin: string;
  readonly fetch: typeof fetch;
  readonly headers: () => Readonly<Record<string, string>>;
}

/** A file on its way. `onWait`: the site does not take it just now, and why. */
export interface SentFile {
  readonly image: string;
  readonly name: string;
  readonly file: Blob;
  readonly signal: AbortSignal;
  readonly onSent: (bytes: number) => void;
  readonly onWait: (why: string) => void;
}

/**
 * Sends a file in pieces, and goes on where it broke off: also one that an earlier page began. It waits for a site that is away as long as the page is
 * open. Throws `ProblemError` when refused.
 */
export async function sendFile(ports: UploadPorts, sent: SentFile): Promise<void> {
  const { file, signal, onSent, onWait } = sent;
  let at: number | null = null;
  for (;;) {
    signal.throwIfAborted();
    try {
      at ??= await put(ports, sent, null);
      onSent(at);
      if (at >= file.size) return;
      at = await put(ports, sent, at);
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof ProblemError && !PASSING.includes(error.problem.status)) throw error;
      onWait(error instanceof ProblemError ? error.problem.detail : networkSentence(error));
      // The one that answers next may have less of it.
      at = null;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}

/** One call: the piece from `start` on; null: how much is there? Gives how much is there after it. */
async function put(ports: UploadPorts, { image, name, file, signal }: SentFile, start: number | null): Promise<number> {
  const end = start === null ? 0 : Math.min(start + PIECE, file.size);
  const ms = start === null ? ASK_MS : end === file.size ? LAST_MS : PIECE_MS;
  const path = `${API_PREFIX}/images/${encodeURIComponent(image)}/files/${encodeURIComponent(name)}`;
  const response = await ports.fetch(`${ports.origin}${path}`, {
    method: 'PUT',
    headers: {
      ...ports.headers(),
      accept: 'application/json',
      'content-type': 'application/octet-stream',
      'content-range': start === null ? `bytes */${file.size}` : `bytes ${start}-${end - 1}/${file.size}`,
    },
    ...(start === null ? {} : { body: file.slice(start, end) }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(ms)]),
  });
  const text = await response.text();
  if (!response.ok) throw new ProblemError(problemOf(response.status, text));
  const { received } = (parseJson(text) ?? {}) as { readonly received?: unknown };
  return typeof received === 'number' ? received : end;
}
