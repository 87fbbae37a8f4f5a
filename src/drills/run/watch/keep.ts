import type { Environment } from '../environment.ts';
import { startTeller, type Teller } from './child.ts';

/** What is watched on one host, over its deaths and rebirths. */
export interface HostWatch {
  /** Nothing more comes from the host: it was switched off. */
  off(): void;
  /** It has booted. */
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

/** Keeps a program running that tells about a host. */
export function keepTelling({ environment, argv, onLine, onEnd }: KeepOptions): HostWatch {
  let teller: Teller | null = null;
  let isWanted = true;
  const start = (isBoot: boolean) => {
    const words = argv(isBoot);
    if (words === null) return again();
    teller = startTeller({
      argv: words,
      onLine,
      onEnd: () => {
        teller = null;
        onEnd?.();
        again();
      },
    });
  };
  const again = () => {
    if (isWanted) void environment.wait(AGAIN_MS).then(() => (isWanted && teller === null ? start(true) : undefined));
  };
  const off = () => {
    isWanted = false;
    teller?.stop();
    teller = null;
  };
  start(false);
  return {
    off,
    on: () => {
      off();
      isWanted = true;
      start(true);
    },
    send: (line) => teller?.send(line) ?? false,
    stop: off,
  };
}
