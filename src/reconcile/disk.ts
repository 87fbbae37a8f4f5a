import { AppError } from '../core/errors.ts';
import type { Host } from '../host/interface.ts';
import type { RenderedFile, StagedFile } from '../services/kit/contract.ts';
import { bodyDigest } from '../services/kit/header.ts';
import { changesBetween, isBeside, previousPath, stagedPath, statesOf } from './files.ts';
import type { FileState, FileStates } from './values.ts';

/** Files that are read, staged or moved at once. */
const AT_ONCE = 8;

/** What is installed: texts by path, without the engine's own folders. */
export type FolderTexts = ReadonlyMap<string, string>;

/** Reads a service's folder. It does not read files that are in none of `ours`, whatever they hold. */
export async function readFolder(host: Host, folder: string, ...ours: readonly FileStates[]): Promise<FolderTexts> {
  const paths = (await host.files.list(folder)).filter((path) => !isBeside(folder, path));
  const texts = new Map<string, string>();
  await eachOf(paths, async (path) => {
    texts.set(path, isIn(ours, path) ? await readAny(host, path) : '');
  });
  return new Map(paths.map((path) => [path, texts.get(path) ?? '']));
}

const isIn = (sets: readonly FileStates[], path: string): boolean => sets.some((files) => Object.hasOwn(files, path));

/** Removes foreign files: those in none of these sets. They may be what fills the folder, so they go first. */
export async function removeForeign(host: Host, texts: FolderTexts, ...ours: readonly FileStates[]): Promise<void> {
  await eachOf(
    Array.from(texts.keys()).filter((path) => !isIn(ours, path)),
    (path) => host.files.remove(path),
  );
}

/** A link or a socket has no text. It is in the folder all the same and must go. */
async function readAny(host: Host, path: string): Promise<string> {
  try {
    return (await host.files.read(path)) ?? '';
  } catch (error) {
    if (error instanceof AppError && error.code === 'denied') return '';
    throw error;
  }
}

/**
 * States of installed texts. The disk only gives digests. Owner and mode come from what was loaded last or, for a file that was interrupted before
 * that, from what is wanted.
 */
export function diskStates(texts: FolderTexts, ...known: readonly FileStates[]): FileStates {
  const states: Record<string, FileState> = {};
  for (const [path, text] of texts) {
    const digest = bodyDigest(text);
    const candidates = known.flatMap((files) => (Object.hasOwn(files, path) ? [files[path]] : []));
    const match = candidates.find((state) => state?.digest === digest) ?? candidates[0];
    states[path] = match ? { ...match, digest } : { digest, mode: 0, owner: '', group: '' };
  }
  return states;
}

/** A change of a folder: the installed files, the wanted files, and the last healthy files (for a rollback). */
export interface FolderChange {
  readonly folder: string;
  readonly texts: FolderTexts;
  readonly disk: FileStates;
  readonly files: readonly RenderedFile[];
  readonly good: FileStates;
}

/**
 * Keeps the previous version of every file that will change beside it, but only if it still is the last healthy version. So a change that continues
 * after an interruption does not overwrite the rollback.
 */
export async function keepPrevious(host: Host, change: FolderChange): Promise<void> {
  const wanted = statesOf(change.files);
  const leaving = changesBetween(change.disk, wanted).filter((item) => item.kind !== 'added');
  await eachOf(leaving, async ({ target }) => {
    const state = change.good[target];
    const content = change.texts.get(target);
    if (!state || content === undefined || state.digest !== change.disk[target]?.digest) return;
    const { mode, owner, group } = state;
    await host.files.install({ path: previousPath(change.folder, target), content, mode, owner, group });
  });
}

/** Stages the files that differ beside their targets. Gives all files for the checker, unchanged ones in their places. */
export async function stage(host: Host, change: FolderChange): Promise<readonly StagedFile[]> {
  const changed = changedTargets(change);
  const rest = (await host.files.list(`${change.folder}/.stage`)).filter(
    (path) => !changed.has(unstaged(change, path)),
  );
  await eachOf(rest, (path) => host.files.remove(path));
  await eachOf(
    change.files.filter((file) => changed.has(file.target)),
    ({ target, content, mode, owner, group }) =>
      host.files.install({ path: stagedPath(change.folder, target), content, mode, owner, group }),
  );
  return change.files.map(({ target }) => {
    const isChanged = changed.has(target);
    return { target, staged: isChanged ? stagedPath(change.folder, target) : target, isChanged };
  });
}

/** Moves the staged files to their targets, in the order of the service, and removes what is not wanted. */
export async function installStaged(host: Host, change: FolderChange): Promise<void> {
  const changed = changedTargets(change);
  for (const { target } of change.files) {
    if (changed.has(target)) await host.files.move(stagedPath(change.folder, target), target);
  }
  const wanted = new Set(change.files.map((file) => file.target));
  const unwanted = Array.from(change.texts.keys()).filter((path) => !wanted.has(path));
  await eachOf(unwanted, (path) => host.files.remove(path));
}

/** Can every file be restored: is it in place, or is its previous version there and whole? */
export async function previousTexts(
  host: Host,
  folder: string,
  good: FileStates,
  disk: FileStates,
): Promise<FolderTexts | null> {
  const texts = new Map<string, string>();
  let isComplete = true;
  await eachOf(
    changesBetween(disk, good).filter((change) => change.kind !== 'removed'),
    async ({ target }) => {
      const text = await host.files.read(previousPath(folder, target));
      if (text === null || bodyDigest(text) !== good[target]?.digest) isComplete = false;
      else texts.set(target, text);
    },
  );
  return isComplete ? texts : null;
}

/** Restores previous texts and removes files that were not there before. */
export async function restore(host: Host, good: FileStates, disk: FileStates, texts: FolderTexts): Promise<void> {
  await eachOf(Array.from(texts), async ([path, content]) => {
    const state = good[path];
    if (state) await host.files.install({ path, content, mode: state.mode, owner: state.owner, group: state.group });
  });
  const added = Object.keys(disk).filter((path) => !Object.hasOwn(good, path));
  await eachOf(added, (path) => host.files.remove(path));
}

/** Removes everything of a service, its staged and previous files too. */
export async function removeAll(host: Host, folder: string): Promise<number> {
  const paths = await host.files.list(folder);
  await eachOf(paths, (path) => host.files.remove(path));
  return paths.length;
}

function changedTargets(change: FolderChange): ReadonlySet<string> {
  return new Set(changesBetween(change.disk, statesOf(change.files)).map((item) => item.target));
}

function unstaged(change: FolderChange, path: string): string {
  return `${change.folder}${path.slice(`${change.folder}/.stage`.length)}`;
}

/** Runs over items, a few at once. At the first fault it ends after the running ones. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  const results = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
