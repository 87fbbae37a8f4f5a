import type { Expectation } from '../judge/rules.ts';
import type { Timeline } from '../judge/timeline.ts';
import type { Verdict } from '../judge/verdict.ts';

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
export interface Prediction {
  readonly probe: string;
  readonly leastMs: number;
  readonly mostMs: number;
}

/** One round as a report takes it. */
export interface Round {
  readonly hazard: HazardFacts;
  readonly verdict: Verdict;
  /** Null: its recording was not kept; it is then in the tables, and not drawn. */
  readonly timeline: Timeline | null;
  readonly predicted?: readonly Prediction[];
}

/** One run of drills: what heads a report. */
export interface Run {
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
export function replay(verdict: Verdict): string {
  return `scripts/drill run ${verdict.hazard} --seed ${verdict.seed}`;
}
