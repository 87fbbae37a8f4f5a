import { figures } from '../figures.ts';
import type { Round } from '../round.ts';

/** Up to so many rounds are all drawn. */
const ALL = 20;
/** Never more than this are drawn: a drawn round takes up to 60 kB. */
const MOST = 60;

/**
 * Which rounds are drawn whole: all when they are few; else those that failed, and of each hazard the one whose writes stopped longest.
 * Rounds without a recording cannot be drawn. The order is kept.
 */
export function drawn(rounds: readonly Round[]): readonly Round[] {
  const able = rounds.filter((round) => round.timeline !== null);
  if (able.length <= ALL) return able;
  const failed = able.filter((round) => !round.verdict.isPassed);
  const slowest = new Map<string, Round>();
  for (const round of able) {
    const best = slowest.get(round.hazard.id);
    if (best === undefined || (figures(round).writeMs ?? 0) > (figures(best).writeMs ?? 0))
      slowest.set(round.hazard.id, round);
  }
  const chosen = new Set([...failed, ...slowest.values()].slice(0, MOST));
  return able.filter((round) => chosen.has(round));
}

/** Anchor of a drawn round on the page, by its place among all rounds. */
export function anchor(rounds: readonly Round[], round: Round): string {
  return `round-${rounds.indexOf(round) + 1}`;
}
