import { stableJson } from '../../core/stable-json.ts';
import { compare, type HeadlineFacts } from './comparison.ts';
import { figures } from './figures.ts';
import { LINES_FORMAT } from './reading.ts';
import { replay, type ReportedRound, type DrillRun } from './round.ts';
import { byHazard, byHeadline } from './summary.ts';

/** The version of the shape below. A new member does not raise it. A member that goes or changes its meaning does. */
export const FORMAT_VERSION = 1;

/**
 * A run as JSON: keys in code-point order, one line a round, all durations and moments in ms; null: not measured.
 *
 * ```text
 * { format: "regent-drill-report", version: 1,
 *   run: Run,
 *   summary: { hazards: SummaryRow[], headlines: SummaryRow[], table: ComparisonRow[] },
 *   rounds: { hazard: {id, title, row, group, headline, expects}, label?: "baseline", replay: string, figures: Figures, verdict: Verdict,
 *             predicted: Prediction[], timeline: Timeline | null }[] }   (label: with stock settings; absent: our own)
 * ```
 *
 * In a timeline a sample is `[sentAt, ms that its answer took, why?]`, rounded to 0.1 ms: a third of the size. `isWhole` false: without
 * timelines, for history and comparison; about 5 kB a round.
 */
export function exportJson(
  run: DrillRun,
  rounds: readonly ReportedRound[],
  isWhole: boolean,
  headlines: readonly HeadlineFacts[] = [],
): string {
  const { title, command, startedAt, place, version } = run;
  const summary = { hazards: byHazard(rounds), headlines: byHeadline(rounds), table: compare(headlines, rounds) };
  const lines = rounds.map((round) => roundLine(round, isWhole));
  return [
    `{"format":"regent-drill-report","rounds":[`,
    lines.join(',\n'),
    `],"run":${stableJson({ title, command, startedAt, place, version })},`,
    `"summary":${stableJson(rounded(summary))},"version":${FORMAT_VERSION}}`,
    '',
  ].join('\n');
}

/** One round as it stands in the export, on one line. */
export function roundLine(round: ReportedRound, isWhole: boolean): string {
  return stableJson(rounded(roundOf(round, isWhole)));
}

function roundOf(round: ReportedRound, isWhole: boolean): unknown {
  const { id, title, row, group, headline, expects } = round.hazard;
  const { timeline } = round;
  return {
    hazard: { id, title, row, group, headline, expects },
    label: round.label,
    replay: replay(round.verdict, round.label),
    figures: figures(round),
    verdict: round.verdict,
    predicted: round.predicted ?? [],
    timeline: isWhole && timeline !== null ? { ...timeline, lanes: timeline.lanes.map(laneOf) } : null,
  };
}

function laneOf(lane: NonNullable<ReportedRound['timeline']>['lanes'][number]): unknown {
  return {
    probe: lane.probe,
    samples: lane.samples.map(({ sentAt, endedAt, why }) =>
      why === undefined ? [sentAt, endedAt - sentAt] : [sentAt, endedAt - sentAt, why],
    ),
  };
}

/** Every fraction to a tenth: more was not measured. What JSON cannot carry, of a broken recording, is null. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return null;
  if (typeof value === 'number') return Number.isInteger(value) ? value : Math.round(value * 10) / 10;
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rounded(member)]));
}

/** The first line of a file of rounds; the others are `roundLine`s. */
export function linesHead({ title, command, startedAt, place, version }: DrillRun): string {
  return stableJson({
    format: LINES_FORMAT,
    run: { title, command, startedAt, place, version },
    version: FORMAT_VERSION,
  });
}
