import type { WakePort } from '../../base/port.ts';

/** Between whiles, ms: not sooner than `leastMs`, however often something is committed, and not later than `mostMs`. */
type Pause = { readonly leastMs: number; readonly mostMs: number };

/** Waits for the next commit of any region, when the least time is over; or the end of the time. */
export function awaitWake(wakes: WakePort, { leastMs, mostMs }: Pause): Promise<void> {
  return new Promise((resolve) => {
    let [isEarly, isWoken] = [true, false];
    const done = () => {
      for (const timer of timers) clearTimeout(timer);
      off();
      resolve();
    };
    const settle = () => {
      if (isWoken && !isEarly) done();
    };
    const least = setTimeout(() => {
      isEarly = false;
      settle();
    }, leastMs);
    const timers = [least, setTimeout(done, mostMs)];
    const off = wakes.onWake(() => {
      isWoken = true;
      settle();
    });
  });
}
