import { isResultOf } from '../../../contract/command-kinds.ts';
import { type ClaimAnswer, type ClaimRequest, type CommandReport, RESULT_MAX } from '../../../contract/base/command.ts';
import { isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import type { Database } from '../../../store/database.ts';
import {
  claimCommands,
  type CommandEnd,
  endCommand,
  interruptCommand,
  waitingSign,
} from '../../../store/queries/base/jobs/command-claims.ts';
import { findCommand } from '../../../store/queries/base/jobs/commands.ts';
import { reached } from '../task.ts';

/** What agents may ask about commands. A node reaches only its own. */
export interface CommandPort {
  /** A sign of the commands that wait for the node; null: none does. */
  waiting(nodeId: string): Promise<string | null>;
  claim(nodeId: string, request: ClaimRequest): Promise<ClaimAnswer>;
  /** Takes the end of a command; refused if the agent no longer holds it. */
  report(nodeId: string, id: number, report: CommandReport): Promise<Rejected | null>;
}

/** The commands of the database. */
export function createCommandPort(db: Database): CommandPort {
  return {
    waiting: async (nodeId) =>
      (await reached(db.autocommitRead(async (tx) => ({ sign: await waitingSign(tx, nodeId) })))).sign,
    claim: async (nodeId, request) => ({
      commands: await reached(db.repeatable((tx) => claimCommands(tx, nodeId, request))),
    }),
    async report(nodeId, id, report) {
      const held = { nodeId, id, epoch: report.epoch };
      if (report.state === 'interrupted') return refusalUnless(db.repeatable((tx) => interruptCommand(tx, held)));
      const { kind } = await reached(
        db.autocommitRead(async (tx) => ({ kind: (await findCommand(tx, id))?.kind ?? '' })),
      );
      const end = endOf(kind, report);
      const taken = await db.repeatable((tx) => endCommand(tx, held, end));
      // The database cannot store some texts, such as one with NUL.
      const isUnstorable = isRejected(taken) && taken.code === 'invalid_value';
      return refusalUnless(isUnstorable ? db.repeatable((tx) => endCommand(tx, held, UNSTORABLE)) : taken);
    },
  };
}

const UNSTORABLE: CommandEnd = {
  state: 'failed',
  sentence: 'Its result holds a text that cannot be stored.',
  result: null,
};

async function refusalUnless(taken: boolean | Rejected | Promise<boolean | Rejected>): Promise<Rejected | null> {
  return (await reached(Promise.resolve(taken))) ? null : NOT_HELD;
}

const NOT_HELD = rejected(
  'conflict',
  'The agent no longer holds this command: another claim followed, it has ended, or it belongs to another node.',
);

/** An agent's report of the end of a command; a result that its kind does not allow counts as none. Pure. */
export function endOf(kind: string, report: CommandReport): CommandEnd {
  const { state, result = null } = report;
  const sentence = report.sentence.replace(/\p{Cc}+/gu, ' ').trim() || 'The agent gave no reason.';
  if (state !== 'done') return { state: 'failed', sentence, result: null };
  const size = Buffer.byteLength(JSON.stringify(result));
  if (size > RESULT_MAX)
    return { state: 'failed', sentence: `Its result has ${size} bytes. Rule: at most ${RESULT_MAX}.`, result: null };
  if (result === null || !isResultOf(kind, result))
    return { state: 'failed', sentence: `The agent sent a result that ${kind} does not have.`, result: null };
  return { state: 'done', sentence, result };
}
