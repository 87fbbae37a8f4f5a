import { readdirSync, readFileSync } from 'node:fs';

/** On an average so many of the processes must have waited for a processor: 0.5 is one of them, half of the time. */
const SHARE = 0.5;

/** By thread: for how long it was ready to run and got no processor since it began, ms. */
type Waits = ReadonlyMap<string, number>;

/** Reads the second number of `schedstat` of each thread, ns (Documentation/scheduler/sched-stats.rst of Linux). Who has ended is left out. */
export function waitsOf(pids: readonly number[], proc = '/proc'): Waits {
  const threads = pids.flatMap((pid) => entriesOf(`${proc}/${pid}/task`).map((tid) => `${pid}/task/${tid}`));
  return new Map(threads.flatMap((thread) => waitOf(thread, proc)));
}

/**
 * Is somebody silent because he hangs, or because he gets no processor? Who hangs is not ready to run: he waits for a disk or a lock, or is stopped.
 * To end who is only starved makes it worse: his part and all its callers go to another host, and recovery takes more than he was short of.
 */
export class Starvation {
  readonly #find: () => readonly number[];
  readonly #read: (pids: readonly number[]) => Waits;
  #first: { readonly at: number; readonly waits: Waits } | null = null;

  /** `find`: his processes. */
  constructor(find: () => readonly number[], read = (pids: readonly number[]) => waitsOf(pids)) {
    this.#find = find;
    this.#read = read;
  }

  /**
   * To be told of every answer and silence, in their order; `now`: when it came, ms. True: he is silent, and since his first silence processes of his
   * have waited for a processor most of the time. What cannot be read proves nothing.
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

/** Name and state (a letter) of a process in /proc (proc(5)); null: there is none of that number. */
export function statOf(pid: number | string): { readonly name: string; readonly state: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may hold some itself.
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
