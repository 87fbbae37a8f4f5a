import { firstFault } from '../../../judge/recording.ts';
import type { Timeline } from '../../../judge/timeline.ts';
import type { RoundVerdict } from '../../../judge/verdict.ts';

/** Left edge, width and right margin of the plot in a drawing, px: names stand left of it, figures right. */
export const PLOT = { left: 132, width: 800, right: 148 } as const;

/** A part of a round as a drawing shows it. `zero`: the moment that the axis calls 0 s. All ms from the start of the recording. */
export type Scale = { readonly from: number; readonly to: number; readonly zero: number };

/** Where a moment stands, whole px; what is outside, or no number (a broken recording is drawn too), stands on the edge. */
export function xOf(scale: Scale, at: number): number {
  if (!Number.isFinite(at)) return PLOT.left;
  const part = (Math.min(Math.max(at, scale.from), scale.to) - scale.from) / (scale.to - scale.from);
  return PLOT.left + Math.round(part * PLOT.width);
}

/** Whether a moment is in the drawing. */
export const isShown = (scale: Scale, at: number): boolean => at >= scale.from && at <= scale.to;

/** The whole round. */
export function wholeScale(timeline: Timeline): Scale {
  const to = Number.isFinite(timeline.endedAt) ? Math.max(timeline.endedAt, 1) : 1;
  return { from: 0, to, zero: firstFault(timeline) ?? 0 };
}

/** Outages that begin later than this after the first fault have another cause. */
const SAME_CAUSE_MS = 10_000;
const MARGIN_MS = 1500;
const LEAST_MS = 6000;
const MOST_MS = 20_000;

/** The seconds around the first fault; null when nothing was made, or when that is most of the round anyway. */
export function closeScale(timeline: Timeline, verdict: RoundVerdict): Scale | null {
  const zero = firstFault(timeline);
  if (zero === null) return null;
  const isNear = (at: number | null): boolean => at !== null && at >= zero - 1000 && at < zero + SAME_CAUSE_MS;
  // What is back only with the heal, such as the dead host's own resolver, would stretch it.
  const heals = timeline.marks.filter((mark) => mark.kind === 'heal' && mark.at > zero).map((mark) => mark.at);
  const until = Math.min(...heals, timeline.endedAt);
  const ends = [
    ...verdict.outages.flatMap((lane) => (isNear(lane.from) && lane.to !== null && lane.to < until ? [lane.to] : [])),
    ...timeline.deeds.filter((event) => isNear(event.at)).map((event) => event.at),
  ];
  const from = Math.max(0, zero - MARGIN_MS);
  const end = Math.max(...ends, zero) + MARGIN_MS;
  const to = Math.min(timeline.endedAt, Math.max(from + LEAST_MS, Math.min(end, zero + MOST_MS)));
  return !(to > from) || to - from > timeline.endedAt / 2 ? null : { from, to, zero };
}

/** Moments of the axis that get a number: at least 50 px apart, at 1, 2 or 5 times a power of ten seconds from zero. */
export function ticks(scale: Scale): readonly number[] {
  const least = ((scale.to - scale.from) / PLOT.width) * 50;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= least) ?? least;
  const first = Math.ceil((scale.from - scale.zero) / step);
  const last = Math.floor((scale.to - scale.zero) / step);
  return Array.from({ length: last - first + 1 }, (_, index) => scale.zero + (first + index) * step);
}
