import { Check } from 'typebox/value';
import { ClaimAnswer, type ClaimedCommand, COMMANDS_AT_ONCE, type CommandReport } from '../../contract/base/command.ts';
import { backOffMs } from '../../core/back-off.ts';
import { AppError, sentenceOf } from '../../core/errors.ts';
import type { RegionChannel } from '../channel/channel.ts';
import { type LoopPorts, openWakeSignal } from '../ports.ts';
import { attempt } from './attempt.ts';
import type { CommandNote, NotedCommand } from './note.ts';
import type { CommandRunners } from './runner.ts';

/** What the loop of commands is built from. */
export interface CommandOptions {
  readonly ports: LoopPorts;
  readonly channel: Pick<RegionChannel, 'claim' | 'endCommand'>;
  readonly note: CommandNote;
  readonly runners: CommandRunners;
}

/** One-time commands for this node. */
export interface Commands {
  /** The last sign of commands that a pull brought. */
  sign(): string;
  /** A region has commands for this node. */
  noteSign(sign: string): void;
  run(signal: AbortSignal): Promise<void>;
}

const BACK_OFF = { firstMs: 100, mostMs: 5_000 } as const;
/** A claim that found nothing is made again after a rest, so many times: another transaction may have held the announced command. */
const REST_MS = 1_000;
const EMPTY_MAX = 5;
const ROUND_MS = 10_000;
const SILENCE_MS = 60_000;

const notRecorded = (error: unknown): string =>
  `The agent could not record the command and did not start it: ${sentenceOf(error)}`.slice(0, 1000);

/**
 * Opens the loop: the pull announces commands; the loop claims some, notes them durably, runs them, and reports their end until a region takes or refuses it.
 * A claim starts a command at most once: commands that an earlier process had in flight are reported as interrupted.
 */
export function openCommands(options: CommandOptions): Commands {
  const { ports, channel, note, runners } = options;
  const { clock, random, log } = ports;
  const wakeSignal = openWakeSignal(ports);
  const send = (command: NotedCommand, report: CommandReport, stop: AbortSignal) =>
    sendEnd(options, command, report, stop);
  let sign = '';
  let isWanted = false;
  let key: string | null = null;
  let active = 0;
  let empty = 0;

  const work = async (command: ClaimedCommand, claimedAt: number, stop: AbortSignal): Promise<void> => {
    active += 1;
    log.info('command started', { command: command.id, kind: command.kind, epoch: command.epoch });
    const report = await attempt(command, runners, clock.monotonic() - claimedAt, stop);
    active -= 1;
    if (isWanted) wakeSignal.raise();
    // Cut off by this agent's own end: the next one says that it does not know.
    if (!stop.aborted) await send(command, report, stop);
  };

  /** Takes as many as there is room for. */
  const take = async (stop: AbortSignal): Promise<void> => {
    const limit = COMMANDS_AT_ONCE - active;
    if (limit <= 0) return;
    const claimedAt = clock.monotonic();
    // Stays until an answer comes: a claim whose answer was lost is answered again.
    key ??= random.hex(16);
    // Commands that are announced from here on may be too late for this claim.
    isWanted = false;
    const answer = await channel.claim({ key, kinds: Object.keys(runners), limit });
    if (!Check(ClaimAnswer, answer)) throw new AppError('region_refused', 'the answer does not fit the agent protocol');
    key = null;
    const taken = answer.commands.filter((command) => !note.has(command));
    isWanted ||= answer.commands.length >= limit;
    if (taken.length === 0) {
      // News ends the rest.
      await wakeSignal.wait(REST_MS, stop);
      empty += 1;
      isWanted ||= empty < EMPTY_MAX;
      return;
    }
    empty = 0;
    try {
      await note.add(taken);
    } catch (error) {
      const sentence = notRecorded(error);
      return taken.forEach((command) => void send(command, { epoch: command.epoch, state: 'failed', sentence }, stop));
    }
    for (const command of taken) void work(command, claimedAt, stop);
  };

  return {
    sign: () => sign,
    noteSign: (next) => {
      sign = next;
      empty = 0;
      isWanted = true;
      wakeSignal.raise();
    },
    run: async (signal) => {
      const beat = ports.loop('commands', SILENCE_MS);
      const sentence = 'The agent restarted while the command ran.';
      for (const command of note.left)
        void send(command, { epoch: command.epoch, state: 'interrupted', sentence }, signal);
      let failures = 0;
      while (!signal.aborted) {
        beat();
        if (!isWanted || active >= COMMANDS_AT_ONCE) {
          await wakeSignal.wait(ROUND_MS, signal);
          continue;
        }
        try {
          await take(signal);
          failures = 0;
        } catch (error) {
          if (signal.aborted) break;
          isWanted = true;
          if (failures === 0) log.warn('commands could not be fetched yet', { error: sentenceOf(error) });
          failures += 1;
          await ports.wait(backOffMs(failures - 1, BACK_OFF, random), signal);
        }
      }
      beat.end();
    },
  };
}

/**
 * Reports the end of a command until a region takes it or answers that it is late; then the note goes. A result that no region can take is reported as a
 * failure. Ends without that when the agent stops: the next one says that it does not know.
 */
async function sendEnd(
  { ports, channel, note }: CommandOptions,
  command: NotedCommand,
  report: CommandReport,
  stop: AbortSignal,
): Promise<void> {
  const log = ports.log.with({ command: command.id, kind: command.kind });
  let result = report;
  for (let tries = 0; !stop.aborted; tries += 1) {
    try {
      const answer = await channel.endCommand(command.id, result);
      log.info('a command ended', { state: result.state, answer });
      await note.remove(command);
      return;
    } catch (error) {
      if (stop.aborted) return;
      const isRefused = error instanceof AppError && error.code === 'region_refused';
      if (isRefused && result.state !== 'done') {
        log.warn('no region accepts the result of a command', { error: sentenceOf(error) });
        await note.remove(command).catch(() => {});
        return;
      }
      if (isRefused)
        result = {
          epoch: result.epoch,
          state: 'failed',
          sentence: 'The region did not accept the result of the command.',
        };
      if (tries === 0) log.warn('the result of a command could not be reported yet', { error: sentenceOf(error) });
      await ports.wait(backOffMs(tries, BACK_OFF, ports.random), stop);
    }
  }
}
