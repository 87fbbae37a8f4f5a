/** A 95th percentile needs this many rounds. With fewer rounds it is the maximum under another name. */
export const P95_ROUNDS = 30;

/** One figure over many rounds, in the figure's own unit. */
export interface Spread {
  readonly rounds: number;
  readonly p50: number;
  /** null: fewer than `P95_ROUNDS`. */
  readonly p95: number | null;
  readonly max: number;
}

/** The spread of these values; null when there are none. */
export function spreadOf(values: readonly number[]): Spread | null {
  const p50 = nearestRank(values, 50);
  const max = nearestRank(values, 100);
  if (p50 === null || max === null) return null;
  return { rounds: values.length, p50, p95: values.length < P95_ROUNDS ? null : nearestRank(values, 95), max };
}

/**
 * The smallest of the values that at least `percent` of them do not exceed: nearest rank, so always a value that was measured.
 * `percent`: above 0, at most 100. null when there are no values.
 */
export function nearestRank(values: readonly number[], percent: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? null;
}
