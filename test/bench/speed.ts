const EVERY_MS = 400;
/**
 * A piece of work of some 2 ms. It has many branches and uses memory, as emulation does: what waits for one result after the other hardly notices who else is
 * on the processor (3 % where this one and a machine's start took half as long again).
 */
const TEXT = JSON.stringify(
  Array.from({ length: 8000 }, (_, index) => ({ [`key ${index % 97}`]: (index * 7919) % 1000 })),
);

/**
 * How fast the processors are while something is measured. Machines that share theirs with others are slower at times, by a half and more, and no counter of
 * theirs tells it: a fixed piece of work takes more processor time. It asks for one hundredth of a processor.
 */
export class SpeedGauge {
  /** Processor time of each piece of work, µs: the least, and those since the last `take`. */
  #best = Number.POSITIVE_INFINITY;
  #recent: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor() {
    for (let turn = 0; turn < 20; turn += 1) work();
    this.#timer = setInterval(() => {
      const cost = work();
      this.#best = Math.min(this.#best, cost);
      this.#recent.push(cost);
    }, EVERY_MS);
  }

  /** What the piece of work took on average since the last call, µs. NaN: there was no time for one. */
  take(): number {
    const taken = this.#recent;
    this.#recent = [];
    return taken.reduce((sum, one) => sum + one, 0) / taken.length;
  }

  /** The speed at such a cost beside the best moment of this run, 0 to 1. */
  speedAt(cost: number): number {
    return this.#best / cost;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Processor time of one piece of work, µs. */
function work(): number {
  const before = process.cpuUsage();
  JSON.parse(TEXT);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
