import { AppError } from './errors.ts';

/** Reads `length` bytes at `offset`. Fewer come back at the end of the file. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

const MAGIC = 0xed0c_daed;
const VERSION = 2;
const [BRANCH, LEAF] = [1, 2];
/** A leaf element whose value is a bucket. */
const IS_BUCKET = 1;
const HEAD = 16;
const META = HEAD + 64;
const PAGE_SIZES = [4096, 8192, 16_384, 32_768, 65_536];
/** Bounds of a walk: depth of the tree, pages, and bytes of one page with its overflow. */
const DEPTH_MAX = 16;
const PAGES_MAX = 4096;
const PAGE_MAX = 16 << 20;
/** A writer that commits meanwhile makes the walk begin again. */
const TRIES = 5;

/** A page of the file, or of a bucket that lies inside a value. */
type BoltPage = Pick<DataView, 'buffer' | 'byteOffset' | 'byteLength'>;

/** Where the newest committed state begins. */
type Meta = { readonly pageSize: number; readonly root: number; readonly commit: bigint };

/**
 * The keys and values of a top bucket of a bbolt file (etcd's store), null if there is no such bucket. A commit writes only pages that the last
 * committed state does not use, so this also reads a file that etcd writes: if the number of the commit is another one afterwards, it reads again.
 */
export function readBoltBucket(readAt: ReadAt, name: string): ReadonlyMap<string, string> | null {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const meta = readMeta(readAt);
    const found = attempt(() => walkFrom(readAt, meta, name));
    if (readMeta(readAt).commit !== meta.commit) continue;
    if (found instanceof AppError) throw found;
    return found;
  }
  throw damaged('it changes too often to be read');
}

function walkFrom(readAt: ReadAt, meta: Meta, name: string): ReadonlyMap<string, string> | null {
  const walker = new Walker(readAt, meta.pageSize);
  const bucket = [...walker.leaves(walker.page(meta.root))].find((leaf) => leaf.isBucket && textOf(leaf.key) === name);
  if (bucket === undefined) return null;
  const head = viewOf(bucket.value);
  const root = numberAt(head, 0);
  // A small bucket has its only page in the value, after its head.
  const page = root === 0 ? viewOf(bucket.value.subarray(HEAD)) : walker.page(root);
  return new Map([...walker.leaves(page)].map(({ key, value }) => [textOf(key), textOf(value)]));
}

class Walker {
  readonly #readAt: ReadAt;
  readonly #pageSize: number;
  #pages = 0;

  constructor(readAt: ReadAt, pageSize: number) {
    this.#readAt = readAt;
    this.#pageSize = pageSize;
  }

  page(id: number): BoltPage {
    this.#pages += 1;
    if (this.#pages > PAGES_MAX) throw damaged('it has too many pages');
    const first = viewOf(this.#bytes(id, this.#pageSize));
    const length = (1 + first.getUint32(12, true)) * this.#pageSize;
    if (numberAt(first, 0) !== id || length > PAGE_MAX) throw damaged(`page ${id} is not a page`);
    return length === this.#pageSize ? first : viewOf(this.#bytes(id, length));
  }

  *leaves(page: BoltPage, depth = 0): Generator<{ key: Uint8Array; value: Uint8Array; isBucket: boolean }> {
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
    const [kind, count] = [view.getUint16(8, true), view.getUint16(10, true)];
    if (depth > DEPTH_MAX) throw damaged('its tree is too deep');
    for (let at = HEAD; at < HEAD + count * HEAD; at += HEAD) {
      if (kind === BRANCH) yield* this.leaves(this.page(numberAt(view, at + 8)), depth + 1);
      else if (kind === LEAF) {
        const start = at + view.getUint32(at + 4, true);
        const [keySize, valueSize] = [view.getUint32(at + 8, true), view.getUint32(at + 12, true)];
        const key = part(view, start, keySize);
        const value = part(view, start + keySize, valueSize);
        yield { key, value, isBucket: (view.getUint32(at, true) & IS_BUCKET) !== 0 };
      } else throw damaged('a page of its tree has the wrong kind');
    }
  }

  #bytes(id: number, length: number): Uint8Array {
    const bytes = this.#readAt(id * this.#pageSize, length);
    if (bytes.byteLength !== length) throw damaged('it is cut off');
    return bytes;
  }
}

/** The newer one of the first two pages whose checksum is right: a crash may have left one half written. */
function readMeta(readAt: ReadAt): Meta {
  const metas = [0, ...PAGE_SIZES].flatMap((offset) => {
    const meta = metaIn(readAt(offset, META));
    return meta && (offset === 0 || offset === meta.pageSize) ? [meta] : [];
  });
  const [newest] = metas.sort((a, b) => (a.commit < b.commit ? 1 : -1));
  if (newest === undefined) throw damaged('its header is not that of an etcd store');
  return newest;
}

function metaIn(bytes: Uint8Array): Meta | null {
  if (bytes.byteLength < META) return null;
  const view = viewOf(bytes);
  if (view.getUint32(HEAD, true) !== MAGIC || view.getUint32(HEAD + 4, true) !== VERSION) return null;
  if (view.getBigUint64(HEAD + 56, true) !== fnv1a(bytes.subarray(HEAD, HEAD + 56))) return null;
  const pageSize = view.getUint32(HEAD + 8, true);
  if (!PAGE_SIZES.includes(pageSize)) return null;
  return { pageSize, root: numberAt(view, HEAD + 16), commit: view.getBigUint64(HEAD + 48, true) };
}

/** FNV-1a of 64 bits (draft-eastlake-fnv): bbolt's checksum. */
function fnv1a(bytes: Uint8Array): bigint {
  return bytes.reduce(
    (hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n),
    0xcbf2_9ce4_8422_2325n,
  );
}

function numberAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function part(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).subarray(at, at + length);
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const damaged = (why: string) => new AppError('etcd', `the file is not an etcd store: ${why}`);

/** A walk that meets a commit may meet anything: a fault counts only when there was none. */
function attempt<T>(walk: () => T): T | AppError {
  try {
    return walk();
  } catch (error) {
    if (error instanceof AppError) return error;
    return new AppError('etcd', 'the file is not an etcd store: a page is damaged', { cause: error });
  }
}
