import type { Clock, Log } from '../../core/ports.ts';
import type { Notifier } from './notify.ts';

/** Proof that a process still does its work, fed by its own loops. */
export interface Liveness {
  /**
   * Declares a loop that must come round: the returned function is called by the loop itself, each time it has made a round.
   * When it is silent for longer than `maxSilenceMs`, systemd gets no proof of life any more and restarts the process.
   */
  loop(name: string, maxSilenceMs: number): Beat;
  /** Names of the loops that are silent for too long now. */
  silent(): readonly string[];
}

/** Called once per round; `end` when the loop has ended on purpose. */
export interface Beat {
  (): void;
  end(): void;
}

/** What the watchdog is built from; WATCHDOG_USEC of the environment is systemd's interval (unset: nothing is sent). */
export interface LivenessOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly notifier: Pick<Notifier, 'watchdog'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Starts the watchdog. A ping is sent four times per interval, by this process's event loop, and only when every declared loop
 * has beaten in time: a blocked event loop and a loop that waits for ever both end in a restart.
 */
export function startLiveness(options: LivenessOptions): Liveness {
  const loops = new Map<string, { lastMs: number; readonly maxSilenceMs: number }>();
  const { clock, log } = options;
  const silent = () =>
    [...loops].filter(([, loop]) => clock.monotonic() - loop.lastMs > loop.maxSilenceMs).map(([name]) => name);
  const intervalMs = Number(options.environment['WATCHDOG_USEC'] ?? 0) / 1000;
  let isSending = false;
  const ping = async () => {
    const stuck = silent();
    if (stuck.length > 0) return log.error('a loop makes no progress, no proof of life is sent', { loop: stuck[0] });
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
