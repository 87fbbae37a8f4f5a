import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DurableText } from '../interface.ts';
import { errnoOf, hostFault } from '../system-error.ts';

/**
 * A file of this process's own (the agent's ledger): written to a second file, fsynced, renamed, folder fsynced, mode 0600. After a crash it holds
 * the old text or the new one, never a part.
 */
export function durableText(path: string): DurableText {
  return {
    read: async () => {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return null;
        throw hostFault('read', path, error);
      }
    },
    write: async (text) => {
      const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeSynced(temporary, text);
        await rename(temporary, path);
        await syncFolder(dirname(path));
      } catch (error) {
        await unlink(temporary).catch(() => {});
        throw hostFault('written', path, error);
      }
    },
    remove: async () => {
      try {
        await unlink(path);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw hostFault('removed', path, error);
      }
    },
    setAside: async (suffix) => {
      const aside = `${path}.${suffix}`;
      try {
        await rename(path, aside);
        await chmod(aside, 0o600);
      } catch (error) {
        throw hostFault('set aside', path, error);
      }
      return aside;
    },
  };
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text, 'utf8');
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes names in a folder last. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
