import { type Command, type ExecResult, nameOfCommand } from '../core/host-values.ts';
import type { EnginePorts } from './ports.ts';

/** `rejected`: the checker says no. `check_failed`: it could not say anything. */
export type CheckOutcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'rejected'; readonly why: string }
  | { readonly kind: 'check_failed'; readonly why: string };

const OUTPUT_LIMIT = 2_000;
const CUT = '\n[…]\n';

/** Checkers of one service that run at once, where the host has places for them. */
const AT_ONCE = 4;

/** Runs the daemon's own checkers on staged files, a few at once, and behind what serves calls. The first failure in their order counts. */
export async function checkStaged(ports: EnginePorts, commands: readonly Command[]): Promise<CheckOutcome> {
  const run = (command: Command) => ports.host.exec('argv' in command ? { ...command, isPatient: true } : command);
  for (let start = 0; start < commands.length; start += AT_ONCE) {
    const batch = commands.slice(start, start + AT_ONCE);
    const outcomes = await Promise.all(
      batch.map(async (command) => judgeChecker(command, await ports.checking(() => run(command)))),
    );
    const failed = outcomes.find((outcome) => outcome.kind !== 'passed');
    if (failed) return failed;
  }
  return { kind: 'passed' };
}

/** What a checker's answer says. */
export function judgeChecker(command: Command, result: ExecResult): CheckOutcome {
  const name = nameOfCommand(command);
  if (result.code === 0) return { kind: 'passed' };
  if (result.failure !== null)
    return { kind: 'check_failed', why: `The checker ${name} did not start: ${result.failure}` };
  if (result.timedOut)
    return { kind: 'check_failed', why: `The checker ${name} did not end within ${command.timeoutMs} ms` };
  if (result.code === null) return { kind: 'check_failed', why: `The checker ${name} was ended by ${result.signal}` };
  return { kind: 'rejected', why: `${name} refuses the files: ${checkerOutput(result)}` };
}

/**
 * A command's output for an operator. Of a long output the first and the last lines: some checkers print all that they read before they refuse it.
 */
export function checkerOutput(result: ExecResult): string {
  const output = [result.stderr.trim(), result.stdout.trim()].filter((text) => text !== '').join('\n');
  if (output === '') return `status ${result.code ?? result.signal}`;
  if (output.length <= OUTPUT_LIMIT) return output;
  const half = OUTPUT_LIMIT / 2 - CUT.length;
  return `${output.slice(0, half)}${CUT}${output.slice(-half)}`;
}
