import { chanceOf } from '../../src/drills/run/chance.ts';
import { pause } from './until.ts';

/** Random choices of a run; its seed is printed and `REGENT_CLUSTER_SEED` plays it again. */
export interface Dice {
  readonly seed: number;
  /** In [0, 1). */
  readonly next: () => number;
  shuffled<T>(items: readonly T[]): T[];
  pick<T>(items: readonly T[]): T;
  /** Waits a random part of a period, so that faults do not always meet the same moment of a heartbeat. */
  phase(periodMs: number): Promise<void>;
}

/** Makes dice from a seed. */
export function dice(seed: number): Dice {
  const next = chanceOf(seed);
  const shuffled = <T>(items: readonly T[]): T[] =>
    items
      .map((item) => ({ item, key: next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item);
  return {
    seed,
    next,
    shuffled,
    pick: <T>(items: readonly T[]): T => {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    phase: (periodMs) => pause(next() * periodMs),
  };
}

/** New dice of this run: of the seed that is given to it, else of any. */
export function diceOfRun(): Dice {
  const given = process.env['REGENT_CLUSTER_SEED'];
  return dice(given === undefined ? Math.floor(Math.random() * 1e9) : Number(given));
}

/** The dice of this run, which all of a file throw in turn. */
export const RANDOM: Dice = diceOfRun();
