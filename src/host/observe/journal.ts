import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A line that a program wrote to the journal. `at`: ms since 1970 by this host's clock. */
export interface JournalEntry {
  readonly identifier: string;
  readonly at: number;
  readonly message: string;
}

/** Lines of programs as they are written. */
export interface Journal {
  /**
   * Calls `onEntry` for each line of these programs (syslog identifiers) from now on, until `signal` is aborted or the reader ends; gives why it ended, a
   * sentence. Never throws.
   */
  follow(identifiers: readonly string[], onEntry: (entry: JournalEntry) => void, signal: AbortSignal): Promise<string>;
}

/** Characters of a line that are read; the rest of a longer one is no use to anybody. */
const LINE_MAX = 16_384;
const PROGRAM = '/usr/bin/journalctl';

/** The journal of this host, by journalctl(1): who reads it needs the group systemd-journal, and no other right. */
export function realJournal(program = PROGRAM): Journal {
  return {
    follow: (identifiers, onEntry, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve('it was ended');
        const child = spawn(program, argvOf(identifiers), {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
        });
        let errorOutput = '';
        const end = () => void child.kill('SIGKILL');
        signal.addEventListener('abort', end, { once: true });
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          errorOutput = `${errorOutput}${text}`.slice(-500);
        });
        const lines = createInterface({ input: child.stdout, crlfDelay: Infinity });
        lines.on('line', (line) => {
          const entry = line.length > LINE_MAX ? null : parseEntry(line);
          if (entry !== null) onEntry(entry);
        });
        const settle = (why: string) => {
          signal.removeEventListener('abort', end);
          lines.close();
          resolve(why);
        };
        child.on('error', (error) => settle(`${program} could not be started: ${error.message}`));
        child.on('close', (code) =>
          settle(errorOutput.trim() === '' ? `${program} ended with ${code ?? 'a signal'}` : errorOutput.trim()),
        );
      }),
  };
}

function argvOf(identifiers: readonly string[]): string[] {
  return [
    '--follow',
    '--lines=0',
    '--quiet',
    '--output=json',
    '--output-fields=MESSAGE,SYSLOG_IDENTIFIER',
    ...identifiers.map((name) => `--identifier=${name}`),
  ];
}

/** One line of `--output=json` (systemd's Journal Export Formats); null: it is none, or its text is not UTF-8. Pure. */
export function parseEntry(line: string): JournalEntry | null {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null) return null;
    const { MESSAGE, SYSLOG_IDENTIFIER, __REALTIME_TIMESTAMP } = entry as Readonly<Record<string, unknown>>;
    const at = Math.floor(Number(__REALTIME_TIMESTAMP) / 1000);
    if (typeof MESSAGE !== 'string' || typeof SYSLOG_IDENTIFIER !== 'string' || !Number.isSafeInteger(at)) return null;
    return { identifier: SYSLOG_IDENTIFIER, at, message: MESSAGE };
  } catch {
    return null;
  }
}
