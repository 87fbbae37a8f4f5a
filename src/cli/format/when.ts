import { formatRelativeTime, formatDuration, stamp } from '../../core/time-text.ts';

export { stamp };

/** For how long already, in the largest unit that fits: `12 s`, `3 min`, `5 h`, `9 d`. */
export function age(iso: string, now: number): string {
  const then = Date.parse(iso);
  return Number.isFinite(then) ? formatDuration(Math.round((now - then) / 1000)) : iso;
}

/** How long until then, as `age`. */
export function ahead(iso: string, now: number): string {
  const then = Date.parse(iso);
  return Number.isFinite(then) ? formatDuration(Math.round((then - now) / 1000)) : iso;
}

/** When it was or will be: `3 min ago`, `in 9 min`. */
export function relative(iso: string, now: number): string {
  const then = Date.parse(iso);
  return Number.isFinite(then) ? formatRelativeTime(Math.round((now - then) / 1000)) : iso;
}

/** A moment to the second in UTC and when that is: `2026-03-01 10:00:00Z (3 min ago)`, `2026-03-01 10:30:00Z (in 27 min)`. */
export function moment(iso: string | null, now: number): string {
  if (iso === null) return '';
  return Number.isFinite(Date.parse(iso)) ? `${stamp(iso)} (${relative(iso, now)})` : iso;
}
