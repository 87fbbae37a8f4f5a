import type { Problem } from '../contract/base/common.ts';
import { ProblemError } from '../contract/base/wire/transport.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { connectionHints } from './region.ts';

const EXIT_OF: Readonly<Record<string, ExitCode>> = {
  not_found: EXIT.notFound,
  conflict: EXIT.conflict,
  in_use: EXIT.conflict,
  precondition_failed: EXIT.conflict,
};

const NEXT_OF: Readonly<Record<string, readonly string[]>> = {
  unauthenticated: [
    'Check REGENT_API_KEY or the stored context. An admin makes a new key with: regent api-key create TITLE --user NAME',
  ],
  forbidden: ['Use a key of a user with another role; an admin changes a role with: regent user set NAME --role ROLE'],
  precondition_failed: ['Show the object again, then repeat the change.'],
  unavailable: ['The region runs but its database does not answer. As root on a region node: regent doctor'],
  not_implemented: ['The region is older than this command line; upgrade it.'],
  too_many_requests: ['Wait a moment, then try again.'],
  internal: ['The region’s log says more: journalctl -u regent-regiond'],
};

/** Turns anything that a command threw into its message, the next step and the exit code. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof ProblemError) return fromProblem(error.problem);
  if (error instanceof AppError && error.code === 'unreachable')
    return new CliError(EXIT.error, `${error.message}.`.replace(/\.\.$/, '.'), connectionHints(), { cause: error });
  return new CliError(EXIT.error, sentenceOf(error), [], { cause: error });
}

/** A refusal with the next step, if the command knows better than the code; other errors stay as they are. */
export function withNext(error: unknown, next: Readonly<Record<string, readonly string[]>>): unknown {
  const lines = error instanceof ProblemError ? next[error.problem.code] : undefined;
  if (lines === undefined) return error;
  const plain = toCliError(error);
  return new CliError(plain.exit, plain.message, [...plain.next, ...lines], { cause: error });
}

function fromProblem(problem: Problem): CliError {
  // A single field's problem is already the detail. Several are listed.
  const fields = (problem.fields ?? []).filter((_, __, all) => all.length > 1);
  const lines = fields.map((field) => `${field.field}: ${field.problem}${field.rule ? ` (rule: ${field.rule})` : ''}`);
  const request = problem.code === 'internal' && problem.requestId !== '' ? [`Request ${problem.requestId}.`] : [];
  return new CliError(EXIT_OF[problem.code] ?? EXIT.error, problem.detail, [
    ...lines,
    ...(NEXT_OF[problem.code] ?? []),
    ...request,
  ]);
}
