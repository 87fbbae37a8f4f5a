/** A line that lay for longer says nothing of when it was written. */
const LATE_MS = 10_000;
/** Two readings of clocks of whole ms differ by less; what differs by more was set. */
const STEP_MS = 5;

/** When `ip -ts monitor` saw what a line reports, ms since 1970; null: the line bears no time. Its own clock's zone must be UTC. */
export function stampOf(line: string): number | null {
  const found = /^\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})\]/.exec(line);
  return found ? Date.parse(`${found[1]}Z`) + Number(found[2]) / 1000 : null;
}

/**
 * Says when lines were written, in ms of the monotonic clock, whenever they are read: the reader may have been busy, and two hosts' lines in the wrong
 * order would make two holders. `now` and `wallNow`: the two clocks, in ms.
 */
export function openStamps(now: () => number, wallNow: () => number): (line: string) => number {
  let behind = Number.NaN;
  return (line) => {
    const readAt = now();
    const fresh = readAt - wallNow();
    // Unchanged while it is right: all lines are then put in order only by their own stamps.
    if (!(Math.abs(fresh - behind) <= STEP_MS)) behind = fresh;
    const at = (stampOf(line) ?? Number.NaN) + behind;
    return at <= readAt && readAt - at < LATE_MS ? at : readAt;
  };
}
