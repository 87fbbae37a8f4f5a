import type { ExecResult } from '../../core/host-values.ts';

/** Longest answer, bytes: a quarter of what one line of the helper carries. What has more must be asked for in pages. */
export const ANSWER_LIMIT = 4 * 1024 * 1024;

/** An answer as it came. */
export function answered(stdout: string): ExecResult {
  return { ...notAsked(null), code: 0, stdout };
}

/** Who was asked said nothing in time. */
export function silent(): ExecResult {
  return { ...notAsked(null), timedOut: true };
}

/** The question could not be asked, a sentence says why; or its answer cannot be used. */
export function notAsked(failure: string | null): ExecResult {
  return { code: null, signal: null, stdout: '', stderr: '', timedOut: false, failure };
}
