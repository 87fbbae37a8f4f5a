import { randomBytes } from 'node:crypto';
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sentenceOf } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import type { HostFiles } from '../interface.ts';

/** Folders (with the names of the start) that changed since `seen`, and the `seen` for the next question. */
export interface FolderChanges {
  readonly seen: string;
  readonly folders: readonly string[];
}

/** Watches folders by inotify(7), so that a change by somebody else shows at once. */
export interface FolderWatch {
  /**
   * Answers as soon as something has changed since `seen`, and after `waitMs` in any case. For '' and for the `seen` of another process (this one has
   * restarted) everything may have changed.
   */
  changes(seen: string, waitMs: number): Promise<FolderChanges>;
  /** The same files; changes through this object are not reported. */
  ours(files: HostFiles): HostFiles;
  close(): void;
}

/** An editor writes, renames and sets rights within a moment: one report. */
const DEBOUNCE_MS = 150;
/** Events of our own work may come this much later. */
const OURS_MS = 400;
/** How often it checks for folders that come and go. */
const RESCAN_MS = 5_000;
/** The engine's own folders beside the files: no daemon reads them. */
const BESIDE = ['.stage', '.previous', '.trial'];

/**
 * Opens the watch. A folder that does not exist yet is watched when it comes. `families`: starts of the paths of folders that come and go, such as
 * `/etc/kea/regent-`. If watching fails, the log says so once, and nothing is reported.
 */
export function watchFolders(folders: readonly string[], log: Log, families: readonly string[] = []): FolderWatch {
  const all = new Watch({ folders, families }, log);
  return {
    changes: (seen, waitMs) => all.changes(seen, waitMs),
    ours: (files) => ({
      read: (path) => files.read(path),
      list: (path) => files.list(path),
      install: (file) => all.doing([file.path], () => files.install(file)),
      move: (from, to) => all.doing([from, to], () => files.move(from, to)),
      remove: (path) => all.doing([path], () => files.remove(path)),
    }),
    close: () => all.close(),
  };
}

interface Watched {
  readonly watcher: FSWatcher;
  readonly inode: number;
}

class Watch {
  readonly #fixed: readonly string[];
  readonly #families: readonly string[];
  #folders: readonly string[] = [];
  readonly #log: Log;
  readonly #epoch = randomBytes(8).toString('hex');
  readonly #watched = new Map<string, Watched>();
  /** The count of changes when a folder last changed. */
  readonly #changedAt = new Map<string, number>();
  readonly #pending = new Set<string>();
  readonly #busy = new Map<string, number>();
  readonly #quietUntil = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #judging: NodeJS.Timeout | null = null;
  #count = 0;
  #hasFailed = false;

  constructor(named: { readonly folders: readonly string[]; readonly families: readonly string[] }, log: Log) {
    [this.#fixed, this.#families, this.#log] = [named.folders, named.families, log];
    this.#rescan();
    this.#timer = setInterval(() => this.#rescan(), RESCAN_MS).unref();
  }

  async changes(seen: string, waitMs: number): Promise<FolderChanges> {
    const [epoch, number] = seen.split(':');
    const since = epoch === this.#epoch ? Number(number) : -1;
    const found = () => this.#folders.filter((folder) => since < 0 || (this.#changedAt.get(folder) ?? 0) > since);
    if (found().length === 0) await this.#next(waitMs);
    return { seen: `${this.#epoch}:${this.#count}`, folders: found() };
  }

  /** Runs our own work on paths. Events in their folders count as ours until a moment after it. */
  async doing<T>(paths: readonly string[], work: () => Promise<T>): Promise<T> {
    const roots = new Set(paths.flatMap((path) => this.#rootOf(path) ?? []));
    for (const root of roots) this.#busy.set(root, (this.#busy.get(root) ?? 0) + 1);
    try {
      return await work();
    } finally {
      for (const root of roots) {
        this.#busy.set(root, (this.#busy.get(root) ?? 1) - 1);
        this.#quietUntil.set(root, performance.now() + OURS_MS);
      }
    }
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#judging) clearTimeout(this.#judging);
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
    this.#wake();
  }

  #next(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, waitMs);
      this.#waiting.add(end);
    });
  }

  #wake(): void {
    for (const end of this.#waiting) end();
  }

  #rootOf(path: string): string | undefined {
    return this.#folders.find((folder) => path === folder || path.startsWith(`${folder}/`));
  }

  #onEvent(folder: string): void {
    const root = this.#rootOf(folder);
    if (root === undefined || (this.#busy.get(root) ?? 0) > 0) return;
    if (performance.now() < (this.#quietUntil.get(root) ?? 0)) return;
    this.#pending.add(root);
    this.#judging ??= setTimeout(() => this.#judge(), DEBOUNCE_MS);
  }

  #judge(): void {
    this.#judging = null;
    this.#rescan();
    this.#count += 1;
    for (const root of this.#pending) this.#changedAt.set(root, this.#count);
    this.#pending.clear();
    this.#wake();
  }

  /** Watches new folders, and stops watching those that have gone. */
  #rescan(): void {
    this.#folders = [...this.#fixed, ...this.#families.flatMap(membersOf)];
    const there = new Map(this.#folders.flatMap((folder) => foldersBelow(folder)));
    for (const [path, { watcher, inode }] of this.#watched) {
      if (there.get(path) === inode) continue;
      watcher.close();
      this.#watched.delete(path);
    }
    for (const [path, inode] of there) if (!this.#watched.has(path)) this.#begin(path, inode);
  }

  #begin(path: string, inode: number): void {
    try {
      const watcher = watch(path, { persistent: false }, (_event, name) => {
        if (name === null || !BESIDE.includes(name)) this.#onEvent(path);
      });
      watcher.on('error', () => {
        watcher.close();
        this.#watched.delete(path);
      });
      this.#watched.set(path, { watcher, inode });
    } catch (error) {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      const how = 'Changes by others to files there are noticed within a minute instead of at once.';
      this.#log.warn('a folder cannot be watched', { path, error: sentenceOf(error), how });
    }
  }
}

/** Folders whose path begins so. */
function membersOf(start: string): string[] {
  try {
    return readdirSync(dirname(start), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name.startsWith(basename(start)))
      .map((entry) => join(dirname(start), entry.name));
  } catch {
    return [];
  }
}

/** A folder and its subfolders with their inodes, without the engine's own; nothing if it does not exist. */
function foldersBelow(folder: string): [string, number][] {
  try {
    const { ino } = statSync(folder);
    const below = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !BESIDE.includes(entry.name))
      .flatMap((entry) => foldersBelow(join(folder, entry.name)));
    return [[folder, ino], ...below];
  } catch {
    return [];
  }
}
