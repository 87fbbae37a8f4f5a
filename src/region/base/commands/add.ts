import { COMMAND_KINDS, type CommandArgs, type CommandKindName, misfitOf } from '../../../contract/command-kinds.ts';
import { AppError } from '../../../core/errors.ts';
import { type CommandRow, insertCommand } from '../../../store/queries/base/jobs/commands.ts';
import type { WriteTx } from '../../../store/write.ts';

/** A command as a use case or a job asks for it. */
export interface NewCommand<K extends CommandKindName> {
  readonly nodeId: string;
  readonly kind: K;
  readonly args: CommandArgs<K>;
  /** What its kind keeps secret; left out: nothing. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** From now, by the database's clock, until the caller has an answer, whatever happens to the node. */
  readonly deadlineSeconds: number;
  /** User's name, or `job 12`. */
  readonly caller: string;
}

/**
 * Asks a node's agent to do one thing, in the caller's transaction; the agent hears of it within a second of the commit. Arguments that break the kind's
 * schema are a fault of the caller: it throws.
 */
export function addCommand<K extends CommandKindName>(tx: WriteTx, command: NewCommand<K>): Promise<CommandRow> {
  const { kind, args, secrets = null } = command;
  const misfit = misfitOf(kind, args, secrets);
  if (misfit !== null) throw new AppError('command', misfit);
  const { isRepeatable, claimSeconds } = COMMAND_KINDS[kind];
  return insertCommand(tx, { ...command, args, secrets, isRepeatable, claimSeconds });
}
