import type { Random } from './ports.ts';

/** Pauses that double from `firstMs` to `mostMs`. */
export type BackOffLimits = { readonly firstMs: number; readonly mostMs: number };

/** Beyond this many doublings every limit is reached; a larger exponent would only leave the numbers. */
const DOUBLINGS_MAX = 30;

/** The pause after `failures` earlier ones in a row, ms, drawn from its upper half so that callers do not act in step. */
export function backOffMs(failures: number, limits: BackOffLimits, random: Pick<Random, 'fraction'>): number {
  const full = Math.min(limits.firstMs * 2 ** Math.min(failures, DOUBLINGS_MAX), limits.mostMs);
  return full * (0.5 + random.fraction() / 2);
}
