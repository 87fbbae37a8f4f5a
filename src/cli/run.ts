import type { NounSpec } from './command.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { printableLines } from './format/escape.ts';
import type { CliIo } from './io.ts';
import { runProgram } from './program.ts';
import { NOUNS } from './nouns.ts';

/** Runs one command line to its exit code; every failure becomes one message on stderr, never a stack. */
export async function runCli(io: CliIo, nouns: readonly NounSpec[] = NOUNS): Promise<ExitCode> {
  try {
    return await runProgram({
      io,
      nouns,
      connect: () => Promise.reject(new CliError(EXIT.error, 'There is no context.')),
    });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    io.err.write(`regent: ${printableLines(error.message)}\n`);
    for (const hint of error.next) io.err.write(`  ${printableLines(hint)}\n`);
    return error.exit;
  }
}
