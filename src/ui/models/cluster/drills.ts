import type { RouteOutput } from '../../../contract/routes.ts';
import { duration } from '../base/time.ts';
import type { Tone } from '../base/tone.ts';

type Round = RouteOutput<'drill.list'>['items'][number];
type Recording = RouteOutput<'drill.show'>;
type Hazard = RouteOutput<'drill.hazards'>['items'][number];

/** Drills that a cluster may play on itself (contract/cluster/drill.ts); the others are for labs. */
export const isHarmless = (id: string): boolean => id.startsWith('planned-') && HARMLESS.includes(id);
export const HARMLESS: readonly string[] = [
  'planned-switchover',
  'planned-vip-move',
  'planned-restart-regiond',
  'planned-drain',
];

/** A drill, whether it may be played here, and how it went last. */
export interface HazardRow {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  readonly isHarmless: boolean;
  readonly isLong: boolean;
  readonly last: Round | null;
}

/** Drills, those that may be played first. `rounds`: newest first. */
export function hazardRows(hazards: readonly Hazard[], rounds: readonly Round[]): readonly HazardRow[] {
  const rows = hazards.map((hazard) => ({
    ...hazard,
    isHarmless: isHarmless(hazard.id),
    last: rounds.find((round) => round.hazard === hazard.id) ?? null,
  }));
  return rows.toSorted((a, b) => Number(b.isHarmless) - Number(a.isHarmless));
}

/** How a round went. */
export const roundTone = (round: Pick<Round, 'isPassed'>): Tone => (round.isPassed ? 'ok' : 'bad');

/** One thing that had to hold: its limit, what was foretold, what was measured. */
export interface CheckRow {
  readonly what: string;
  readonly isHeld: boolean;
  readonly limit: string;
  readonly predicted: string;
  readonly measured: string;
}

/** Checks of a round. What was foretold was stored with it; a round of an older release has none. */
export function checkRows({ verdict }: Pick<Recording, 'verdict'>): readonly CheckRow[] {
  const foretold = predictionsOf(verdict);
  return verdict.checks.map(({ what, probe, isHeld, limit, measured }) => {
    const found = what === 'outage' ? foretold.find((one) => one.probe === probe) : undefined;
    return {
      what: probe === undefined ? what : `${what} of ${probe}`,
      isHeld,
      limit,
      predicted: found === undefined ? '' : rangeText(found),
      measured,
    };
  });
}

type Prediction = { readonly probe: string; readonly leastMs: number; readonly mostMs: number | null };

function predictionsOf(verdict: unknown): readonly Prediction[] {
  const predicted: unknown = (verdict as { readonly predicted?: unknown }).predicted;
  if (!Array.isArray(predicted)) return [];
  return predicted.filter(
    (one: Partial<Prediction> | null): one is Prediction =>
      typeof one?.probe === 'string' &&
      typeof one.leastMs === 'number' &&
      (one.mostMs === null || typeof one.mostMs === 'number'),
  );
}

function rangeText({ leastMs, mostMs }: Prediction): string {
  if (mostMs === null) return 'until somebody acts';
  return mostMs === 0 ? 'none' : `${duration(leastMs)} to ${duration(mostMs)}`;
}
