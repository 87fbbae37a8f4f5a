import type { Command, ExecResult } from '../core/host-values.ts';
import type { EnginePorts } from './ports.ts';

/** `rejected`: the checker says no. `check_failed`: it could not say anything. */
export type CheckOutcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'rejected'; readonly why: string }
  | { readonly kind: 'check_failed'; readonly why: string };

const WORDS_LIMIT = 2_000;

/** Runs the daemon's own checkers on staged files, one after the other; the first that does not pass ends it. */
export async function checkStaged(ports: EnginePorts, commands: readonly Command[]): Promise<CheckOutcome> {
  for (const command of commands) {
    const outcome = judge(command, await ports.host.exec(command));
    if (outcome.kind !== 'passed') return outcome;
  }
  return { kind: 'passed' };
}

function judge(command: Command, result: ExecResult): CheckOutcome {
  const name = command.argv[0] ?? '';
  if (result.code === 0) return { kind: 'passed' };
  if (result.failure !== null)
    return { kind: 'check_failed', why: `The checker ${name} did not start: ${result.failure}` };
  if (result.timedOut)
    return { kind: 'check_failed', why: `The checker ${name} did not end within ${command.timeoutMs} ms` };
  if (result.code === null) return { kind: 'check_failed', why: `The checker ${name} was ended by ${result.signal}` };
  return { kind: 'rejected', why: `${name} refuses the files: ${wordsOf(result)}` };
}

/** What a command said, for an operator. */
export function wordsOf(result: ExecResult): string {
  const said = [result.stderr.trim(), result.stdout.trim()].filter((text) => text !== '').join('\n');
  return (said || `status ${result.code ?? result.signal}`).slice(0, WORDS_LIMIT);
}
