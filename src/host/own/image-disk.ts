import { createHash } from 'node:crypto';
import { type BigIntStats, createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type Rejected, rejected } from '../../core/errors.ts';
import { durableText, syncFolder } from './durable-text.ts';
import { type FileName, isFull, openImageParts, type PartWrite, type ExpectedFile } from './image-parts.ts';
import { errnoOf, hostFault } from '../system-error.ts';

/** How the disk is used. `keepFree`: bytes of its file system that images never take. `gentleBytesPerS`: of a slow reading. */
export interface ImageDiskOptions {
  readonly folder: string;
  readonly keepFree?: number;
  readonly gentleBytesPerS?: number;
}

const KEEP_FREE = 2 ** 30;
/** Half of what a slow disk gives: 8 GB take seven minutes. */
const GENTLE_BYTES_PER_S = 20 * 2 ** 20;
const CHUNK = 2 ** 20;
const MANIFEST = 'manifest.json';
/** Files that are being written. */
const PARTS = '.parts';
const IMAGE = /^[0-9a-f]{64}$/;
const NAME = /^[a-z0-9][a-z0-9._-]{0,60}$/;

/**
 * Images on this host's disk: FOLDER/DIGEST/FILE. A file is written under another name, fsynced, renamed and its folder fsynced, so it is there whole or not
 * at all. Structurally the region's `ImageDisk`.
 */
export function openImageDisk({
  folder,
  keepFree = KEEP_FREE,
  gentleBytesPerS = GENTLE_BYTES_PER_S,
}: ImageDiskOptions) {
  const parts = openImageParts(join(folder, PARTS));
  const ready = () => parts.ready();
  const pathOf = ({ image, name }: FileName) => {
    if (!IMAGE.test(image) || !NAME.test(name))
      throw new AppError('image_name', 'this is not the name of an image file');
    return join(folder, image, name);
  };
  const manifestOf = (image: string) => durableText(pathOf({ image, name: MANIFEST }));

  const store = (file: ExpectedFile, from: AsyncIterable<Uint8Array>, how: PartWrite): Promise<Rejected | null> => {
    const path = pathOf(file);
    return parts.write(file, from, {
      ...how,
      place: async (part) => {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await rename(part, path);
        await syncFolder(dirname(path));
        await syncFolder(folder);
      },
    });
  };
  return {
    list: async () => {
      await ready();
      const images = (await readdir(folder)).filter((name) => IMAGE.test(name));
      return (await Promise.all(images.map((image) => listFolder(join(folder, image), image)))).flat();
    },
    free: async () => {
      await ready();
      const { bavail, bsize } = await statfs(folder);
      return Math.max(0, bavail * bsize - keepFree);
    },
    received: (file: FileName) => parts.received(file),
    dropParts: (isNeeded: (file: FileName) => boolean) => parts.drop(isNeeded),
    write: async (
      file: ExpectedFile,
      from: AsyncIterable<Uint8Array>,
      how: PartWrite = {},
    ): Promise<Rejected | null> => {
      await ready();
      try {
        return await store(file, from, how);
      } catch (error) {
        if (!isFull(error)) throw error;
        return rejected(
          'insufficient_storage',
          `The disk is full: ${file.name} of ${file.size} bytes could not be stored.`,
        );
      }
    },
    digest: async (
      file: FileName,
      { isGentle, signal }: { readonly isGentle: boolean; readonly signal: AbortSignal },
    ) => {
      const handle = await openIfThere(pathOf(file));
      if (handle === null) return null;
      try {
        return await digestOf(handle, isGentle ? gentleBytesPerS : null, signal);
      } finally {
        await handle.close();
      }
    },
    open: async (file: FileName) => openFile(pathOf(file)),
    openPart: async (file: FileName) => {
      // Refuses a name that would lead elsewhere.
      pathOf(file);
      return openFile(parts.pathOf(file));
    },
    stamp: async (file: FileName) => {
      const found = await readStatus(pathOf(file));
      return found === null ? null : stampOf(found);
    },
    remove: async (file: FileName) => removeFile(pathOf(file)),
    readManifest: (image: string) => manifestOf(image).read(),
    writeManifest: (image: string, text: string) => manifestOf(image).write(text),
  };
}

async function openFile(path: string) {
  const handle = await openIfThere(path);
  if (handle === null) return null;
  const found = await handle.stat({ bigint: true });
  return {
    size: Number(found.size),
    stamp: stampOf(found),
    // The handle is closed with the stream, also when its reader goes away.
    bytes: (start: number, end: number) =>
      createReadStream(path, { fd: handle, start, end, highWaterMark: 256 * 1024 }),
    close: () => handle.close(),
  };
}

/** The manifest goes with the last file: each writer of a file writes it again. */
async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
  const folder = dirname(path);
  const left = await readdir(folder).catch(() => null);
  if (left === null || left.some((name) => name !== MANIFEST)) return;
  await rm(join(folder, MANIFEST), { force: true });
  await rmdir(folder).catch(() => {});
}

async function digestOf(handle: FileHandle, bytesPerS: number | null, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let at = 0; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, at);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
    if (bytesPerS !== null && bytesRead === CHUNK) await sleep((1000 * CHUNK) / bytesPerS, undefined, { signal });
  }
}

async function listFolder(path: string, image: string) {
  const names = await readdir(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw hostFault('read', path, error);
  });
  const files = names.filter((name) => NAME.test(name));
  const statuses = await Promise.all(files.map((name) => readStatus(join(path, name))));
  return files.flatMap((name, index) => {
    const found = statuses[index];
    return found?.isFile() ? [{ image, name, size: Number(found.size), stamp: stampOf(found) }] : [];
  });
}

const readStatus = (path: string): Promise<BigIntStats | null> => stat(path, { bigint: true }).catch(() => null);

/** Another one after each write: the kernel sets the time of the last change, which no program can set back (inode(7), ctime). */
const stampOf = ({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string => [ino, size, mtimeNs, ctimeNs].join(':');

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw hostFault('read', path, error);
  }
}
