import type { CommandArgs, CommandKindName, CommandResult } from '../../../contract/command-kinds.ts';
import { COMMAND_KINDS, misfitOf } from '../../../contract/command-kinds.ts';
import { AppError, isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import type { Database } from '../../../store/database.ts';
import { dropPassing, insertPassing } from '../../../store/queries/base/jobs/commands.ts';
import type { WakePort } from '../port.ts';
import { createCommandWaiter } from './wait.ts';

/** Kinds whose rows go with their answer. */
type PassingKind = {
  [K in CommandKindName]: (typeof COMMAND_KINDS)[K] extends { readonly isPassing: true } ? K : never;
}[CommandKindName];

/** A question to a node's agent. `caller`: the user's name. */
export interface AgentQuery<K extends PassingKind> {
  readonly node: { readonly id: string; readonly name: string };
  readonly kind: K;
  readonly args: CommandArgs<K>;
  /** How long its agent may take. */
  readonly seconds: number;
  readonly caller: string;
}

/** The answer of an agent; `why`: a sentence, if there is no result. */
export type AgentAnswer<K extends PassingKind> =
  | { readonly kind: 'done'; readonly result: CommandResult<K> }
  | { readonly kind: 'none'; readonly why: string };

/** Queries a node's agent for something that nothing stores. Takes at most its own time and that of a write. */
export type AskAgent = <K extends PassingKind>(query: AgentQuery<K>) => Promise<AgentAnswer<K> | Rejected>;

/** How long the deletion of the row may take; the next question to the node also deletes it. */
const DROP = { deadlineMs: 2000 } as const;

/** Makes the port: the question is a command, which the agent fetches from the region that it is connected to. */
export function createAskAgent(db: Database, wakes: WakePort): AskAgent {
  const waiter = createCommandWaiter(db, wakes);
  return async <K extends PassingKind>({ node, kind, args, seconds, caller }: AgentQuery<K>) => {
    const misfit = misfitOf(kind, args, null);
    if (misfit !== null) throw new AppError('command', misfit);
    const { isRepeatable, claimSeconds } = COMMAND_KINDS[kind];
    const row = { nodeId: node.id, kind, args, isRepeatable, claimSeconds, deadlineSeconds: seconds, caller };
    const added = await db.repeatable(async (tx) => ({ id: await insertPassing(tx, row) }));
    if (isRejected(added)) return added;
    const { id } = added;
    if (id === null)
      return rejected(
        'too_many_requests',
        `Several such requests to the agent of ${node.name} are open. Try again in a few seconds.`,
      );
    const late = AbortSignal.timeout(seconds * 1000);
    try {
      const ended = await waiter.awaitCommand(id, late);
      if (ended.state === 'done') return { kind: 'done', result: ended.result as CommandResult<K> };
      return { kind: 'none', why: ended.sentence ?? '' };
    } catch (error) {
      if (!late.aborted) throw error;
      return { kind: 'none', why: `The agent of ${node.name} did not answer within ${seconds} s.` };
    } finally {
      void db.repeatable((tx) => dropPassing(tx, id), DROP).catch(() => {});
    }
  };
}
