const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span of whole seconds in the largest unit that fits: `12 s`, `3 min`, `5 h`, `9 d`; a negative one is none. Pure. */
export function formatDuration(wholeSeconds: number): string {
  const seconds = Math.max(0, wholeSeconds);
  if (seconds < MINUTE) return `${seconds} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`;
  return `${Math.floor(seconds / DAY)} d`;
}

/** Clocks of two hosts may differ so much, seconds: a moment that is no further ahead is now. */
const CLOCK_TOLERANCE = 5;

/** A moment beside now, `wholeSeconds` after it or, if negative, before it: `3 min ago`, `now`, `in 9 min`. The only place that decides which. Pure. */
export function formatRelativeTime(wholeSeconds: number): string {
  if (wholeSeconds >= 0) return `${formatDuration(wholeSeconds)} ago`;
  return wholeSeconds >= -CLOCK_TOLERANCE ? 'now' : `in ${formatDuration(-wholeSeconds)}`;
}

/** A moment to the second in UTC: `2026-03-01 10:00:00Z`; a text that is no time stays as it is. Pure. */
export function stamp(iso: string): string {
  const then = Date.parse(iso);
  return Number.isFinite(then) ? `${new Date(then).toISOString().slice(0, 19).replace('T', ' ')}Z` : iso;
}

const SPANS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads a moment in ms: a time of ISO 8601, or a span such as `30m`, `2h`, `7d`, which `place` puts before or after now; null: it is neither. Pure. */
export function momentOf(text: string, place: (spanMs: number) => number): number | null {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const at = count === undefined ? Date.parse(text) : place(Number(count) * SPANS[unit as keyof typeof SPANS]);
  return Number.isFinite(at) ? at : null;
}
