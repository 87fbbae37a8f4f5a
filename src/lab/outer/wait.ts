import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../core/errors.ts';

/** A condition to wait for: `what` completes "waited N s for …"; `remedy` says what a person can do then. */
export interface Wait {
  readonly what: string;
  readonly remedy: string;
  readonly timeoutMs: number;
  readonly everyMs?: number;
}

/**
 * Asks again until the answer is neither null nor false; throws AppError `lab_timeout` at the deadline.
 * One asking that hangs is the asker's own fault: every command has its own time-out.
 */
export async function until<T>(wait: Wait, ask: () => Promise<T | null | false> | T | null | false): Promise<T> {
  const end = performance.now() + wait.timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== false) return answer;
    if (performance.now() >= end)
      throw new AppError(
        'lab_timeout',
        `Waited ${wait.timeoutMs / 1000} s for ${wait.what}. What to do: ${wait.remedy}`,
      );
    await delay(wait.everyMs ?? 100);
  }
}
