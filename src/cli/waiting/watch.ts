import { toCliError } from '../failure.ts';
import { type ExitCode, usageError } from '../exit.ts';
import { printableLines } from '../format/escape.ts';
import type { CliIo } from '../io.ts';

/** Pause between two runs, seconds, unless the command has its own. */
export const WATCH_DEFAULT_S = 2;
const EVERY_MAX_S = 3600;
/** Clears a terminal and goes to its first line (ECMA-48 ED, CUP). */
const CLEAR = '\u001b[2J\u001b[H';

/** Seconds between two runs; null when `--watch` was not given. */
export function watchSeconds(
  value: string | boolean | readonly string[] | undefined,
  defaultSeconds = WATCH_DEFAULT_S,
): number | null {
  if (value === undefined || value === false) return null;
  const seconds = value === true ? defaultSeconds : Number(value);
  if (Number.isFinite(seconds) && seconds > 0 && seconds <= EVERY_MAX_S) return seconds;
  throw usageError(`--watch: ${JSON.stringify(value)} is not a number of seconds up to ${EVERY_MAX_S}.`);
}

/**
 * Runs the command repeatedly until the user interrupts; returns the last run's exit code. A failed run prints its error and the next run follows,
 * because the user wants to see the region come back. Without a terminal, a line with the time precedes each run.
 */
export async function watch(io: CliIo, seconds: number, runOnce: () => Promise<ExitCode>): Promise<ExitCode> {
  let code: ExitCode = 0;
  while (!io.interrupted.aborted) {
    io.out.write(io.out.isTerminal ? CLEAR : `-- ${new Date(io.now()).toISOString()}\n`);
    try {
      code = await runOnce();
    } catch (error) {
      if (io.interrupted.aborted) break;
      const failure = toCliError(error);
      code = failure.exit;
      io.err.write(`regent: ${printableLines(failure.message)}\n`);
    }
    await io.sleep(seconds * 1000, io.interrupted).catch(() => {});
  }
  return code;
}
