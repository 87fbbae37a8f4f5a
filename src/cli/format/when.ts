import { spanWords, stamp } from '../../core/time-words.ts';

export { stamp };

/** How long ago, in the largest unit that fits: `12 s`, `3 min`, `5 h`, `9 d`. */
export function age(iso: string, now: number): string {
  const then = Date.parse(iso);
  return Number.isFinite(then) ? spanWords(Math.round((now - then) / 1000)) : iso;
}

/** How long until then, as `age`. */
export function ahead(iso: string, now: number): string {
  const then = Date.parse(iso);
  return Number.isFinite(then) ? spanWords(Math.round((then - now) / 1000)) : iso;
}

/** A moment to the second in UTC and how long ago it was: `2026-03-01 10:00:00Z (3 min ago)`. */
export function moment(iso: string | null, now: number): string {
  if (iso === null) return '';
  const then = Date.parse(iso);
  return Number.isFinite(then) ? `${stamp(iso)} (${age(iso, now)} ago)` : iso;
}
