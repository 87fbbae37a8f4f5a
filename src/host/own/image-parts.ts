import { createHash, type Hash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Rejected, rejected } from '../../core/errors.ts';
import { errnoOf } from '../system-error.ts';
import { unpacked } from './unpacked.ts';

/** A file of an image. */
export interface FileName {
  readonly image: string;
  readonly name: string;
}

/** A file as it must be. */
export interface ExpectedFile extends FileName {
  readonly size: number;
  readonly sha256: string;
}

/** How bytes are written. `start`: where they go on; `until`: how many the file has when they have come, its size when left out; `isResumable`: the received bytes stay if the transfer breaks off. `inspect`: the last check of a file whose digest is right, before anybody may use it. */
export interface PartWrite {
  readonly start?: number;
  readonly until?: number;
  readonly isResumable?: boolean;
  readonly inspect?: (unpack: (compression: string) => AsyncIterable<Uint8Array>) => Promise<Rejected | null>;
}

interface Placing extends PartWrite {
  readonly place: (path: string) => Promise<void>;
}

const CHUNK = 2 ** 20;
const NAMED = /^([0-9a-f]{64})\.([a-z0-9][a-z0-9._-]{0,60})$/;

/**
 * Files that are being received. One that may go on is named by its file, has one writer at a time and outlives the process; any other has a name of chance
 * and goes with its writer.
 */
export function openImageParts(folder: string) {
  const busy = new Set<string>();
  let cleaned: Promise<void> | null = null;
  const ready = () =>
    (cleaned ??= (async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const names = await readdir(folder);
      await Promise.all(names.filter((name) => !NAMED.test(name)).map((name) => rm(join(folder, name))));
    })());
  const nameOf = ({ image, name }: FileName) => `${image}.${name}`;
  const received = async (file: FileName): Promise<number> => {
    await ready();
    return (await stat(join(folder, nameOf(file))).catch(() => null))?.size ?? 0;
  };

  return {
    ready,
    /** Bytes that broke off. */
    received,
    /** Path of a file of the image. */
    pathOf: (file: FileName) => join(folder, nameOf(file)),
    /** Removes parts that nobody will go on with; gives their number. */
    drop: async (isNeeded: (file: FileName) => boolean): Promise<number> => {
      await ready();
      const gone = (await readdir(folder)).filter((name) => {
        const [, image, file] = NAMED.exec(name) ?? [];
        return image !== undefined && file !== undefined && !busy.has(name) && !isNeeded({ image, name: file });
      });
      await Promise.all(gone.map((name) => rm(join(folder, name), { force: true })));
      return gone.length;
    },
    /** Writes and compares as the bytes come. A refusal leaves nothing, but the one that bytes go on elsewhere. */
    write: async (file: ExpectedFile, from: AsyncIterable<Uint8Array>, how: Placing): Promise<Rejected | null> => {
      const { start = 0, isResumable = false } = how;
      const isBusy = busy.has(nameOf(file));
      if (isBusy && start > 0) return rejected('conflict', `${file.name} is in use: another call is sending it.`);
      const name = isResumable && !isBusy ? nameOf(file) : randomBytes(8).toString('hex');
      const path = join(folder, name);
      busy.add(name);
      try {
        const there = start === 0 ? 0 : await received(file);
        if (there !== start)
          return rejected(
            'conflict',
            `${file.name}: the piece begins at byte ${start}, but ${there} bytes are stored. Rule: pieces follow each other. Continue at byte ${there}.`,
          );
        return await fill(path, file, from, how);
      } finally {
        busy.delete(name);
      }
    },
  };
}

async function fill(
  path: string,
  file: ExpectedFile,
  from: AsyncIterable<Uint8Array>,
  how: Placing,
): Promise<Rejected | null> {
  const { start = 0, until = file.size, isResumable = false, inspect, place } = how;
  let isGone = true;
  const handle = await open(path, start === 0 ? 'w' : 'r+', 0o600);
  try {
    // Only the last piece needs the digest of all that came before it.
    const hash = until === file.size ? createHash('sha256') : null;
    if (hash !== null && start > 0) await readInto(hash, handle, start);
    // Bytes that broke off are gone on with; others are not.
    isGone = !isResumable;
    const bytes = await append(handle, hash, { from, start, until });
    isGone = true;
    if (bytes > until) return refused(file, `is longer than ${until} bytes, the size in ${sizeSource(file, until)}`);
    if (bytes < until) return refused(file, `ended after ${bytes} of ${until} bytes`);
    await handle.sync();
    isGone = hash !== null;
    if (hash === null) return null;
    const digest = hash.digest('hex');
    if (digest !== file.sha256) return refused(file, `has the digest ${digest}, but the manifest has ${file.sha256}`);
    const refusal = inspect ? await inspect((compression) => unpacked(path, compression)) : null;
    if (refusal) return refusal;
    await place(path);
    return null;
  } catch (error) {
    isGone ||= isFull(error);
    throw error;
  } finally {
    await handle.close();
    if (isGone) await rm(path, { force: true });
  }
}

/** Gives the bytes that the file has then; at the first one too many it ends. */
async function append(
  handle: FileHandle,
  hash: Hash | null,
  { from, start, until }: { readonly from: AsyncIterable<Uint8Array>; readonly start: number; readonly until: number },
): Promise<number> {
  let bytes = start;
  for await (const chunk of from) {
    if (bytes + chunk.length > until) return bytes + chunk.length;
    hash?.update(chunk);
    for (let at = 0; at < chunk.length; )
      at += (await handle.write(chunk, at, chunk.length - at, bytes + at)).bytesWritten;
    bytes += chunk.length;
  }
  return bytes;
}

async function readInto(hash: Hash, handle: FileHandle, bytes: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(CHUNK, bytes - at), at);
    if (bytesRead === 0) return;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

function sizeSource({ size }: ExpectedFile, until: number): string {
  return until === size ? 'the manifest' : 'the call';
}

function refused({ name }: ExpectedFile, why: string): Rejected {
  return rejected('invalid_value', `${name} ${why}. Nothing was stored.`);
}

/** Is it a fault of the disk's room? */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '');
}
