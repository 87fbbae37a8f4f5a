import { type ClaimedCommand, type CommandReport, RESULT_MAX } from '../../contract/base/command.ts';
import { AppError, sentenceOf } from '../../core/errors.ts';
import { deadline } from '../../host/ask/deadline.ts';
import type { CommandRunners } from './runner.ts';

/** The agent's report comes this long before the region gives the claim up, ms. */
const MARGIN_MS = 300;
const SENTENCE_MAX = 1000;

/** Runs one command within its time. Gives how it ended; never throws. `claimMs`: how long its claim took. */
export async function attempt(
  command: ClaimedCommand,
  runners: CommandRunners,
  claimMs: number,
  stop: AbortSignal,
): Promise<CommandReport> {
  const { id, kind, epoch, args, secrets } = command;
  const leftMs = Math.floor(command.leftMs - claimMs - MARGIN_MS);
  const late = new AbortController();
  const lateMessage = `command ${id} (${kind}) took longer than the ${(Math.max(0, leftMs) / 1000).toFixed(1)} s that were left`;
  const ended = Promise.withResolvers<never>();
  // Nobody may listen to it any more when it ends.
  ended.promise.catch(() => {});
  const cancel = deadline(Math.max(0, leftMs), () => {
    late.abort();
    ended.reject(new AppError('command_late', lateMessage));
  });
  try {
    const runner = Object.hasOwn(runners, kind) ? runners[kind] : undefined;
    if (runner === undefined)
      throw new AppError('command_unknown', `this agent cannot run commands of the kind ${kind}`);
    if (leftMs <= 0) throw new AppError('command_late', lateMessage);
    const run = runner({ args, secrets, leftMs, signal: AbortSignal.any([stop, late.signal]) });
    const { result, sentence } = await Promise.race([run, ended.promise]);
    const size = Buffer.byteLength(JSON.stringify(result) ?? '');
    if (size > RESULT_MAX)
      throw new AppError('command_result', `its result has ${size} bytes. Rule: at most ${RESULT_MAX}`);
    return { epoch, state: 'done', sentence: withoutSecrets(sentence, secrets), result };
  } catch (error) {
    return { epoch, state: 'failed', sentence: withoutSecrets(sentenceOf(error), secrets) };
  } finally {
    cancel();
  }
}

/** A sentence as it may be stored and shown: bounded, and without any secret of the command. */
function withoutSecrets(sentence: string, secrets: ClaimedCommand['secrets']): string {
  const values = Object.values(secrets ?? {}).filter((value) => value !== '');
  return values.reduce((text, value) => text.replaceAll(value, '***'), sentence).slice(0, SENTENCE_MAX);
}
