import type { Clock } from '../../core/ports.ts';
import type { BootStep } from '../../contract/machines/boot-steps.ts';

/** A step as a source saw it. `at`: ms since 1970 by this host's clock. */
export type SeenStep = Omit<BootStep, 'sequence' | 'at'> & { readonly at: number };

/** Steps of one machine: so many at once, then so many per second. */
const BURST = 60;
const PER_SECOND = 1;
/** Machines that are remembered; the one that was quiet for longest is forgotten first. */
const MACHINES = 4_096;
/** The same again within this time is one step, ms: loaders ask for a file's size first, systems for their metadata piece by piece. */
const SAME_MS = 10_000;
/** What one machine said last. */
const SAME_MAX = 16;

interface Heard {
  left: number;
  at: number;
  readonly said: Map<string, number>;
}

/** Lets through what is news of a machine, and not more than a rack and its regions can bear. */
export function openSieve(clock: Pick<Clock, 'monotonic'>): { readonly passes: (step: SeenStep) => boolean } {
  const machines = new Map<string, Heard>();
  return {
    passes: (step) => {
      const name = step.address ?? step.mac ?? '';
      const now = clock.monotonic();
      const heard = machines.get(name) ?? { left: BURST, at: now, said: new Map<string, number>() };
      // The newest is the last of the map.
      machines.delete(name);
      machines.set(name, heard);
      if (machines.size > MACHINES) machines.delete(machines.keys().next().value ?? '');
      heard.left = Math.min(BURST, heard.left + ((now - heard.at) / 1000) * PER_SECOND);
      heard.at = now;
      return isNews(heard.said, step, now) && takes(heard);
    },
  };
}

function takes(heard: Heard): boolean {
  if (heard.left < 1) return false;
  heard.left -= 1;
  return true;
}

function isNews(said: Map<string, number>, { what, mac, facts, outcome }: SeenStep, now: number): boolean {
  // Metadata is asked for by many paths: each outcome of it is one thing.
  const file = what === 'metadata' ? '' : (facts.file ?? '');
  const key = JSON.stringify([what, outcome, mac, file, facts.status, facts.decision, facts.reason]);
  const before = said.get(key);
  said.delete(key);
  said.set(key, before !== undefined && now - before < SAME_MS ? before : now);
  if (said.size > SAME_MAX) said.delete(said.keys().next().value ?? '');
  return before === undefined || now - before >= SAME_MS;
}
