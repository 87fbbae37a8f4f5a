/** A difference that grows by more at once is another clock, not a slow report; ms. */
const JUMP_MS = 30_000;
/** What a difference may grow per report: clocks drift apart slowly, ms. */
const DRIFT_MS = 20;

/**
 * By how much a rack's clock is behind: the time of arrival less the time of sending, of the report that was fastest, because a slow path only adds to it.
 * `before`: what was known; null: nothing. Milliseconds. Pure.
 */
export function clockOffset(before: number | null, sample: number): number {
  if (before === null || sample <= before || sample > before + JUMP_MS) return sample;
  return Math.min(sample, before + DRIFT_MS);
}
