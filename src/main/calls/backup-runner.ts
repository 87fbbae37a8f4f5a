import type { CommandRunner } from '../../agent/commands/runner.ts';
import type { CommandArgs, CommandResult } from '../../contract/command-kinds.ts';
import { AppError } from '../../core/errors.ts';
import type { Host } from '../../host/interface.ts';
import { CONTROL_SOCKET } from '../../services/backup/daemon.ts';

const ASK_MS = 5000;

/** Hands the region's question to `regent-backup.service`, through the helper. */
export function backupRunner(host: Pick<Host, 'exec'>): CommandRunner {
  return async ({ args }) => {
    // The database gives members back in an order of its own, and the helper compares the text with its rule.
    const { ask, id, order } = args as CommandArgs<'backup'>;
    const request = JSON.stringify({ ask, id, ...(order === undefined ? {} : { order }) });
    const answer = await host.exec({ socket: CONTROL_SOCKET, request, timeoutMs: ASK_MS });
    if (answer.code !== 0)
      throw new AppError(
        'command',
        `regent-backup of this node does not answer (${answer.failure ?? 'no answer in time'})`,
      );
    const result: CommandResult<'backup'> = { answer: JSON.parse(answer.stdout) as { state: string } };
    return { result, sentence: `regent-backup: ${result.answer.state}.` };
  };
}
