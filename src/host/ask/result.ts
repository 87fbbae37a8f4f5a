import type { ExecResult } from '../../core/host-values.ts';

/** Longest answer, bytes: a quarter of the longest line of the helper. Ask for larger data in pages. */
export const ANSWER_LIMIT = 4 * 1024 * 1024;

/** An unchanged answer. */
export function answered(stdout: string): ExecResult {
  return { ...failed(null), code: 0, stdout };
}

/** No answer came in time. */
export function silent(): ExecResult {
  return { ...failed(null), timedOut: true };
}

/** The question could not be sent (the sentence says why), or its answer cannot be used. */
export function failed(failure: string | null): ExecResult {
  return { code: null, signal: null, stdout: '', stderr: '', timedOut: false, failure };
}
