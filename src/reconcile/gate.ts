/** Runs work when there is a place for it, in the order of arrival. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** A gate with so many places. */
export function openGate(places: number): Gate {
  let free = places;
  const queue: (() => void)[] = [];
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => queue.push(resolve));
    else free -= 1;
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else free += 1;
    }
  };
}
