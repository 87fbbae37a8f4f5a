import { formatCount } from '../../core/count-text.ts';
import type { CommandRunner } from '../../agent/commands/runner.ts';
import type { CommandArgs } from '../../contract/command-kinds.ts';
import { LOG_BYTES_MAX, type LogLine, type ReadLogResult } from '../../contract/base/command.ts';
import { AppError } from '../../core/errors.ts';
import { maskSecrets } from '../../core/masked.ts';
import type { JournalLine, ReadJournal } from '../../host/observe/journal-lines.ts';
import type { AnyService } from '../../services/kit/contract.ts';
import { logUnitsOf } from '../../services/kit/log-units.ts';

/** What the runner of logs needs. */
export type LogRunnerPorts = { readonly services: readonly AnyService[]; readonly read: ReadJournal };

/** Reads the last lines of a part's units; no other unit of the host, for any caller. */
export function logRunner({ services, read }: LogRunnerPorts): CommandRunner {
  return async ({ args, signal }) => {
    // The region has checked them by the kind's schema.
    const { part, lines, after } = args as CommandArgs<'read-log'>;
    const units = logUnitsOf(services, part);
    if (units === null) throw new AppError('command', `this agent knows no part ${part}`);
    const found = await read({ units, lines, after, bytes: LOG_BYTES_MAX }, signal);
    const { cursor, isCut } = found;
    const result: ReadLogResult = { items: found.lines.map(shown), cursor, isCut };
    return { result, sentence: `${formatCount(result.items.length, 'line')} of ${part}.` };
  };
}

function shown({ at, program, priority, text }: JournalLine): LogLine {
  return { at, program, level: levelOf(priority), text: maskSecrets(text) };
}

function levelOf(priority: number): LogLine['level'] {
  if (priority <= 3) return 'error';
  if (priority === 4) return 'warning';
  return priority === 7 ? 'debug' : 'info';
}
