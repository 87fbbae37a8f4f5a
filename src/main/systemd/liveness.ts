import { readFileSync } from 'node:fs';
import type { Clock, Log } from '../../core/ports.ts';
import type { Notifier } from './notify.ts';

/** Proof that a process still does its work, fed by its own loops. */
export interface Liveness {
  /**
   * Declares a loop that must come round: the returned function is called by the loop itself, each time it has made a round.
   * When it is silent for longer than `maxSilenceMs`, systemd gets no proof of life any more and restarts the process.
   */
  loop(name: string, maxSilenceMs: number): LoopBeat;
  /** Names of the loops that are silent for too long now. */
  silent(): readonly string[];
}

/** Called once per round; `end` when the loop has ended on purpose. */
export interface LoopBeat {
  (): void;
  end(): void;
}

/**
 * What the watchdog is built from; WATCHDOG_USEC of the environment is systemd's interval (unset: nothing is sent). `waited`: for how long this
 * process's event loop has been ready to run and got no processor since it began, ms; NaN: not known, which is no excuse.
 */
export interface LivenessOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly notifier: Pick<Notifier, 'watchdog'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly waited?: () => number;
}

/** A process that has waited for a processor for this part of the time does not hang: the rule of ha/kit/starved.ts. */
const STARVED_SHARE = 0.5;

/**
 * Starts the watchdog. A ping is sent four times per interval, by this process's event loop, and only when every declared loop
 * has beaten in time: a blocked event loop and a loop that waits for ever both end in a restart. Loops that are late because this process
 * got no processor since the last ping are no reason: the start of another one would cost a full host more than this one was short of.
 */
export function startLiveness(options: LivenessOptions): Liveness {
  const loops = new Map<string, { lastMs: number; readonly maxSilenceMs: number }>();
  const { clock, log, waited = waitedByKernel } = options;
  const silent = () =>
    [...loops].filter(([, loop]) => clock.monotonic() - loop.lastMs > loop.maxSilenceMs).map(([name]) => name);
  const intervalMs = Number(options.environment['WATCHDOG_USEC'] ?? 0) / 1000;
  let isSending = false;
  let last = { at: clock.monotonic(), waited: waited() };
  /** Since the last ping. */
  const wasStarved = () => {
    const before = last;
    last = { at: clock.monotonic(), waited: waited() };
    return last.waited - before.waited >= STARVED_SHARE * (last.at - before.at);
  };
  const ping = async () => {
    const starved = wasStarved();
    const [loop] = silent();
    if (loop !== undefined) {
      if (!starved) return log.error('a loop makes no progress, no proof of life is sent', { loop });
      log.warn('a loop makes no progress: this process gets no processor', { loop });
    }
    if (isSending) return;
    isSending = true;
    await options.notifier.watchdog();
    isSending = false;
  };
  if (intervalMs > 0) setInterval(() => void ping(), intervalMs / 4).unref();
  return {
    silent,
    loop: (name, maxSilenceMs) => {
      const state = { lastMs: clock.monotonic(), maxSilenceMs };
      loops.set(name, state);
      const beat = () => {
        state.lastMs = clock.monotonic();
      };
      return Object.assign(beat, { end: () => void loops.delete(name) });
    },
  };
}

/** The second number of `schedstat` of the main thread, ns (Documentation/scheduler/sched-stats.rst of Linux). */
function waitedByKernel(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return NaN;
  }
}
