import { type ClaimedCommand, type CommandReport, RESULT_MAX } from '../../contract/base/command.ts';
import { AppError, sentenceOf } from '../../core/errors.ts';
import { deadline } from '../../host/ask/deadline.ts';
import type { CommandRunners } from './runner.ts';

/** The agent ends a command this long before the region ends the claim, ms, so that its report arrives in time. */
const MARGIN_MS = 300;
const SENTENCE_MAX = 1000;

/**
 * Runs one command within its time limit and returns the report of its end. Never throws. `claimMs`: how long the claim
 * took.
 */
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
  const expiry = Promise.withResolvers<never>();
  // Without this handler, an expiry that nothing awaits would be an unhandled rejection.
  expiry.promise.catch(() => {});
  const cancel = deadline(Math.max(0, leftMs), () => {
    late.abort();
    expiry.reject(new AppError('command_late', lateMessage));
  });
  try {
    const runner = Object.hasOwn(runners, kind) ? runners[kind] : undefined;
    if (runner === undefined)
      throw new AppError('command_unknown', `this agent cannot run commands of the kind ${kind}`);
    if (leftMs <= 0) throw new AppError('command_late', lateMessage);
    const run = runner({ args, secrets, leftMs, signal: AbortSignal.any([stop, late.signal]) });
    const { result, sentence } = await Promise.race([run, expiry.promise]);
    const size = Buffer.byteLength(JSON.stringify(result) ?? '');
    if (size > RESULT_MAX)
      throw new AppError('command_result', `the result of the command has ${size} bytes. Rule: at most ${RESULT_MAX}`);
    return { epoch, state: 'done', sentence: withoutSecrets(sentence, secrets), result };
  } catch (error) {
    return { epoch, state: 'failed', sentence: withoutSecrets(sentenceOf(error), secrets) };
  } finally {
    cancel();
  }
}

/** Makes a sentence fit to be stored and shown: replaces each secret of the command by `***`, and limits the length. */
function withoutSecrets(sentence: string, secrets: ClaimedCommand['secrets']): string {
  const values = Object.values(secrets ?? {}).filter((value) => value !== '');
  return values.reduce((text, value) => text.replaceAll(value, '***'), sentence).slice(0, SENTENCE_MAX);
}
