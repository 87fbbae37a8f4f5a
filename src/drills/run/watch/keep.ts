import type { Environment } from '../environment.ts';
import { startLineProgram, type LineProgram } from './child.ts';

/** What is watched on one host, over its deaths and rebirths. */
export interface HostWatch {
  /** Nothing more comes from the host: it was switched off. */
  off(): void;
  /** Called when the host has booted. */
  on(): void;
  /** False: nobody listens now. */
  send(line: string): boolean;
  stop(): void;
}

/** `argv`: null while the host is off. `onEnd`: the program has ended; it is started again a little later. */
export interface KeepOptions {
  readonly environment: Environment;
  readonly argv: (isBoot: boolean) => readonly string[] | null;
  readonly onLine: (line: string) => void;
  readonly onEnd?: () => void;
}

const AGAIN_MS = 200;

/** Keeps a program running that reports on a host. */
export function keepRunning({ environment, argv, onLine, onEnd }: KeepOptions): HostWatch {
  let program: LineProgram | null = null;
  let isWanted = true;
  const start = (isBoot: boolean) => {
    const command = argv(isBoot);
    if (command === null) return again();
    program = startLineProgram({
      argv: command,
      onLine,
      onEnd: () => {
        program = null;
        onEnd?.();
        again();
      },
    });
  };
  const again = () => {
    if (isWanted) void environment.wait(AGAIN_MS).then(() => (isWanted && program === null ? start(true) : undefined));
  };
  const off = () => {
    isWanted = false;
    program?.stop();
    program = null;
  };
  start(false);
  return {
    off,
    on: () => {
      off();
      isWanted = true;
      start(true);
    },
    send: (line) => program?.send(line) ?? false,
    stop: off,
  };
}
