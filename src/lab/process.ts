import { readdirSync, readFileSync } from 'node:fs';

/** A process, distinct from a later one with the same number: `start` is its start time in clock ticks since boot. */
export type ProcessId = { readonly pid: number; readonly start: string };

/** What /proc says of a process. */
export interface ProcessFacts extends ProcessId {
  readonly parent: number;
  /** One letter: R, S, D, T, Z … */
  readonly state: string;
  readonly argv: readonly string[];
}

/** Reads one process; null when there is none. */
function readProcess(pid: number): ProcessFacts | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may itself hold blanks and parentheses (proc(5)): fields are counted from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    return { pid, parent: Number(fields[1]), state: fields[0] ?? '?', start: fields[19] ?? '', argv };
  } catch {
    return null;
  }
}

/** The identity of a running process; null when there is none. */
export function identify(pid: number): ProcessId | null {
  const facts = readProcess(pid);
  return facts && facts.state !== 'Z' ? { pid, start: facts.start } : null;
}

/** Does exactly this process still run? A zombie does not. */
export const isRunning = (id: ProcessId): boolean => identify(id.pid)?.start === id.start;

/** Every process of the machine. */
export function allProcesses(): ProcessFacts[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const facts = readProcess(Number(name));
      return facts ? [facts] : [];
    });
}

/** A process and all its descendants, parents first. */
export function treeOf(pid: number): ProcessFacts[] {
  const all = allProcesses();
  const tree = all.filter((item) => item.pid === pid);
  for (let index = 0; index < tree.length; index += 1) {
    tree.push(...all.filter((item) => item.parent === tree[index]?.pid));
  }
  return tree;
}

/** Sends a signal only to exactly this process; false when it no longer runs. */
export function signal(id: ProcessId, name: NodeJS.Signals): boolean {
  if (!isRunning(id)) return false;
  try {
    process.kill(id.pid, name);
    return true;
  } catch {
    return false;
  }
}

/** SIGKILL to a process and all its descendants, as they are now. */
export function endTree(pid: number): void {
  for (const item of treeOf(pid)) signal(item, 'SIGKILL');
}

/** The init of a container: the descendant of its nspawn process that is number 1 in its own namespace. */
export function containerInit(nspawn: number): ProcessId | null {
  for (const item of treeOf(nspawn)) {
    try {
      const numbers =
        /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${item.pid}/status`, 'utf8'))?.[1]?.split(/\s+/) ?? [];
      if (numbers.length > 1 && numbers.at(-1) === '1') return { pid: item.pid, start: item.start };
    } catch {
      // It ended meanwhile.
    }
  }
  return null;
}
