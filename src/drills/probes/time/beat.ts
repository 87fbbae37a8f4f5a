import { monotonicMs, STARVED_MS } from './deadline.ts';

/** When a beat comes. `offsetMs`: of the first one, so that probes do not all ask at the same moment. */
export interface Beat {
  readonly everyMs: number;
  readonly offsetMs: number;
}

/**
 * Calls back on a fixed grid of times; the result ends that. What a starved process has missed is not made up for: the next call is told
 * how many ms after the first missed time it comes, otherwise 0.
 */
export function startBeat({ everyMs, offsetMs }: Beat, onBeat: (late: number) => void): () => void {
  let due = monotonicMs() + offsetMs;
  const wait = () => setTimeout(strike, Math.max(0, due - monotonicMs()));
  const strike = () => {
    // Timers have whole ms: one may come a fraction early.
    const late = Math.max(0, monotonicMs() - due);
    due += everyMs * (1 + Math.floor(late / everyMs));
    timer = wait();
    onBeat(late > STARVED_MS ? late : 0);
  };
  let timer = wait();
  return () => clearTimeout(timer);
}
