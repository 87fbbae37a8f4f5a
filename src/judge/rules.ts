import type { Lane } from './timeline.ts';

/** What must hold for a probe. Outages in ms; a missing expectation is not judged, but always reported. */
export interface Expectation {
  /** A lane's name, or its kind: then for each such lane. No lane of that name is a failed recording. */
  readonly probe: string;
  /** The longest outage that passes. */
  readonly withinMs?: number;
  /** How many questions may fail for good. */
  readonly failures?: number;
  /** The share of all questions that may fail for good, 0 to 1. */
  readonly failedShare?: number;
  /** How long the slowest good answer may take, ms. */
  readonly answeredMs?: number;
}

/** What a round is judged by. That nothing is lost and that no two hosts do one host's work is not in it: it always holds. */
export interface HazardRules {
  readonly expects: readonly Expectation[];
  /** How long after the last heal full redundancy may take. */
  readonly redundantMs: number;
  /** How many failovers of the database the fault itself may cause; one more is a false one. */
  readonly failovers: number;
  /** The longest stall of the measuring machine, ms, that does not spoil a recording of which no time is judged; absent: `STARVED_MS`. */
  readonly starvedMs?: number;
  /** Nobody watched the hosts themselves, for example in a cluster's own drill. Then we do not judge who had the address and who took writes. */
  readonly isUnwatched?: true;
}

/** As many failovers as it likes: a round that is recorded, and nothing is promised of it. */
export const ANY_FAILOVERS = Number.MAX_SAFE_INTEGER;

/** The lanes that an expectation speaks of: the one of that name, or all of that kind. */
export function lanesOf<T extends Pick<Lane, 'probe'>>(lanes: readonly T[], probe: string): T[] {
  return lanes.filter((lane) => lane.probe === probe || kindOf(lane.probe) === probe);
}

/** A probe's kind: its name up to the first space. */
export const kindOf = (probe: string): string => probe.split(' ', 1)[0] ?? probe;
