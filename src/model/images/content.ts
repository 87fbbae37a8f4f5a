import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';

/**
 * Bytes of all pieces of images that wait for the rest, together. Each piece is also written to the log of the
 * database, and on each host: its disk must never be full of them.
 */
export const PIECES_MOST = 2 ** 30;

/** How the root of a deployable image is packed: files, or a whole disk. */
export const ROOT_FORMATS = ['tar', 'raw'] as const;
export type RootFormat = (typeof ROOT_FORMATS)[number];

/** The compression of a root file. */
export const COMPRESSIONS = ['none', 'gz', 'xz', 'zst'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

const GIB = 2 ** 30;
/** The most that a root may have unpacked, bytes. */
export const UNPACKED_MOST = 64 * GIB;

/** The root of a deployable image. `bytes`: unpacked; null if its maker has not stated it. */
export interface ImageContent {
  readonly file: string;
  readonly format: RootFormat;
  readonly compression: Compression;
  readonly bytes: number | null;
  readonly hasCloudInit: boolean;
}

/** The name that such a root has: `root.tar.zst`, `disk.raw`. */
export function rootFileName(format: RootFormat, compression: Compression): string {
  const base = format === 'tar' ? 'root.tar' : 'disk.raw';
  return compression === 'none' ? base : `${base}.${compression}`;
}

/** Parses the member `content` of a manifest. `files`: names of the manifest's files, of which it is the only one. */
export function parseContent(value: unknown, files: readonly string[]): ImageContent | Rejected {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return bad('', 'it is not an object', 'file, format, compression, cloudInit of a deployable image');
  const { file, format, compression, bytes, cloudInit } = value as Readonly<Record<string, unknown>>;
  const known = {
    format: oneOf('format', ROOT_FORMATS, format),
    compression: oneOf('compression', COMPRESSIONS, compression),
  };
  if (isRejected(known.format)) return known.format;
  if (isRejected(known.compression)) return known.compression;
  const name = rootFileName(known.format, known.compression);
  if (file !== name) return bad('/file', `${show(file)} is not its name`, `${name}, by format and compression`);
  if (files.length !== 1 || files[0] !== name)
    return bad('/file', `the files are ${files.join(', ')}`, `a deployable image has one file, ${name}`);
  if (typeof cloudInit !== 'boolean') return bad('/cloudInit', `${show(cloudInit)} is not usable`, 'true or false');
  if (
    bytes !== undefined &&
    (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 1 || bytes > UNPACKED_MOST)
  )
    return bad('/bytes', `${show(bytes)} is not usable`, `1 to ${UNPACKED_MOST}, unpacked`);
  return { file, ...known, bytes: bytes ?? null, hasCloudInit: cloudInit } as ImageContent;
}

function oneOf<T extends string>(field: string, known: readonly T[], value: unknown): T | Rejected {
  return known.find((one) => one === value) ?? bad(`/${field}`, `${show(value)} is not known`, known.join(', '));
}

function bad(field: string, problem: string, rule: string): Rejected {
  return invalid(`manifest/content${field}`, problem, rule);
}

const GZIP = [0x1f, 0x8b] as const;
const XZ = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] as const;
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd] as const;
const QCOW2 = [0x51, 0x46, 0x49, 0xfb] as const;

/** What a file is by its first bytes (8 are enough): compressed, a qcow2 image, or something that says nothing of itself. */
export function kindOfBytes(head: Uint8Array): Exclude<Compression, 'none'> | 'qcow2' | null {
  const begins = (magic: readonly number[]) => magic.every((byte, index) => head[index] === byte);
  if (begins(GZIP)) return 'gz';
  if (begins(XZ)) return 'xz';
  if (begins(ZSTD)) return 'zst';
  return begins(QCOW2) ? 'qcow2' : null;
}
