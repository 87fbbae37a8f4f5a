import { readdirSync, readFileSync } from 'node:fs';

/** On average so many of the processes must have waited for a processor: 0.5 is one process for half of the time. */
const SHARE = 0.5;

/** By thread: how long it has been ready to run without a processor since its start, ms. */
type Waits = ReadonlyMap<string, number>;

/** Reads the second number of each thread's `schedstat`, ns (Documentation/scheduler/sched-stats.rst of Linux). Leaves ended threads out. */
export function waitsOf(pids: readonly number[], proc = '/proc'): Waits {
  const threads = pids.flatMap((pid) => entriesOf(`${proc}/${pid}/task`).map((tid) => `${pid}/task/${tid}`));
  return new Map(threads.flatMap((thread) => waitOf(thread, proc)));
}

/**
 * Is a daemon silent because it hangs, or because it gets no processor? A process that hangs is not ready to run: it waits for a disk or a lock, or
 * is stopped. To end a starved daemon makes things worse: its work and all its callers move to another host, and the recovery needs more processor
 * time than was missing.
 */
export class Starvation {
  readonly #find: () => readonly number[];
  readonly #read: (pids: readonly number[]) => Waits;
  #first: { readonly at: number; readonly waits: Waits } | null = null;

  /** `find`: its processes. */
  constructor(find: () => readonly number[], read = (pids: readonly number[]) => waitsOf(pids)) {
    this.#find = find;
    this.#read = read;
  }

  /**
   * Call it with every answer and silence, in order; `now`: when it came, ms. True: the daemon is silent, and since its first silence its processes have
   * waited for a processor most of the time. What cannot be read proves nothing.
   */
  judge(isSilent: boolean, now: number): boolean {
    if (!isSilent) {
      this.#first = null;
      return false;
    }
    const waits = this.#read(this.#find());
    this.#first ??= { at: now, waits };
    const { at, waits: before } = this.#first;
    const waited = [...waits].reduce((sum, [thread, ms]) => sum + ms - (before.get(thread) ?? 0), 0);
    return now > at && waited >= SHARE * (now - at);
  }
}

function waitOf(thread: string, proc: string): [string, number][] {
  try {
    const [, ns] = readFileSync(`${proc}/${thread}/schedstat`, 'utf8').split(' ');
    const ms = Number(ns) / 1e6;
    return Number.isFinite(ms) ? [[thread, ms]] : [];
  } catch {
    return [];
  }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Name and state (a letter) of a process in /proc (proc(5)); null: there is no such process. */
export function statOf(pid: number | string): { readonly name: string; readonly state: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may itself hold some.
    const [start, end] = [text.indexOf('('), text.lastIndexOf(')')];
    return { name: text.slice(start + 1, end), state: text.charAt(end + 2) };
  } catch {
    return null;
  }
}

/** Numbers of all processes that this one may see. */
export function allPids(): number[] {
  return readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? [Number(entry)] : []));
}

/** All processes of a name. */
export function pidsNamed(name: string): number[] {
  return allPids().filter((pid) => statOf(pid)?.name === name);
}
