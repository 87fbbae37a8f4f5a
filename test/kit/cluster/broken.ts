import type { BrokenBuild } from '../../../src/drills/overlay/broken.ts';
import type { Dice } from '../dice.ts';

/** The builds that are meant: so many drawn by the dice, those whose name holds one of some words, or all. Throws for a word that names none. */
export function drawn(builds: readonly BrokenBuild[], only: string | undefined, random: Dice): readonly BrokenBuild[] {
  if (only === undefined || only === '') return builds;
  if (/^\d+$/.test(only)) return random.shuffled(builds).slice(0, Number(only));
  const words = only.split(',');
  const stray = words.find((word) => !builds.some(({ overlay }) => overlay.name.includes(word)));
  if (stray !== undefined) throw new Error(`REGENT_BROKEN_BUILDS: no build has "${stray}" in its name`);
  return builds.filter(({ overlay }) => words.some((word) => overlay.name.includes(word)));
}
