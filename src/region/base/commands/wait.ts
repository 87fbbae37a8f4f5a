import { AppError } from '../../../core/errors.ts';
import type { Database } from '../../../store/database.ts';
import { expireCommands, hasOverdueCommands } from '../../../store/queries/base/jobs/command-claims.ts';
import { type CommandRow, findCommand } from '../../../store/queries/base/jobs/commands.ts';
import type { WakePort } from '../port.ts';
import { reached, type Task } from '../task.ts';

/** Waits for the end of a command. */
export interface CommandWaiter {
  /** The command when it has ended, which it does at its deadline at the latest. Throws when `signal` ends the wait, or there is no such command. */
  awaitCommand(id: number, signal: AbortSignal): Promise<CommandRow>;
}

/** If a wake is lost, this process notices the end or the deadline of a command this late, ms. */
const POLL_EVERY_MS = 1000;
const SHORT = { deadlineMs: 3000 } as const;

/** Makes the port for jobs. Their wait outlives the job's lease in no case: hand it the run's signal. */
export function createCommandWaiter(db: Database, wakes: WakePort): CommandWaiter {
  return {
    async awaitCommand(id, signal) {
      for (;;) {
        signal.throwIfAborted();
        const woken = Promise.withResolvers<void>();
        // Subscribed before the read: a commit between the two is not missed.
        const off = wakes.onWake(woken.resolve);
        const timer = setTimeout(woken.resolve, POLL_EVERY_MS);
        const onAbort = () => woken.resolve();
        signal.addEventListener('abort', onAbort);
        try {
          const { row } = await reached(db.autocommitRead(async (tx) => ({ row: await findCommand(tx, id) })));
          if (row === null) throw new AppError('command', `the command ${id} does not exist, or was deleted`);
          if (row.endedAt !== null) return row;
          await woken.promise;
        } finally {
          off();
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
        }
      }
    },
  };
}

/** Ends commands whose time has come. Runs on every region; each command is ended once. */
export function createCommandTask(db: Database): Task {
  return {
    name: 'commands',
    async run() {
      const { isDue } = await reached(
        db.autocommitRead(async (tx) => ({ isDue: await hasOverdueCommands(tx) }), SHORT),
      );
      if (!isDue) return null;
      const rows = await reached(db.repeatable(expireCommands, SHORT));
      return rows > 0 ? `${rows} commands ran out of time` : null;
    },
  };
}
