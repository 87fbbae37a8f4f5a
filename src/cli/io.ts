/** A text stream of the process. `columns` is 80 when it is not a terminal. */
export type Output = { write(text: string): void; readonly isTerminal: boolean; readonly columns: number };

/** A file that is read in pieces. `open` begins at that byte; `readAt` gives so many bytes, fewer at its end. */
export interface CliFile {
  readonly size: number;
  readonly open: (start: number) => AsyncIterable<Uint8Array>;
  readonly readAt: (start: number, length: number) => Promise<Uint8Array>;
}

/** The CLI's ports to its process; `main/cli.ts` builds the real ones, tests fake ones. */
export interface CliIo {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Home folder of the user; null when there is none. */
  readonly home: string | null;
  /** Root of the checkout with this program; null on an installed host. */
  readonly checkout: string | null;
  readonly out: Output;
  readonly err: Output;
  /** Whole text of a file; null when it does not exist. Faults (no permission) are thrown. */
  readFile(path: string): Promise<string | null>;
  /** Paths of all files below a folder, from there on; null when it is no folder. */
  listFolder(path: string): Promise<readonly string[] | null>;
  /** Null when it does not exist, or is none. */
  openFile(path: string): Promise<CliFile | null>;
  /** Writes a new file that only its owner may read, with missing folders; false: there is such a file already. Faults are thrown. */
  createFile(path: string, content: Uint8Array | string): Promise<boolean>;
  /** Writes a file whole: beside it, then renamed, so that a reader or the next run sees the old one or the new one. */
  replaceFile(path: string, content: Uint8Array | string): Promise<void>;
  /** Whole standard input; refuses (throws) when it is a terminal. */
  readInput(): Promise<string>;
  /** Asks on the terminal without echo; null when there is no terminal to ask on. */
  askSecret(question: string): Promise<string | null>;
  readonly fetch: typeof globalThis.fetch;
  /** Asks this host's region over its unix socket, which trusts root; null unless this is root on a region node. */
  readonly askHost:
    | ((path: string, timeoutMs: number) => Promise<{ readonly status: number; readonly text: string }>)
    | null;
  /** Waits; rejects when `signal` fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Monotonic time, ms. */
  readonly monotonic: () => number;
  /** Wall time, ms since the epoch. */
  readonly now: () => number;
  /** Uniform in [0, 1), for jitter. */
  readonly fraction: () => number;
  /** A fresh random UUID. */
  readonly uuid: () => string;
  /** Fires when the user interrupts (SIGINT, SIGTERM). */
  readonly interrupted: AbortSignal;
}
