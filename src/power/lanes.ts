import type { PowerEffects } from './driver.ts';

/** Orders that may wait for one BMC; further ones are refused as busy. */
const WAITING_MAX = 16;

/** The queue of one BMC: one order at a time, and a pause between commands. */
export interface Lane {
  /** Waits until the BMC may be given another command. */
  ready(gapMs: number): Promise<void>;
}

/** One lane for each BMC. */
export interface Lanes {
  /** Does the work when all that came before it has ended. Null: too many wait already. */
  enter<T>(bmc: string | null, work: (lane: Lane) => Promise<T>): Promise<T | null>;
}

const FREE: Lane = { ready: async () => {} };

/** Opens the lanes. */
export function openLanes({ clock, pause }: Pick<PowerEffects, 'clock' | 'pause'>): Lanes {
  const queues = new Map<string, { last: Promise<unknown>; waiting: number; spokenAt: number }>();
  return {
    enter: async (bmc, work) => {
      if (bmc === null) return await work(FREE);
      const queue = queues.get(bmc) ?? { last: Promise.resolve(), waiting: 0, spokenAt: -Infinity };
      queues.set(bmc, queue);
      if (queue.waiting >= WAITING_MAX) return null;
      queue.waiting += 1;
      const lane: Lane = {
        ready: async (gapMs) => {
          const early = queue.spokenAt + gapMs - clock.monotonic();
          if (early > 0) await pause(early);
          queue.spokenAt = clock.monotonic();
        },
      };
      const turn = queue.last.then(() => work(lane));
      queue.last = turn.catch(() => {});
      try {
        return await turn;
      } finally {
        queue.waiting -= 1;
      }
    },
  };
}
