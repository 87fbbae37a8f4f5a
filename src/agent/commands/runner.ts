/** A command as its runner gets it. `signal` ends when its time is over or the agent stops. */
export interface CommandTask {
  /** As the kind's schema has them; the region has checked it. */
  readonly args: unknown;
  readonly secrets: Readonly<Record<string, string>> | null;
  /** How long the run may take, ms. */
  readonly leftMs: number;
  readonly signal: AbortSignal;
}

/** What a run gives: the kind's result, and a sentence for operators. */
export type CommandOutcome = { readonly result: unknown; readonly sentence: string };

/** Does what one kind of command asks for. What it throws is the command's failure, with its sentence: it names no secret. */
export type CommandRunner = (task: CommandTask) => Promise<CommandOutcome>;

/** Runners by kind. */
export type CommandRunners = Readonly<Record<string, CommandRunner>>;
