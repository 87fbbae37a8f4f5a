import type { Verdict } from './verdict.ts';

/** A round that nobody can judge, for this reason, has not passed. */
export function unplayed(name: Pick<Verdict, 'hazard' | 'round' | 'seed' | 'startedAt'>, why: string): Verdict {
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
