/** Exit codes of every command. They are part of the interface: scripts branch on them. */
export const EXIT = { ok: 0, error: 1, usage: 2, notFound: 3, conflict: 4, timeout: 5, degraded: 6 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command: the sentence for stderr, what to do next, and the exit code. */
export class CliError extends Error {
  readonly exit: ExitCode;
  readonly next: readonly string[];

  constructor(exit: ExitCode, message: string, next: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = 'CliError';
    this.exit = exit;
    this.next = next;
  }
}

/** A mistake in the command line: exit code 2 and a pointer to the help. */
export function usageError(message: string, next: readonly string[] = []): CliError {
  return new CliError(EXIT.usage, message, next);
}
