import type { Random } from '../core/ports.ts';

/** Pauses that double from `firstMs` to `maxMs`, each drawn from its upper half so that nodes do not act in step. */
export interface BackOff {
  /** Failures in a row so far. */
  readonly failures: number;
  /** Monotonic time before which nothing is tried. */
  readonly notBefore: number;
}

export const NO_BACK_OFF: BackOff = { failures: 0, notBefore: 0 };

/** The back-off after one more failure at `nowMs` (monotonic). */
export function backOff(
  before: BackOff,
  nowMs: number,
  random: Random,
  limits: { readonly firstMs: number; readonly maxMs: number },
): BackOff {
  const full = Math.min(limits.firstMs * 2 ** Math.min(before.failures, 30), limits.maxMs);
  return { failures: before.failures + 1, notBefore: nowMs + full * (0.5 + random.fraction() / 2) };
}
