import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { CLEAN_ENVIRONMENT } from '../../../lab/command.ts';

/** A program of ours as a process of its own. */
export interface ProgramOrder {
  /** Name of a network namespace below /run/netns; null: where we are. */
  readonly netns: string | null;
  /** Path of its TypeScript. */
  readonly program: string;
  readonly args?: readonly string[];
}

/** A process with standard input and output in our hands. Its standard error is inherited, or piped. */
export type ChildProgram = ChildProcessByStdio<Writable, Readable, Readable | null>;

/** Starts a program, in a network namespace if there is one. The kernel ends it when we die, however we die; nothing of our environment is handed on. */
export function startProgram(order: ProgramOrder, stderr: 'inherit' | 'pipe' = 'inherit'): ChildProgram {
  const enter = order.netns === null ? [] : ['nsenter', `--net=/run/netns/${order.netns}`, '--'];
  const argv = ['--pdeathsig', 'KILL', '--', ...enter, process.execPath, order.program, ...(order.args ?? [])];
  const child = spawn('setpriv', argv, {
    stdio: ['pipe', 'pipe', stderr],
    env: { ...CLEAN_ENVIRONMENT },
  }) as ChildProgram;
  // A write after its end fails here; `exit` reports the end.
  child.stdin.on('error', () => undefined);
  return child;
}

/** Ends a program whatever it does, frozen too. */
export function endProgram(child: ChildProgram): void {
  child.stdin.end();
  child.kill('SIGKILL');
}
