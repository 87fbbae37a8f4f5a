import { open, stat } from 'node:fs/promises';
import { errnoOf, hostFault } from '../system-error.ts';

/** Small files that others write, read again when they change. */
export interface WatchedTexts {
  /** Texts in the order of the paths, null for a missing file. The same array as before while nothing changed. Throws AppErrors as HostFiles. */
  read(): Promise<readonly (string | null)[]>;
}

/** Such a file is small; the rest of a larger one is left out. */
const LIMIT = 256 * 1024;

/** Watches files by inode, size and time of change, so it sees a write and a rename over the file. */
export function watchTexts(paths: readonly string[]): WatchedTexts {
  let sign = '';
  let texts: readonly (string | null)[] = paths.map(() => null);
  return {
    read: async () => {
      const next = (await Promise.all(paths.map(signOf))).join(' ');
      if (next === sign) return texts;
      texts = await Promise.all(paths.map(readSmall));
      sign = next;
      return texts;
    },
  };
}

async function signOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '-';
    throw hostFault('watched', path, error);
  }
}

async function readSmall(path: string): Promise<string | null> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LIMIT), 0, LIMIT, 0);
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw hostFault('read', path, error);
  }
}
