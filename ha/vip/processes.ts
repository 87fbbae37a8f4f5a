import { readdirSync, readFileSync } from 'node:fs';

/** `gone`: there is none; `frozen`: one is stopped (SIGSTOP, a debugger) and does nothing, not even let the address go. */
export type DaemonState = 'runs' | 'frozen' | 'gone';

const RESCAN_MS = 1000;

/** Looks at the processes of a name in /proc (proc(5)). All of them are searched once a second at most, and only while none is known. */
export function watchProcesses(name: string): (now: number) => DaemonState {
  let known: readonly string[] = [];
  let scannedAt = -Infinity;
  return (now) => {
    known = known.filter((pid) => stateOf(pid, name) !== null);
    // A daemon of several processes that has just started is not complete yet.
    if (known.length < 2 && now - scannedAt >= RESCAN_MS) {
      known = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && stateOf(entry, name) !== null);
      scannedAt = now;
    }
    if (known.length === 0) return 'gone';
    return known.some((pid) => /[Tt]/.test(stateOf(pid, name) ?? '')) ? 'frozen' : 'runs';
  };
}

/** The letter of a process's state; null: there is none of that name and number. */
function stateOf(pid: string, name: string): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may hold some itself.
    const [start, end] = [text.indexOf('('), text.lastIndexOf(')')];
    return text.slice(start + 1, end) === name ? text.charAt(end + 2) : null;
  } catch {
    return null;
  }
}
