import { type Spread, spreadOf } from '../../judge/statistics.ts';
import { figures, limitMs } from './figures.ts';
import { countedAs, judgedRounds, type ReportedRound } from './round.ts';

/**
 * Rounds that belong together, in figures, ms. A spread is null when no round measured it; a round whose recording was not fit to be judged
 * measured nothing.
 */
export interface SummaryRow {
  readonly name: string;
  readonly title: string;
  readonly group: string;
  readonly rounds: number;
  readonly passed: number;
  readonly write: Spread | null;
  /** The strictest limit of a write's outage among these rounds; null: none. */
  readonly writeLimitMs: number | null;
  /** Each round's write outage and whether the round passed, for a drawing. */
  readonly writes: readonly { readonly ms: number; readonly isPassed: boolean }[];
  readonly vip: Spread | null;
  readonly acknowledged: number;
  readonly lost: number;
  readonly failedCalls: number;
  readonly redundancy: Spread | null;
  /** Rounds in which full redundancy was not back at the end. */
  readonly notRedundant: number;
}

/** One row for each hazard, in the order in which they were first run. */
export function byHazard(rounds: readonly ReportedRound[]): SummaryRow[] {
  return grouped(rounds, (round) => ({
    name: countedAs(round),
    title: round.label === undefined ? round.hazard.title : `${round.hazard.title}, stock settings`,
  }));
}

/** One row for each row of the headline table; rounds of hazards without one are left out. */
export function byHeadline(rounds: readonly ReportedRound[]): SummaryRow[] {
  return grouped(judgedRounds(rounds), ({ hazard }) =>
    hazard.headline === null ? null : { name: hazard.headline, title: '' },
  );
}

/** Everything in one row, only our own rounds if there are some; null without a round. */
export function total(rounds: readonly ReportedRound[]): SummaryRow | null {
  return grouped(judgedRounds(rounds), () => ({ name: 'all', title: '' }))[0] ?? null;
}

function grouped(
  rounds: readonly ReportedRound[],
  key: (round: ReportedRound) => { readonly name: string; readonly title: string } | null,
): SummaryRow[] {
  const rows = Map.groupBy(
    rounds.flatMap((round) => {
      const where = key(round);
      return where === null ? [] : [{ ...where, round }];
    }),
    ({ name }) => name,
  );
  return [...rows].map(([name, items]) =>
    rowOf(
      name,
      items[0]?.title ?? '',
      items.map(({ round }) => round),
    ),
  );
}

function rowOf(name: string, title: string, rounds: readonly ReportedRound[]): SummaryRow {
  const all = rounds.map((round) => ({ ...figures(round), isPassed: round.verdict.isPassed }));
  const fit = all.filter((_, index) => isFit(rounds[index]));
  const limits = known(rounds.map((round) => limitMs(round, 'write')));
  const sum = (pick: (item: (typeof all)[number]) => number): number =>
    all.reduce((most, item) => most + pick(item), 0);
  return {
    name,
    title,
    group: rounds[0]?.hazard.group ?? '',
    rounds: rounds.length,
    passed: sum((item) => (item.isPassed ? 1 : 0)),
    write: spreadOf(known(fit.map((item) => item.writeMs))),
    writeLimitMs: limits.length === 0 ? null : Math.min(...limits),
    writes: fit.flatMap((item) => (item.writeMs === null ? [] : [{ ms: item.writeMs, isPassed: item.isPassed }])),
    vip: spreadOf(known(fit.map((item) => item.vipMs))),
    acknowledged: rounds.reduce((most, round) => most + round.verdict.ledger.acknowledged, 0),
    lost: sum((item) => item.lost),
    failedCalls: sum((item) => item.failedCalls),
    redundancy: spreadOf(known(fit.map((item) => item.redundantMs))),
    notRedundant: rounds.filter(
      ({ verdict }) =>
        verdict.redundantMs === null && verdict.checks.some((check) => check.what === 'redundancy' && !check.isHeld),
    ).length,
  };
}

/** Its recording was fit to be judged. */
export function isFit(round: ReportedRound | undefined): boolean {
  return round?.verdict.checks.every((check) => check.what !== 'recording' || check.isHeld) ?? false;
}

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);
