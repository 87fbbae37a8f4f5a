import { spawn } from 'node:child_process';

/** A line of a unit. `at`: ISO 8601 by this host's clock; `priority`: of syslog, 0 (worst) to 7. */
export interface JournalLine {
  readonly at: string;
  readonly program: string;
  readonly priority: number;
  readonly text: string;
}

/** Lines of units, the oldest first. `cursor`: place of the last one; null: there is none. `isCut`: there are more than there is room for. */
export interface JournalLines {
  readonly lines: readonly JournalLine[];
  readonly cursor: string | null;
  readonly isCut: boolean;
}

/** The requested lines: the last ones, or with `after` (a cursor) the first ones after it. `bytes`: of all lines, as JSON. */
export interface JournalQuestion {
  readonly units: readonly string[];
  readonly lines: number;
  readonly after: string | null;
  readonly bytes: number;
  /** Only lines from then on, seconds since 1970; left out: any. */
  readonly since?: number;
}

/** Reads lines of units; throws with a sentence where they cannot be read. */
export type ReadJournal = (question: JournalQuestion, signal: AbortSignal) => Promise<JournalLines>;

/** Characters of a line that are returned. */
const LINE_MAX = 2000;
/** Of all that the reader writes: more than so many lines of ordinary length, and no burden. */
const OUTPUT_MAX = 8 * 1024 * 1024;
const PROGRAM = '/usr/bin/journalctl';

/** Lines of this host's journal, by journalctl(1): who reads it needs the group systemd-journal, and no other right. */
export function journalReader(program = PROGRAM): ReadJournal {
  return (question, signal) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, argvOf(question), {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
        signal,
        killSignal: 'SIGKILL',
      });
      let [output, errorOutput] = ['', ''];
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        errorOutput = `${errorOutput}${text}`.slice(-500);
      });
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.length > OUTPUT_MAX) child.kill('SIGKILL');
      });
      child.on('error', (error) => reject(new Error(`the journal cannot be read: ${error.message}`)));
      child.on('close', (code) => {
        // Some releases end with 1 if there is no line.
        if (code === 0 || (code === 1 && errorOutput.trim() === '')) return resolve(linesOf(output, question));
        const why =
          output.length > OUTPUT_MAX
            ? 'its lines are too long'
            : errorOutput.trim() || `journalctl ended with ${code ?? 'a signal'}`;
        reject(new Error(`the journal cannot be read: ${why}`));
      });
    });
}

function argvOf({ units, lines, after, since }: JournalQuestion): string[] {
  return [
    '--quiet',
    '--no-pager',
    '--output=json',
    '--output-fields=MESSAGE,SYSLOG_IDENTIFIER,PRIORITY',
    `--lines=${lines}`,
    ...(after === null ? [] : [`--after-cursor=${after}`]),
    ...(since === undefined ? [] : [`--since=@${Math.floor(since)}`]),
    ...units.map((unit) => `--unit=${unit}`),
  ];
}

/** The lines of `--output=json` that there is room for: with `after` from the first on, so that nothing is left out between two answers. Pure. */
export function linesOf(output: string, { after, bytes, lines }: Omit<JournalQuestion, 'units'>): JournalLines {
  const all = output.split('\n').flatMap((line) => entryOf(line) ?? []);
  const ordered = after === null ? all.toReversed() : all;
  let room = bytes;
  const accepted = ordered.slice(0, lines).filter(({ line }) => {
    room -= room < 0 ? 0 : Buffer.byteLength(JSON.stringify(line)) + 1;
    return room >= 0;
  });
  const inOrder = after === null ? accepted.toReversed() : accepted;
  return {
    lines: inOrder.map(({ line }) => line),
    cursor: inOrder.at(-1)?.cursor ?? after,
    isCut: accepted.length < all.length,
  };
}

/** One entry (systemd's Journal Export Formats); null: it is none. */
function entryOf(text: string): { readonly line: JournalLine; readonly cursor: string } | null {
  let entry: unknown;
  try {
    entry = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof entry !== 'object' || entry === null) return null;
  const { MESSAGE, SYSLOG_IDENTIFIER, PRIORITY, __REALTIME_TIMESTAMP, __CURSOR } = entry as Readonly<
    Record<string, unknown>
  >;
  const at = Math.floor(Number(__REALTIME_TIMESTAMP) / 1000);
  if (typeof __CURSOR !== 'string' || !Number.isSafeInteger(at) || at < 0 || at > 8.64e15) return null;
  const priority = Number(PRIORITY ?? 6);
  return {
    cursor: __CURSOR,
    line: {
      at: new Date(at).toISOString(),
      program: printable(typeof SYSLOG_IDENTIFIER === 'string' ? SYSLOG_IDENTIFIER : '', 64),
      priority: Number.isInteger(priority) ? Math.min(7, Math.max(0, priority)) : 6,
      text: printable(textOf(MESSAGE), LINE_MAX),
    },
  };
}

/** journalctl writes bytes that are no UTF-8 as numbers, and null for more than 4 kB. */
function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  const isBytes = Array.isArray(message) && message.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256);
  if (isBytes) return Buffer.from(message as number[]).toString('utf8');
  return message === null ? '(a line of more than 4096 bytes)' : '';
}

/** Without control characters, and not longer. */
function printable(text: string, most: number): string {
  const clean = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  return (clean.length > most ? `${clean.slice(0, most - 1)}…` : clean).toWellFormed();
}
