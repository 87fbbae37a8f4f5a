import { DISK } from './disk.ts';
import { DOUBLE } from './double.ts';
import { type Chance, pick } from './draw.ts';
import { HANG } from './hang.ts';
import type { Hazard } from './hazard.ts';
import { HOST } from './host.ts';
import { usualLengthMs } from './length.ts';
import { NETWORK } from './network.ts';
import { NOISE } from './noise.ts';
import { PAIR } from './pair.ts';
import { PLANNED } from './planned.ts';
import { PROCESS } from './process.ts';
import { RACK } from './rack.ts';

/** Every hazard, in the order of their groups. Each has its row in ha/README.md, and each row its hazards: a test keeps them in step. */
export const CATALOGUE: readonly Hazard[] = [
  ...HOST,
  ...PROCESS,
  ...HANG,
  ...NETWORK,
  ...RACK,
  ...PAIR,
  ...DISK,
  ...PLANNED,
  ...DOUBLE,
  ...NOISE,
];

/** The hazard of an id; undefined: there is none. */
export const hazardOf = (id: string): Hazard | undefined => CATALOGUE.find((hazard) => hazard.id === id);

/** Beside the shortest of its group: what takes half as long again is short too, so that the seed has a choice. */
const SHORT_ENOUGH = 1.5;

/** One of each group, of the shortest: together some three minutes of steps. Another draw is another selection. */
export function shortSelection(chance: Chance): Hazard[] {
  const groups = [...new Set(CATALOGUE.map(({ group }) => group))];
  return groups.map((group) => {
    const lengths = CATALOGUE.filter((hazard) => hazard.group === group).map((hazard) => ({
      hazard,
      ms: usualLengthMs(hazard),
    }));
    const shortest = Math.min(...lengths.map(({ ms }) => ms));
    return pick(
      lengths.filter(({ ms }) => ms <= shortest * SHORT_ENOUGH).map(({ hazard }) => hazard),
      chance,
    );
  });
}
