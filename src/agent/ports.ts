import type { Clock, Log, Random } from '../core/ports.ts';

/** Proof that a loop of the agent makes rounds; a silent one ends in a restart by systemd's watchdog. */
export interface Beat {
  (): void;
  end(): void;
}

/** What every loop of the agent gets. `wait` resolves after so many ms, or at once when `signal` is aborted. */
export interface LoopPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  loop(name: string, maxSilenceMs: number): Beat;
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A wait that ends early when something happens. */
export interface WakeSignal {
  raise(): void;
  /** Resolves when it was raised since the last wait, when `ms` have gone or when `signal` is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Makes a wakeSignal on top of a plain wait. */
export function openWakeSignal(ports: Pick<LoopPorts, 'wait'>): WakeSignal {
  let isRaised = false;
  let wake: (() => void) | null = null;
  return {
    raise: () => {
      isRaised = true;
      wake?.();
    },
    wait: async (ms, signal) => {
      if (!isRaised && !signal.aborted) {
        const early = new AbortController();
        wake = () => early.abort();
        await ports.wait(ms, AbortSignal.any([signal, early.signal]));
        wake = null;
      }
      isRaised = false;
    },
  };
}
