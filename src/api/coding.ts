import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from 'node:zlib';

/** Codings that answers may have. */
export type Coding = 'br' | 'gzip';

/** Does a client take this coding? One with `q=0` is one that it does not take (RFC 9110 §12.5.3). */
export function takesCoding(accepted: string, coding: Coding): boolean {
  return accepted.split(',').some((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    return name === coding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}

/** Characters below which an answer goes as it is: it fits into one packet, and coding it would save nothing. */
const LEAST = 1400;
/** Up to here coding takes 0.1 ms, less than handing the text to another thread does. */
const AT_ONCE = 64 * 1024;
/**
 * gzip of more than that is for browsers only: 7 ms for a megabyte, more than a fast network saves. Every client that names gzip would pay, also a script beside
 * the region. Brotli at its lowest quality takes 3 ms for a megabyte and makes a tenth of it (Node 24, two cores; gzip at level 1: an eighth).
 */
const GZIP_MOST = 64 * 1024;
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const GZIP = { level: 1 };

/** The coding of an answer of so many characters; null: as it is. */
export function chooseCoding(accepted: string, length: number, isBrowser: boolean): Coding | null {
  if (length < LEAST || accepted === '') return null;
  if (takesCoding(accepted, 'br')) return 'br';
  return takesCoding(accepted, 'gzip') && (isBrowser || length <= GZIP_MOST) ? 'gzip' : null;
}

/** A text in a coding. A short one is coded at once, a long one in another thread, so that other calls go on. */
export async function encode(text: string, coding: Coding): Promise<Buffer> {
  if (text.length <= AT_ONCE) return coding === 'br' ? brotliCompressSync(text, BROTLI) : gzipSync(text, GZIP);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const done = (error: Error | null, bytes: Buffer) => (error ? reject(error) : resolve(bytes));
  if (coding === 'br') brotliCompress(text, BROTLI, done);
  else gzip(text, GZIP, done);
  return promise;
}
