import type { DrillProgress, DrillOrder } from '../../../contract/cluster/drill-order.ts';
import { judge } from '../../../judge/judge.ts';
import type { Timeline } from '../../../judge/timeline.ts';
import { unplayed, type RoundVerdict } from '../../../judge/verdict.ts';
import { revokeApiKey } from '../../../store/queries/people/api-keys.ts';
import { storeDrillRound } from '../../../store/queries/cluster/drills.ts';
import type { WriteTx } from '../../../store/write.ts';
import type { Foretold } from './foretold.ts';
import type { Harmless } from './harmless.ts';

/** Characters of a timeline that the database takes (2 MiB), with room for how it writes JSON. */
const TIMELINE_MAX = 1_700_000;
/** The longest sentence in a verdict. */
const SENTENCE_MAX = 900;

/** A round as it is stored. */
export interface JudgedRound {
  /** `predicted`: what the cluster expected before it; a round of which it knows nothing has none. */
  readonly verdict: RoundVerdict & { readonly predicted?: readonly Foretold[] };
  readonly timeline: Timeline;
}

/** A round with the judge's verdict. Pure. */
export function judged(timeline: Timeline, rules: Harmless, predicted: readonly Foretold[]): JudgedRound {
  const verdict = { ...judge(timeline, rules), label: 'production' as const };
  return { verdict: predicted.length === 0 ? verdict : { ...verdict, predicted }, timeline: fitting(timeline) };
}

/** A round that was not judged, with the reason. Pure. */
export function notJudged({ hazard, seed }: DrillOrder, { startedAt, cast }: DrillProgress, why: string): JudgedRound {
  const name = { hazard, round: 1, seed, startedAt };
  const nothing = { acknowledged: [], ambiguous: [], refused: [], found: {}, local: {}, foundLocal: {} };
  const text = why.slice(0, SENTENCE_MAX);
  return {
    verdict: { ...unplayed(name, text), label: 'production' },
    timeline: {
      ...name,
      cast,
      marks: [{ at: 0, kind: 'note', host: null, text }],
      lanes: [],
      ledger: nothing,
      holdings: [],
      writables: [],
      absences: [],
      deeds: [],
      healedAt: null,
      redundantAt: null,
      endedAt: 0,
    },
  };
}

/** The timeline without the probes' samples if they are too many to store: the verdict has their figures. */
function fitting(timeline: Timeline): Timeline {
  if (JSON.stringify(timeline).length <= TIMELINE_MAX) return timeline;
  const text = 'the samples of the probes were too many to be stored';
  return {
    ...timeline,
    lanes: [],
    marks: [...timeline.marks, { at: timeline.endedAt, kind: 'note', host: null, text }],
  };
}

/** Stores the round in its job's transaction, and takes the probes' key away. */
export async function keepRound(
  tx: WriteTx,
  { run, version, token }: { readonly run: string; readonly version: string; readonly token: string },
  round: JudgedRound,
): Promise<void> {
  const row = await storeDrillRound(tx, { run, version, ...round });
  tx.emit({ kind: 'drill.recorded', subject: row.hazard, data: { ...row } });
  const key = await revokeApiKey(tx, token);
  if (key !== null) tx.emit({ kind: 'api-key.revoked', subject: key.user, data: { token } });
}

/** The verdict in a sentence's part. */
export function describeVerdict({ isPassed, checks, outages }: RoundVerdict): string {
  const broken = checks.filter(({ isHeld }) => !isHeld);
  if (!isPassed)
    return `did not hold: ${broken.map(({ what, probe, measured, limit }) => `${[what, probe].filter(Boolean).join(' of ')} ${measured} (limit ${limit})`).join('; ')}`;
  const figures = outages.filter(({ probe }) => ['write', 'read', 'vip'].includes(probe));
  return `passed: ${figures.map(({ probe, ms, failed }) => `${probe} away for ${(Math.ceil(ms / 10) / 100).toFixed(2)} s, ${failed} failed`).join('; ')}`;
}
