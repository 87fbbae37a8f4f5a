import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, lutimes, open, readdir, rename, unlink } from 'node:fs/promises';
import { AppError } from '../core/errors.ts';
import type { FileContent } from '../core/host-values.ts';
import { findGroup, findUser } from './accounts.ts';
import type { HostFiles } from './interface.ts';
import { type FolderOwner, inside, openFolder, splitPath, syncFolder } from './safe-folder.ts';
import { errnoOf, hostFault } from './system-error.ts';

/** A managed file is a configuration, never a blob. Larger files are refused. */
const READ_LIMIT = 64 * 1024 * 1024;

/** Files of the machine that this process runs on. No operation follows a symbolic link. */
export function realFiles(): HostFiles {
  return { read, list, install, move, remove };
}

async function read(path: string): Promise<string | null> {
  return await inFolderOf(path, 'read', async (folder, name) => {
    let file: FileHandle;
    try {
      // Non-blocking: opening a named pipe must not wait for a writer.
      file = await open(inside(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
    try {
      const status = await file.stat();
      if (!status.isFile()) throw new AppError('denied', `${path} is not a regular file`);
      if (status.size > READ_LIMIT) throw new AppError('io', `${path} is larger than ${READ_LIMIT} bytes`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  });
}

async function list(path: string): Promise<readonly string[]> {
  try {
    return (await listBelow(path)).sort();
  } catch (error) {
    throw hostFault('listed', path, error);
  }
}

/** Everything that is not a folder: links and sockets are reported too, so that they can be removed. */
async function listBelow(path: string): Promise<string[]> {
  const folder = await openFolder(path);
  if (folder === null) return [];
  try {
    const found: string[] = [];
    for (const entry of await readdir(inside(folder, '.'), { withFileTypes: true })) {
      const below = `${path}/${entry.name}`;
      if (entry.isDirectory()) found.push(...(await listBelow(below)));
      else found.push(below);
    }
    return found;
  } finally {
    await folder.close();
  }
}

async function install(file: FileContent): Promise<void> {
  const owner: FolderOwner = { uid: (await findUser(file.owner)).uid, gid: await findGroup(file.group) };
  const write = async (folder: FileHandle, name: string) => {
    const temporary = inside(folder, `.${name}.${randomBytes(6).toString('hex')}.tmp`);
    try {
      await writeNew(temporary, file, owner);
      await rename(temporary, inside(folder, name));
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
    await syncFolder(folder);
  };
  await inFolderOf(file.path, 'written', write, owner);
}

async function writeNew(path: string, file: FileContent, owner: FolderOwner): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(path, flags, 0o600);
  try {
    await handle.writeFile(file.content, 'utf8');
    await handle.chown(owner.uid, owner.gid);
    await handle.chmod(file.mode & 0o777);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function move(from: string, to: string): Promise<void> {
  await inFolderOf(from, 'moved', async (source, sourceName) => {
    const status = await lstat(inside(source, sourceName));
    if (!status.isFile()) throw new AppError('denied', `${from} is not a regular file`);
    const put = async (target: FileHandle, targetName: string) => {
      // Daemons recognise new files by their time: BIND skips a zone file that is older than its last load.
      const now = new Date();
      await lutimes(inside(source, sourceName), now, now);
      await rename(inside(source, sourceName), inside(target, targetName));
      await syncFolder(target);
    };
    await inFolderOf(to, 'replaced', put, { uid: status.uid, gid: status.gid });
    await syncFolder(source);
  });
}

async function remove(path: string): Promise<void> {
  await inFolderOf(path, 'removed', async (folder, name) => {
    try {
      await unlink(inside(folder, name));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      throw error;
    }
    await syncFolder(folder);
  });
}

/** Opens a path's folder, acts in it, closes it; gives null when there is no such folder (reads, removals). */
async function inFolderOf<T>(
  path: string,
  action: string,
  act: (folder: FileHandle, name: string) => Promise<T>,
  owner?: FolderOwner,
): Promise<T | null> {
  const { folder, name } = splitPath(path);
  const handle = await openFolder(folder, owner);
  if (handle === null) {
    if (action === 'moved') throw new AppError('io', `${path} could not be moved: ENOENT`);
    return null;
  }
  try {
    return await act(handle, name);
  } catch (error) {
    throw hostFault(action, path, error);
  } finally {
    await handle.close();
  }
}
