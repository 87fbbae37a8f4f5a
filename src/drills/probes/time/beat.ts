import { monotonicMs, STARVED_MS } from './deadline.ts';

/** How early a beat may come, ms. Node cuts a timer's start, its end and its length to whole ms: by itself one comes up to 2 ms early. */
const EARLY_MS = 1;

/** When a beat comes. `offsetMs`: of the first one, so that probes do not all ask at the same moment. */
export type BeatOptions = { readonly everyMs: number; readonly offsetMs: number };

/**
 * Calls back on a fixed grid of times; the result ends that. What a starved process has missed is not made up for: the next call gets
 * how many ms after the first missed time it comes, otherwise 0.
 */
export function startBeat({ everyMs, offsetMs }: BeatOptions, onBeat: (late: number) => void): () => void {
  let due = monotonicMs() + offsetMs;
  const wait = () => setTimeout(strike, Math.max(0, due - monotonicMs()));
  const strike = () => {
    const early = due - monotonicMs();
    if (early > EARLY_MS) {
      timer = wait();
      return;
    }
    const late = Math.max(0, -early);
    due += everyMs * (1 + Math.floor(late / everyMs));
    timer = wait();
    onBeat(late > STARVED_MS ? late : 0);
  };
  let timer = wait();
  return () => clearTimeout(timer);
}
