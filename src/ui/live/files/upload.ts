import {
  API_PREFIX,
  networkSentence,
  parseJson,
  ProblemError,
  problemOf,
} from '../../../contract/base/wire/transport.ts';

/** Bytes of a piece: what is lost when a host dies meanwhile. */
const PIECE = 8 * 1024 * 1024;
const ASK_MS = 10_000;
/** For one piece over a slow network; the region checks everything that arrived after the last byte. */
const PIECE_MS = 120_000;
const LAST_MS = 30 * 60_000;
const PAUSE_MS = 2000;
/** With these statuses another region node, or the same one later, may accept the piece. */
const PASSING = [408, 409, 425, 429, 502, 503, 504];
/** With these statuses the site is away or busy. The others mean that it has other bytes than expected. */
const BUSY = [429, 502, 503, 504];
/** The upload ends after so many answered interruptions, and so much time, without progress. */
const INTERRUPTIONS_MOST = 10;
const STANDSTILL_MS = 30 * 60_000;

/** What an upload needs. */
export interface UploadPorts {
  readonly origin: string;
  readonly fetch: typeof fetch;
  readonly headers: () => Readonly<Record<string, string>>;
  readonly now?: () => number;
  readonly pauseMs?: number;
}

/** An interruption: the byte at which the upload continues (null: the site does not answer yet), and the reason. */
export type Interruption = { readonly at: number | null; readonly reason: string };

/** A running upload of a file. */
export interface SentFile {
  readonly image: string;
  readonly name: string;
  readonly file: Blob;
  readonly signal: AbortSignal;
  readonly onSent: (bytes: number) => void;
  readonly onInterruption: (interruption: Interruption) => void;
}

/**
 * Sends a file in pieces, and continues where it broke off, also one that an earlier page started. It waits for a site that is away, but never for ever: without
 * a byte more than before it ends after half an hour, or after some interruptions with an answer. Throws `ProblemError` when refused or ended.
 */
export async function sendFile(ports: UploadPorts, sent: SentFile): Promise<void> {
  const { file, signal, onSent, onInterruption } = sent;
  const now = ports.now ?? (() => performance.now());
  let at: number | null = null;
  let reason = '';
  let most = -1;
  let [since, interruptions] = [now(), 0];
  for (;;) {
    signal.throwIfAborted();
    try {
      if (at === null) {
        at = await put(ports, sent, null);
        if (reason !== '') onInterruption({ at, reason });
      } else {
        at = await put(ports, sent, at);
        reason = '';
      }
      if (at > most) [most, since, interruptions] = [at, now(), 0];
      if (reason === '') onSent(at);
      if (at >= file.size) return;
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof ProblemError && !PASSING.includes(error.problem.status)) throw error;
      if (error instanceof ProblemError && !BUSY.includes(error.problem.status)) interruptions += 1;
      if (interruptions >= INTERRUPTIONS_MOST || now() - since >= STANDSTILL_MS) throw error;
      reason = error instanceof ProblemError ? error.problem.detail : networkSentence(error);
      onInterruption({ at: null, reason });
      // The node that answers next may have fewer bytes.
      at = null;
      await new Promise((done) => setTimeout(done, ports.pauseMs ?? PAUSE_MS));
    }
  }
}

/** Sends the piece from `start` on; null: only reads the size. Returns how many bytes the site has. */
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
