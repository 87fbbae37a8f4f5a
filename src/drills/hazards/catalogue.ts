import { DISK } from './disk.ts';
import { DOUBLE } from './double.ts';
import { type Chance, pick } from './draw.ts';
import { HANG } from './hang.ts';
import type { Hazard } from './hazard.ts';
import { HOST } from './host.ts';
import { NETWORK } from './network.ts';
import { NOISE } from './noise.ts';
import { PLANNED } from './planned.ts';
import { PROCESS } from './process.ts';

/** Every hazard, in the order of their groups. Each has its row in ha/README.md, and each row its hazards: a test keeps them in step. */
export const CATALOGUE: readonly Hazard[] = [
  ...HOST,
  ...PROCESS,
  ...HANG,
  ...NETWORK,
  ...DISK,
  ...PLANNED,
  ...DOUBLE,
  ...NOISE,
];

/** The hazard of an id; undefined: there is none. */
export function hazardOf(id: string): Hazard | undefined {
  return CATALOGUE.find((hazard) => hazard.id === id);
}

/** One of each group, none of the long ones: what CI runs. Another draw is another selection. */
export function shortSelection(chance: Chance): Hazard[] {
  const short = CATALOGUE.filter(({ isLong = false }) => !isLong);
  const groups = [...new Set(short.map(({ group }) => group))];
  return groups.map((group) =>
    pick(
      short.filter((hazard) => hazard.group === group),
      chance,
    ),
  );
}
