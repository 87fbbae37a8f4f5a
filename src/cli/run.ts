import type { NounSpec } from './command-spec.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { toCliError } from './failure.ts';
import { printableLines } from './format/escape.ts';
import type { CliIo } from './io.ts';
import { NOUNS } from './nouns.ts';
import { runProgram } from './program.ts';
import { connect } from './region.ts';

/** Runs one command line to its exit code; every failure becomes one message on stderr, never a stack. */
export async function runCli(io: CliIo, nouns: readonly NounSpec[] = NOUNS): Promise<ExitCode> {
  try {
    const [first, dashes, ...argv] = io.argv;
    if (first === '__complete' && dashes === '--') {
      const { printCompletions } = await import('./live-names.ts');
      return await printCompletions(io, argv, nouns);
    }
    return await runProgram({ io, nouns, connect: (global, patience) => connect(io, global, patience) });
  } catch (error) {
    if (io.interrupted.aborted) {
      io.err.write('regent: interrupted\n');
      return EXIT.error;
    }
    const failure = toCliError(error);
    io.err.write(`regent: ${printableLines(failure.message)}\n`);
    for (const hint of failure.next) io.err.write(`  ${printableLines(hint)}\n`);
    return failure.exit;
  }
}
