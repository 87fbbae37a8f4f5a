import { ProblemError } from '../../contract/wire/transport.ts';
import { AppError } from '../../core/errors.ts';
import type { Call } from '../command-spec.ts';
import { RegionRefusedError } from '../region.ts';

/** Asks something within `leftMs`; null when no region answers: whoever waits asks again. */
export async function askOrAway<T>(
  { io }: Call,
  leftMs: number,
  look: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  const signal = AbortSignal.any([io.interrupted, AbortSignal.timeout(Math.max(1, Math.ceil(leftMs)))]);
  try {
    return await look(signal);
  } catch (error) {
    if (io.interrupted.aborted) throw error;
    const isAway =
      error instanceof RegionRefusedError ||
      (error instanceof AppError && error.code === 'unreachable') ||
      (error instanceof ProblemError && error.problem.code === 'unavailable');
    if (isAway) return null;
    throw error;
  }
}
