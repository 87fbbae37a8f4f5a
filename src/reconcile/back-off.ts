import { backOffMs } from '../core/back-off.ts';
import type { Random } from '../core/ports.ts';

/** Failures in a row, and when the next try may be. */
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
  const { firstMs, maxMs } = limits;
  const pause = backOffMs(before.failures, { firstMs, mostMs: maxMs }, random);
  return { failures: before.failures + 1, notBefore: nowMs + pause };
}
