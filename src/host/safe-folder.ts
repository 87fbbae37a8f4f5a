import { constants } from 'node:fs';
import { chown, type FileHandle, mkdir, open } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import { AppError, show } from '../core/errors.ts';
import { errnoOf, hostFault } from './system-error.ts';

/** Linux's O_PATH (open(2)): a handle that only names a place; Node has no constant for it. */
const O_PATH = 0o10000000;
const STEP = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** The owner of folders that we make. */
export interface FolderOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Walks to a folder one name at a time and never through a symbolic link. So nobody who can write to a folder on the path can lead a privileged
 * process elsewhere, not even between check and use. Gives a handle: names below `/proc/self/fd/<fd>/` are in that very folder. It makes missing
 * folders (0755) for `owner`; without an owner the answer is null.
 */
export async function openFolder(path: string, owner?: FolderOwner): Promise<FileHandle | null> {
  let handle = await open('/', O_PATH | constants.O_DIRECTORY);
  let walked = '';
  for (const name of path.split('/').filter((part) => part !== '')) {
    walked += `/${name}`;
    const parent = handle;
    try {
      const next = await step(parent, name, owner);
      if (next === null) return null;
      handle = next;
    } catch (error) {
      if (errnoOf(error) === 'ENOTDIR') throw notFolder(walked);
      throw hostFault('opened', walked, error);
    } finally {
      await parent.close();
    }
  }
  return handle;
}

async function step(parent: FileHandle, name: string, owner?: FolderOwner): Promise<FileHandle | null> {
  const place = inside(parent, name);
  try {
    return await open(place, STEP);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  if (!owner) return null;
  try {
    await mkdir(place, 0o755);
    await chown(place, owner.uid, owner.gid);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  await syncFolder(parent);
  return await open(place, STEP);
}

/** Path of a name in an open folder. */
export function inside(folder: FileHandle, name: string): string {
  return `/proc/self/fd/${folder.fd}/${name}`;
}

/** Makes renames, new files and removals in a folder durable. */
export async function syncFolder(folder: FileHandle): Promise<void> {
  const readable = await open(inside(folder, '.'), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await readable.sync();
  } finally {
    await readable.close();
  }
}

/** Splits an absolute path into folder and name. Refuses a path that is not canonical (`..`, `//`, a trailing slash, NUL). */
export function splitPath(path: string): { folder: string; name: string } {
  const at = path.lastIndexOf('/');
  const name = path.slice(at + 1);
  if (!isAbsolute(path) || normalize(path) !== path || name === '' || name === '..' || path.includes('\0')) {
    throw new AppError('denied', `${show(path)} is not an absolute path without "..", "//" and a slash at its end`);
  }
  return { folder: path.slice(0, at) || '/', name };
}

function notFolder(path: string): AppError {
  return new AppError('denied', `${path} is a symbolic link or a file where a folder is needed`);
}
