/** How long something that should come all the time stayed away. Times in ms. */
export interface GapMeter {
  readonly seen: () => void;
  readonly longest: () => number;
  readonly since: () => number;
  readonly reset: () => void;
}

/** A meter that begins now. */
export function gapMeter(): GapMeter {
  let last = performance.now();
  let longest = 0;
  const since = () => performance.now() - last;
  const look = () => Math.max(longest, since());
  return {
    seen: () => {
      longest = look();
      last = performance.now();
    },
    longest: look,
    since,
    reset: () => {
      longest = 0;
      last = performance.now();
    },
  };
}
