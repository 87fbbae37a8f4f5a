import type { Sample } from '../../../judge/timeline.ts';
import { isShown, PLOT, type Scale, xOf } from './scale.ts';

/** The finest that is drawn, px: it bounds the size of a drawing, however many samples there are. */
const STEP = 2;

/** Columns of a drawing, from and to (exclusive), px. */
export type DrawnSpan = { readonly from: number; readonly to: number };

/** Where good answers came in their usual rhythm: neighbours are joined unless more than four usual gaps lie between them. */
export function goodRuns(samples: readonly Sample[], scale: Scale): DrawnSpan[] {
  const answers = samples.filter((sample) => sample.why === undefined).map((sample) => sample.endedAt);
  const times = answers.toSorted((a, b) => a - b);
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
  const spans: { from: number; to: number }[] = [];
  for (const at of times) {
    const last = spans.at(-1);
    if (last !== undefined && at - last.to <= usual * 4) last.to = at;
    else spans.push({ from: at, to: at });
  }
  return joined(spans.filter((span) => span.to >= scale.from && span.from <= scale.to).map((span) => run(scale, span)));
}

/** Where questions failed, by the moment when they were sent. */
export function badRuns(samples: readonly Sample[], scale: Scale): DrawnSpan[] {
  const bad = samples.filter((sample) => sample.why !== undefined && isShown(scale, sample.sentAt));
  return joined(bad.map((sample) => run(scale, { from: sample.sentAt, to: sample.sentAt })));
}

/** Runs on one line as the data of a path, for a stroke; relative moves keep it short. */
export function pathOf(runs: readonly DrawnSpan[], y: number): string {
  return runs
    .map((item, index) => {
      const previous = runs[index - 1];
      const start = previous === undefined ? `M${item.from} ${y}` : `m${item.from - previous.to} 0`;
      return `${start}h${item.to - item.from}`;
    })
    .join('');
}

function run(scale: Scale, span: { readonly from: number; readonly to: number }): DrawnSpan {
  const column = (at: number): number => Math.floor((xOf(scale, at) - PLOT.left) / STEP) * STEP + PLOT.left;
  return { from: column(span.from), to: Math.min(column(span.to) + STEP, PLOT.left + PLOT.width + STEP) };
}

/** Runs in order, those that touch made one. */
function joined(runs: readonly DrawnSpan[]): DrawnSpan[] {
  const result: { from: number; to: number }[] = [];
  for (const item of runs.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && item.from <= last.to) last.to = Math.max(last.to, item.to);
    else result.push({ ...item });
  }
  return result;
}
