import { type Spread, spreadOf } from './statistics.ts';
import type { Verdict } from './verdict.ts';

/** Many rounds in figures. */
export interface Summary {
  /** A hazard's id, or a row of the headline table. */
  readonly row: string;
  readonly rounds: number;
  readonly passed: number;
  /** Rounds whose recording was not fit to be judged: they are in no spread, for they measured nothing. */
  readonly unfit: number;
  /** Missing writes over all rounds, once for each host that lacks one. */
  readonly lost: number;
  /** In the order in which they were first seen. */
  readonly probes: readonly ProbeSummary[];
}

/** A probe's outages over rounds, ms. */
export interface ProbeSummary {
  readonly probe: string;
  readonly outage: Spread;
}

/** One summary for each hazard, in the order in which they were first run. */
export function summariesByHazard(verdicts: readonly Verdict[]): Summary[] {
  return summariesBy(verdicts, (hazard) => hazard);
}

/**
 * One summary for each row of the headline table. `headlineOf`: a hazard's row by its id; null: its rounds count for none.
 */
export function summariesByHeadline(
  verdicts: readonly Verdict[],
  headlineOf: (hazard: string) => string | null,
): Summary[] {
  return summariesBy(verdicts, headlineOf);
}

function summariesBy(verdicts: readonly Verdict[], rowOf: (hazard: string) => string | null): Summary[] {
  const rows = Map.groupBy(verdicts, ({ hazard }) => rowOf(hazard));
  return [...rows].flatMap(([row, rounds]) => (row === null ? [] : [summaryOf(row, rounds)]));
}

function summaryOf(row: string, verdicts: readonly Verdict[]): Summary {
  const fit = verdicts.filter(({ checks }) => checks.every(({ what, isHeld }) => what !== 'recording' || isHeld));
  const byProbe = Map.groupBy(
    fit.flatMap(({ outages }) => outages),
    ({ probe }) => probe,
  );
  return {
    row,
    rounds: verdicts.length,
    passed: verdicts.filter(({ isPassed }) => isPassed).length,
    unfit: verdicts.length - fit.length,
    lost: verdicts.reduce((sum, { ledger }) => sum + ledger.lost.length, 0),
    probes: [...byProbe].flatMap(([probe, outages]) => {
      const outage = spreadOf(outages.map(({ ms }) => ms));
      return outage === null ? [] : [{ probe, outage }];
    }),
  };
}
