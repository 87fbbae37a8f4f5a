import { pidsNamed, statOf } from '../kit/starved.ts';

/** `gone`: there is none; `frozen`: a process is stopped (SIGSTOP, a debugger) and does nothing, so it does not release the address either. */
export type DaemonState = 'runs' | 'frozen' | 'gone';

const RESCAN_MS = 1000;

/** Watches the processes of a name in /proc (proc(5)). All of them are searched once a second at most, and only while none is known. */
export function watchProcesses(name: string): (now: number) => DaemonState {
  let known: readonly number[] = [];
  let scannedAt = -Infinity;
  const stateOf = (pid: number) => {
    const stat = statOf(pid);
    return stat?.name === name ? stat.state : null;
  };
  return (now) => {
    known = known.filter((pid) => stateOf(pid) !== null);
    // A daemon of several processes that has just started may not be complete yet.
    if (known.length < 2 && now - scannedAt >= RESCAN_MS) {
      known = pidsNamed(name);
      scannedAt = now;
    }
    if (known.length === 0) return 'gone';
    return known.some((pid) => /[Tt]/.test(stateOf(pid) ?? '')) ? 'frozen' : 'runs';
  };
}
