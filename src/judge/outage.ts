import { nearestRank } from './statistics.ts';
import type { Lane, Sample } from './timeline.ts';
import type { Outage } from './verdict.ts';

/** A wait of up to so many times the usual one is unevenness, not an outage. A single question missed is a wait of about twice. */
export const UNEVEN = 1.5;

/** The time that is judged, ms of the timeline. `faultAt` null: all of it. */
export type JudgedPeriod = { readonly faultAt: number | null; readonly endedAt: number };

/**
 * A lane in figures. The outage is the longest time without a good answer that reaches beyond the first fault, less the lane's usual
 * distance between two; a lane that had no good answer again was out until the end. Answers count when they came, so that a question
 * that was held for seconds and then answered well is an outage too.
 */
export function outageOf(lane: Lane, judged: JudgedPeriod): Outage {
  const good = lane.samples.filter(isGood);
  const longest = lane.isBurst ? null : longestGap(lane, judged);
  const usual = usualDistance(lane, judged.faultAt);
  const isMissed = longest !== null && longest.to - longest.from > usual * UNEVEN;
  return {
    probe: lane.probe,
    ms: isMissed ? longest.to - longest.from - usual : 0,
    from: isMissed ? longest.from : null,
    to: isMissed ? longest.to : null,
    asked: lane.samples.length,
    failed: lane.samples.length - good.length,
    slowestMs: good.reduce((slowest, { sentAt, endedAt }) => Math.max(slowest, endedAt - sentAt), 0),
  };
}

/**
 * What is usual between two good answers of a lane, measured before the fault: the median, ms. 0 when fewer than two were seen: then
 * nothing is excused.
 */
export function usualDistance(lane: Lane, faultAt: number | null): number {
  return nearestRank(distances(answersOf(lane).filter((at) => faultAt === null || at <= faultAt)), 50) ?? 0;
}

/** When the good answers came, in order: questions that are sent at once may end in any order. */
export function answersOf(lane: Lane): number[] {
  return lane.samples
    .filter(isGood)
    .map((sample) => sample.endedAt)
    .toSorted((a, b) => a - b);
}

/** From each moment to the next. */
export function distances(moments: readonly number[]): number[] {
  return moments.slice(1).map((at, index) => at - (moments[index] ?? at));
}

/** Did the sample get a good answer? */
export const isGood = (sample: Sample): boolean => sample.why === undefined;

function longestGap(lane: Lane, { faultAt, endedAt }: JudgedPeriod): { from: number; to: number } | null {
  // A lane that had no good answer before was out from its first question on, at the latest from the fault.
  const begin = Math.min(faultAt ?? endedAt, ...lane.samples.slice(0, 1).map((sample) => sample.sentAt));
  // No question is sent after the end: an answer that comes later proves nothing for the time between.
  const moments = [begin, ...answersOf(lane).filter((at) => at < endedAt), endedAt];
  return moments
    .slice(1)
    .map((to, index) => ({ from: moments[index] ?? to, to }))
    .filter(({ from, to }) => to > from && (faultAt === null || to > faultAt))
    .reduce<{ from: number; to: number } | null>(
      (best, gap) => (best === null || gap.to - gap.from > best.to - best.from ? gap : best),
      null,
    );
}
