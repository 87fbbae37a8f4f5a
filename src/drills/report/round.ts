import type { Expectation } from '../../judge/rules.ts';
import type { Timeline } from '../../judge/timeline.ts';
import type { RoundVerdict } from '../../judge/verdict.ts';

/** What a report says of a hazard; a `Hazard` is one. */
export interface HazardFacts {
  readonly id: string;
  readonly title: string;
  /** Which row of ha/README.md speaks of it. */
  readonly row: string;
  readonly group: string;
  /** The row of the headline table; null: none. */
  readonly headline: string | null;
  readonly expects: readonly Expectation[];
}

/** What a model foretold of a probe's outage before the fault was made, ms. */
export type Prediction = { readonly probe: string; readonly leastMs: number; readonly mostMs: number };

/** One round as a report takes it. */
export interface ReportedRound {
  readonly hazard: HazardFacts;
  readonly verdict: RoundVerdict;
  /** Null: its recording was not stored; the round is then in the tables, and not drawn. */
  readonly timeline: Timeline | null;
  readonly predicted?: readonly Prediction[];
  /** Played with stock settings: recorded beside our own rounds, never counted with them. Absent: our own. */
  readonly label?: 'baseline';
}

/** The name under which a round is counted: rounds with other settings have one of their own. */
export function countedAs({ hazard, label }: Pick<ReportedRound, 'hazard' | 'label'>): string {
  return label === undefined ? hazard.id : `${hazard.id} (stock)`;
}

/** The rounds that totals speak of: our own, or, if there are none of those, all. */
export function judgedRounds(rounds: readonly ReportedRound[]): readonly ReportedRound[] {
  const own = rounds.filter(({ label }) => label === undefined);
  return own.length > 0 ? own : rounds;
}

/** One run of drills: what heads a report. */
export interface DrillRun {
  readonly title: string;
  /** What a person types to get these rounds again. */
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** What the cluster was and ran on: `3 regions and 2 racks, lab, 2 cores`. */
  readonly place: string;
  /** Of the product. */
  readonly version: string;
}

/** The command that repeats a round: same fault, same victims, same phase. */
export function replay(verdict: RoundVerdict, label?: ReportedRound['label']): string {
  if (verdict.label === 'production') return `regent drill run ${verdict.hazard} --yes`;
  // Hazards that were drawn during the round are a verb, not a name.
  if (verdict.hazard === 'random') return `scripts/drill random --seed ${verdict.seed}`;
  const verb = label === undefined ? 'run' : 'baseline --stock-only';
  return `scripts/drill ${verb} ${verdict.hazard} --seed ${verdict.seed}`;
}
