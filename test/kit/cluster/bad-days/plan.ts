import type { Dice } from '../../dice.ts';

/** How far the hosts are: nothing set up; a cluster of r1 alone; of all three regions. */
export type Stage = 'bare' | 'alone' | 'grown';

/** A bad day. `to`: the stage that it leads to, where it leads on; all others leave the stage as it was. */
export interface BadDay<S> {
  readonly name: string;
  readonly at: Stage;
  readonly to?: Stage;
  readonly run: (story: S) => Promise<void>;
}

const STAGES: readonly Stage[] = ['bare', 'alone', 'grown'];

/**
 * Puts days in an order in which each finds its stage; between stages, where no chosen day leads on, a plain `way`. `only`: how many to
 * draw, names (parts of them) with commas, or nothing for all.
 */
export function planOf<S>(
  all: readonly BadDay<S>[],
  ways: readonly BadDay<S>[],
  { random, only }: { readonly random: Dice; readonly only: string | undefined },
): BadDay<S>[] {
  const chosen = choose(all, random, only);
  const last = Math.max(...chosen.map((day) => STAGES.indexOf(day.at)));
  return STAGES.slice(0, last + 1).flatMap((stage, index) => {
    const here = chosen.filter((day) => day.at === stage);
    const staying = random.shuffled(here.filter((day) => day.to === undefined));
    const onward = [...here, ...(index < last ? ways.filter((way) => way.at === stage) : [])];
    return [...staying, ...onward.filter((day) => day.to !== undefined).slice(0, 1)];
  });
}

function choose<S>(all: readonly BadDay<S>[], random: Dice, only = ''): readonly BadDay<S>[] {
  if (only === '') return all;
  if (/^\d+$/.test(only)) return random.shuffled(all).slice(0, Number(only));
  const parts = only.split(',').map((part) => part.trim());
  const unknown = parts.filter((part) => !all.some((day) => day.name.includes(part)));
  const names = all.map((day) => day.name).join('; ');
  if (unknown.length > 0) throw new Error(`there is no bad day "${unknown.join(', ')}"; there are: ${names}`);
  return all.filter((day) => parts.some((part) => day.name.includes(part)));
}
