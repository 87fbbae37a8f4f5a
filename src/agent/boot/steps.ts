import { type BootStep, STEPS_PER_REPORT } from '../../contract/machines/boot-steps.ts';
import { backOffMs } from '../../core/back-off.ts';
import { AppError, sentenceOf } from '../../core/errors.ts';
import type { RegionChannel } from '../channel/channel.ts';
import type { Findings } from '../findings.ts';
import { type LoopPorts, openWakeSignal } from '../ports.ts';
import type { AnswerSeen } from './listener.ts';
import { openSieve, type SeenStep } from './sieve.ts';

/** The parts that the queue of steps needs. `epoch`: a hexadecimal text that is never used again. */
export interface BootStepsOptions {
  readonly ports: LoopPorts;
  readonly channel: Pick<RegionChannel, 'bootSteps'>;
  readonly findings: Findings;
  readonly epoch: string;
}

/** Reports to the regions the steps that this rack sees of booting machines. */
export interface BootSteps {
  /**
   * Adds a step; never waits, never throws. Repeated steps, and steps of one machine that come too often, are dropped.
   */
  add(step: SeenStep): void;
  /** Adds an answer of the boot listener as a step. */
  onAnswer(answer: AnswerSeen): void;
  /** Sends steps until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

/** Most steps that wait for a region: an hour of 30 machines that restart all the time. */
const QUEUE_MAX = 2_000;
/** Steps are collected for this time before a report, ms. */
const GATHER_MS = 300;
const IDLE_MS = 10_000;
const BACK_OFF = { firstMs: 500, mostMs: 5_000 } as const;
const SILENCE_MS = 60_000;
const DROPPED = 'boot_steps_dropped';
/** Longest texts that the protocol allows (`contract/machines/boot-steps.ts`). */
const TEXTS = { file: 120, decision: 20, reason: 400, architecture: 16, loader: 16 } as const;

/**
 * Opens the queue. While no region answers, the steps stay in memory and are sent again; regions accept each number
 * only once. If the queue is full, the oldest steps are dropped, and a finding reports that.
 */
export function openBootSteps({ ports, channel, findings, epoch }: BootStepsOptions): BootSteps {
  const { clock, log } = ports;
  const news = openWakeSignal(ports);
  const sieve = openSieve(clock);
  const queue: BootStep[] = [];
  let last = 0;
  let dropped = 0;

  const add = (step: SeenStep): void => {
    const clean = { ...step, facts: cleanFacts(step.facts) };
    if (!sieve.passes(clean)) return;
    last += 1;
    queue.push({ ...clean, sequence: last, at: new Date(step.at).toISOString() });
    while (queue.length > QUEUE_MAX) {
      queue.shift();
      dropped += 1;
      findings.raise(
        DROPPED,
        `No region accepts the boot steps that this rack reports. The oldest ${dropped} steps are lost.`,
      );
    }
    news.raise();
  };

  /** Sends the oldest steps. Steps that arrive meanwhile wait for the next report. */
  const send = async (): Promise<void> => {
    const steps = queue.slice(0, STEPS_PER_REPORT);
    const newest = steps.at(-1)?.sequence ?? 0;
    const outcome = await sendReport({ epoch, at: new Date(clock.now()).toISOString(), steps });
    if (outcome !== 'taken')
      log.warn('a region did not accept boot steps of machines', { count: steps.length, why: outcome });
    while ((queue[0]?.sequence ?? Infinity) <= newest) queue.shift();
    if (queue.length > 0) return;
    dropped = 0;
    findings.clear(DROPPED);
  };
  /** A report that a region refuses for good is not sent again: it would block all later reports. */
  const sendReport = async (report: Parameters<typeof channel.bootSteps>[0]): Promise<string> => {
    try {
      const answer = await channel.bootSteps(report);
      return answer === 'unknown' ? 'its release does not know boot steps' : answer;
    } catch (error) {
      if (error instanceof AppError && error.code === 'region_refused') return error.message;
      throw error;
    }
  };

  return {
    add,
    onAnswer: (answer) => add(ofAnswer(answer, clock.now())),
    run: async (signal) => {
      const beat = ports.loop('boot steps', SILENCE_MS);
      let failures = 0;
      while (!signal.aborted) {
        if (queue.length === 0) {
          await news.wait(IDLE_MS, signal);
          if (queue.length > 0) await ports.wait(GATHER_MS, signal);
        }
        try {
          if (queue.length > 0 && !signal.aborted) await send();
          failures = 0;
        } catch (error) {
          if (signal.aborted) break;
          failures += 1;
          if (failures === 3) log.warn('no region accepts boot steps of machines', { error: sentenceOf(error) });
          await ports.wait(backOffMs(failures - 1, BACK_OFF, ports.random), signal);
        }
        beat();
      }
      beat.end();
    },
  };
}

/**
 * An answer of the boot listener as a step. A request without a MAC gives a failed step, known by the client's address.
 * Pure.
 */
export function ofAnswer(answer: AnswerSeen, at: number): SeenStep {
  const { mac, client, decision, reason, architecture, loader } = answer;
  const address = client.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const hasMac = mac !== null;
  return {
    at,
    source: 'boot',
    what: 'script',
    mac,
    address: address === '' ? null : address,
    outcome: hasMac ? 'done' : 'failed',
    facts: { decision, reason, loader, ...(architecture === null ? {} : { architecture }) },
  };
}

/** Cuts texts of firmware to the length that the protocol allows, and replaces unprintable characters by `?`. Pure. */
function cleanFacts(facts: BootStep['facts']): BootStep['facts'] {
  const texts = Object.entries(TEXTS).flatMap(([name, most]) => {
    const text = facts[name as keyof typeof TEXTS];
    return text === undefined ? [] : [[name, text.slice(0, most).replace(/[^ -~]/g, '?')] as const];
  });
  return { ...facts, ...Object.fromEntries(texts) };
}
