import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CLEAN_ENVIRONMENT } from '../../../lab/command.ts';

/** A program that prints lines for as long as a drill lasts. */
export interface LineProgram {
  /** False: it does not listen any more. */
  send(line: string): boolean;
  stop(): void;
}

/** What a line program is started with. `onEnd`: it has ended, and not because it was stopped. */
export interface LineProgramOptions {
  readonly argv: readonly string[];
  readonly onLine: (line: string) => void;
  readonly onEnd: () => void;
}

/** Starts one; `stop` ends it whatever hangs. Its errors are its end. */
export function startLineProgram({ argv, onLine, onEnd }: LineProgramOptions): LineProgram {
  const [program = '', ...args] = argv;
  const child: ChildProcess = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...CLEAN_ENVIRONMENT },
  });
  let isStopped = false;
  const end = () => {
    if (isStopped) return;
    isStopped = true;
    onEnd();
  };
  child.once('error', end);
  child.once('close', end);
  child.stdin?.on('error', () => {});
  if (child.stdout) createInterface({ input: child.stdout }).on('line', onLine);
  return {
    send: (line) => {
      if (isStopped || child.stdin === null || child.stdin.destroyed) return false;
      child.stdin.write(`${line}\n`);
      return true;
    },
    stop: () => {
      isStopped = true;
      child.stdin?.destroy();
      child.stdout?.destroy();
      child.kill('SIGKILL');
    },
  };
}
