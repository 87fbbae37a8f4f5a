import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { callFor } from './web.ts';

/** A file of an image at a rack, as the region knows it. */
export interface KnownFile {
  readonly url: string;
  readonly size: number;
  readonly sha256: string;
}

/** Bytes of a block that a machine fetches. */
export const BLOCK = 1024 * 1024;
const TIMEOUT_MS = 60_000;
/** A whole file, whose first reader waits until the rack has it from a region. */
const WHOLE_MS = 180_000;

/** What files are made of, by URL: what each block of them must be. */
export class Files {
  readonly #blocks = new Map<string, { readonly size: number; readonly sums: readonly number[] }>();

  /** Fetches a file whole, block by block. Throws when it is not the one that the region knows. */
  async learn({ url, size, sha256 }: KnownFile, address: string): Promise<void> {
    const hash = createHash('sha256');
    const sums: number[] = [];
    for (let from = 0; from < size; from += BLOCK) {
      const block = await fetchBlock(url, { from, size, address, timeoutMs: WHOLE_MS });
      hash.update(block);
      sums.push(crc32(block));
    }
    if (hash.digest('hex') !== sha256) throw new Error(`${url} is not the file that the region knows`);
    this.#blocks.set(url, { size, sums });
  }

  /** Fetches a block of a file, drawn by `fraction` (0 to 1), and gives its length. Throws when a byte of it is wrong. */
  async fetch(url: string, address: string, fraction: number): Promise<number> {
    const known = this.#blocks.get(url);
    if (known === undefined) throw new Error(`nobody said that there is a file ${url}`);
    const { size, sums } = known;
    const index = Math.min(sums.length - 1, Math.floor(fraction * sums.length));
    const block = await fetchBlock(url, { from: index * BLOCK, size, address, timeoutMs: TIMEOUT_MS });
    if (crc32(block) !== sums[index]) throw new Error(`block ${index} of ${url} has wrong bytes`);
    return block.length;
  }
}

interface Wanted {
  readonly from: number;
  readonly size: number;
  readonly address: string;
  readonly timeoutMs: number;
}

async function fetchBlock(url: string, { from, size, address, timeoutMs }: Wanted): Promise<Buffer> {
  const to = Math.min(size, from + BLOCK) - 1;
  const { headers, body } = await callFor(206, { url, address, timeoutMs, headers: { range: `bytes=${from}-${to}` } });
  if (headers['content-range'] !== `bytes ${from}-${to}/${size}` || body.length !== to - from + 1)
    throw new Error(`bytes ${from}-${to} of ${url} came as ${headers['content-range']}, ${body.length} bytes`);
  return body;
}
