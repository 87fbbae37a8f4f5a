/** A process that comes this much later than it wanted was starved: shorter times are the timers' own grain, ms. */
export const STARVED_MS = 20;
/** What an answer gets on top when the process that waits for it was starved, ms. */
const GRACE_MS = 100;

/**
 * Calls back after `ms`; the result takes that back. Node checks its timers before its sockets: a process that was starved would give
 * up answers that came in time, so the sockets are checked first.
 */
export function startDeadline(ms: number, onEnd: () => void): () => void {
  const due = monotonicMs() + ms;
  let immediate: NodeJS.Immediate | undefined;
  let timer = setTimeout(() => {
    if (monotonicMs() - due > STARVED_MS) timer = setTimeout(onEnd, GRACE_MS);
    else immediate = setImmediate(onEnd);
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
}

/** Milliseconds of CLOCK_MONOTONIC, the same in every process of the machine, whatever its network namespace. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
