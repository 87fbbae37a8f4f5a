/** Milliseconds of CLOCK_MONOTONIC, the same in every process of the machine, whatever its network namespace. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
