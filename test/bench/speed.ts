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
  /** When each piece of work was done (ms since 1970), and its processor time, µs. */
  readonly #done: { readonly at: number; readonly cost: number }[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor() {
    for (let turn = 0; turn < 20; turn += 1) work();
    this.#timer = setInterval(() => this.#done.push({ at: Date.now(), cost: work() }), EVERY_MS);
  }

  /** The mean speed between two moments (ms since 1970) beside the best one of this run, 0 to 1. NaN: no work was done between them. */
  speedBetween(from: number, to: number): number {
    const costs = this.#done.filter(({ at }) => at >= from && at <= to).map(({ cost }) => cost);
    const best = this.#done.reduce((least, { cost }) => Math.min(least, cost), Number.POSITIVE_INFINITY);
    return (best * costs.length) / costs.reduce((sum, cost) => sum + cost, 0);
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
