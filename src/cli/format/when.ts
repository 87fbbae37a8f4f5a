const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, in the largest unit that fits: `12 s`, `3 min`, `5 h`, `9 d`. */
export function age(iso: string, now: number): string {
  const then = Date.parse(iso);
  return Number.isFinite(then) ? spanText(now - then) : iso;
}

/** How long until then, as `age`. */
export function ahead(iso: string, now: number): string {
  const then = Date.parse(iso);
  return Number.isFinite(then) ? spanText(then - now) : iso;
}

function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < MINUTE) return `${seconds} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`;
  return `${Math.floor(seconds / DAY)} d`;
}

/** A moment to the second in UTC and how long ago it was: `2026-03-01 10:00:00Z (3 min ago)`. */
export function moment(iso: string | null, now: number): string {
  if (iso === null) return '';
  const then = Date.parse(iso);
  return Number.isFinite(then) ? `${stamp(iso)} (${age(iso, now)} ago)` : iso;
}

/** A moment to the second in UTC: `2026-03-01 10:00:00Z`. */
export function stamp(iso: string): string {
  const then = Date.parse(iso);
  return Number.isFinite(then) ? `${new Date(then).toISOString().slice(0, 19).replace('T', ' ')}Z` : iso;
}
