import { setTimeout as sleep } from 'node:timers/promises';

const USUAL_MS = 10_000;

/** Measures the machine only where somebody has waited for so long: most tests never do. */
async function patientMs(): Promise<number> {
  const { patient } = await import('./machine.ts');
  return patient(USUAL_MS);
}

/**
 * Waits until `probe` gives something true, and gives that back; fails with `what` after `deadlineMs`. A probe that
 * throws has not succeeded yet; its last error is the failure's cause, and its first line is told.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: { readonly deadlineMs?: number; readonly everyMs?: number } = {},
): Promise<NonNullable<T>> {
  const start = performance.now();
  let deadlineMs = options.deadlineMs ?? USUAL_MS;
  const isOver = () => performance.now() >= start + deadlineMs;
  let cause: unknown;
  do {
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      cause = error;
    }
    await sleep(options.everyMs ?? 20);
    if (isOver() && options.deadlineMs === undefined) deadlineMs = await patientMs();
  } while (!isOver());
  const last = cause instanceof Error ? ` (last error: ${cause.message.split('\n')[0]})` : '';
  throw new Error(`not within ${deadlineMs} ms: ${what}${last}`, { cause });
}

/** The step between two looks of a loop that has a deadline of its own. */
export function pause(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms);
  });
}
