import type { Busy } from './timeline.ts';

/** What the judge says of one round. */
export interface RoundVerdict {
  readonly hazard: string;
  readonly round: number;
  readonly seed: number;
  readonly startedAt: string;
  /** `production`: of a cluster that drilled itself. Absent: of a lab. */
  readonly label?: 'production';
  /** Every check held. */
  readonly isPassed: boolean;
  readonly checks: readonly RoundCheck[];
  /** One for each lane, in the lanes' order. */
  readonly outages: readonly Outage[];
  readonly ledger: LedgerFindings;
  /** From the last heal to full redundancy; null: not before the end, or nothing was made. */
  readonly redundantMs: number | null;
  /** Promotions between the first fault and the end. */
  readonly failovers: number;
  /** As it was recorded. */
  readonly busy?: Busy;
}

/** One thing that had to hold. */
export interface RoundCheck {
  readonly what:
    | 'ledger'
    | 'holders'
    | 'primaries'
    | 'addresses'
    | 'outage'
    | 'failures'
    | 'answers'
    | 'redundancy'
    | 'failovers'
    | 'recording';
  /** The probe of an outage, of failures or of answers. */
  readonly probe?: string;
  readonly isHeld: boolean;
  /** Both as a person reads them: `4.0 s`, `0`, `2 holders for 0.31 s: r1, r2`. */
  readonly limit: string;
  readonly measured: string;
}

/** A lane in figures, ms. */
export interface Outage {
  readonly probe: string;
  /** The longest time from one good answer to the next, less what is usual between two; 0 when nothing was missed. */
  readonly ms: number;
  /** That time; null when nothing was missed. */
  readonly from: number | null;
  readonly to: number | null;
  readonly asked: number;
  /** Questions that got no good answer. */
  readonly failed: number;
  /** The slowest good answer. */
  readonly slowestMs: number;
}

/** The ledger against what was found. Each text is `NUMBER on HOST`, or `HOST NUMBER on HOST` of a local write. */
export interface LedgerFindings {
  readonly acknowledged: number;
  /** Acknowledged and not there. */
  readonly lost: readonly string[];
  /** Refused, or never sent, and there. */
  readonly unexpected: readonly string[];
  readonly twice: readonly string[];
  /** There on one node and not on another, whatever was answered. */
  readonly unequal: readonly string[];
}

/** A round that nobody can judge, for this reason, has not passed. */
export function unplayed(
  name: Pick<RoundVerdict, 'hazard' | 'round' | 'seed' | 'startedAt'>,
  why: string,
): RoundVerdict {
  return {
    ...name,
    isPassed: false,
    checks: [{ what: 'recording', isHeld: false, limit: 'the round is played to its end', measured: why }],
    outages: [],
    ledger: { acknowledged: 0, lost: [], unexpected: [], twice: [], unequal: [] },
    redundantMs: null,
    failovers: 0,
  };
}
