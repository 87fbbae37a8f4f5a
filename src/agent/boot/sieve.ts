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
/** Steps that are remembered of one machine. */
const SAME_MAX = 16;

type MachineHistory = { left: number; at: number; readonly stepTimes: Map<string, number> };

/** Lets through what is news of a machine, and not more than a rack and its regions can bear. */
export function openSieve(clock: Pick<Clock, 'monotonic'>): { readonly passes: (step: SeenStep) => boolean } {
  const machines = new Map<string, MachineHistory>();
  return {
    passes: (step) => {
      const name = step.address ?? step.mac ?? '';
      const now = clock.monotonic();
      const history = machines.get(name) ?? { left: BURST, at: now, stepTimes: new Map<string, number>() };
      // The newest is the last of the map.
      machines.delete(name);
      machines.set(name, history);
      if (machines.size > MACHINES) machines.delete(machines.keys().next().value ?? '');
      history.left = Math.min(BURST, history.left + ((now - history.at) / 1000) * PER_SECOND);
      history.at = now;
      return isNews(history.stepTimes, step, now) && takes(history);
    },
  };
}

function takes(history: MachineHistory): boolean {
  if (history.left < 1) return false;
  history.left -= 1;
  return true;
}

function isNews(stepTimes: Map<string, number>, { what, mac, facts, outcome }: SeenStep, now: number): boolean {
  // Machines request metadata by many paths: each outcome counts once.
  const file = what === 'metadata' ? '' : (facts.file ?? '');
  const key = JSON.stringify([what, outcome, mac, file, facts.status, facts.decision, facts.reason]);
  const before = stepTimes.get(key);
  stepTimes.delete(key);
  stepTimes.set(key, before !== undefined && now - before < SAME_MS ? before : now);
  if (stepTimes.size > SAME_MAX) stepTimes.delete(stepTimes.keys().next().value ?? '');
  return before === undefined || now - before >= SAME_MS;
}
