import { formatRelativeTime, formatDuration, stamp } from '../../../core/time-text.ts';

export { stamp };

const SECOND = 1000;
/** A smaller difference comes from the time that the answer travels, not from a wrong clock. */
const CLOCK_TOLERANCE_MS = 5 * SECOND;

/** A span in the largest unit that fits: `12 s`, `3 min`, `5 h`, `9 d`. */
export const span = (ms: number): string => formatDuration(Math.floor(ms / SECOND));

/** For how long already; a text that is no time stays as it is. */
export function ago(iso: string, now: number): string {
  const then = Date.parse(iso);
  return Number.isFinite(then) ? span(now - then) : iso;
}

/** When it was or will be: `3 min ago`, `in 9 min`; a text that is no time stays as it is. */
export function relative(iso: string, now: number): string {
  const then = Date.parse(iso);
  return Number.isFinite(then) ? formatRelativeTime(Math.floor((now - then) / SECOND)) : iso;
}

/** The time of day of the viewer's own clock: `09:57:15`. */
export function clockTime(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/**
 * What to add to the browser's clock to have the site's, ms: from the `Date` of an answer that came at `at`. 0 if they
 * agree, or if there is no date: a browser whose clock is off by a day shows right ages all the same.
 */
export function clockOffset(date: string | null, at: number): number {
  const theirs = Date.parse(date ?? '');
  if (!Number.isFinite(theirs)) return 0;
  const offset = theirs - at;
  return Math.abs(offset) < CLOCK_TOLERANCE_MS ? 0 : offset;
}

/** A duration as it is measured: `0.4 s`, `12 s`, `3 min`. */
export function duration(ms: number): string {
  return ms < 10 * SECOND ? `${(ms / SECOND).toFixed(1)} s` : span(ms);
}
