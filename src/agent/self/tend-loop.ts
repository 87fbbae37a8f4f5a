import type { LoopPorts } from '../ports.ts';

const EVERY_MS = 2_000;
/** A call to a region has a limit, and writing a few files has. */
const SILENCE_MS = 180_000;

/** Runs a check every two seconds, a fifth more or less, until `signal` ends it. `name`: of the loop, as its proof of life shows it. `tend` throws nothing. */
export async function tendUntil(
  { ports, name, tend }: { readonly ports: LoopPorts; readonly name: string; readonly tend: () => Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  const beat = ports.loop(name, SILENCE_MS);
  while (!signal.aborted) {
    await tend();
    beat();
    await ports.wait(EVERY_MS * (0.8 + 0.4 * ports.random.fraction()), signal);
  }
  beat.end();
}
