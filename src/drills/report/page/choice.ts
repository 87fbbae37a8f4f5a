import { figures } from '../figures.ts';
import type { ReportedRound } from '../round.ts';

/** Up to so many rounds are all drawn. */
const ALL = 20;
/** Never more than this are drawn: a drawn round takes up to 60 kB. */
const MOST = 60;

/** Which rounds are drawn whole: the chosen ones whose recording has its lanes. */
export function drawn(rounds: readonly ReportedRound[]): readonly ReportedRound[] {
  return chosen(rounds).filter(({ timeline }) => timeline !== null && timeline.lanes.length > 0);
}

/**
 * Which rounds are worth drawing: all when they are few; else those that failed, and of each hazard the one whose writes stopped longest.
 * Rounds without a recording cannot be drawn; lanes are not needed for that, so they may be fetched for these rounds only. The order stays.
 */
export function chosen(rounds: readonly ReportedRound[]): readonly ReportedRound[] {
  const able = rounds.filter((round) => round.timeline !== null);
  if (able.length <= ALL) return able;
  const failed = able.filter((round) => !round.verdict.isPassed);
  // However many fail for one reason, no hazard's first failure and no hazard's example is crowded out.
  const byHazard = Map.groupBy(failed, (round) => round.hazard.id);
  const firsts = [...byHazard.values()].flatMap((list) => list.slice(0, 1));
  const order = new Set([...firsts, ...slowest(able).values(), ...failed]);
  const best = new Set([...order].slice(0, MOST));
  return able.filter((round) => best.has(round));
}

/** Anchor of a drawn round on the page, by its place among all rounds. */
export function anchor(rounds: readonly ReportedRound[], round: ReportedRound): string {
  return `round-${rounds.indexOf(round) + 1}`;
}

function slowest(rounds: readonly ReportedRound[]): ReadonlyMap<string, ReportedRound> {
  const found = new Map<string, ReportedRound>();
  for (const round of rounds) {
    const best = found.get(round.hazard.id);
    if (best === undefined || (figures(round).writeMs ?? 0) > (figures(best).writeMs ?? 0))
      found.set(round.hazard.id, round);
  }
  return found;
}
