import { AppError } from '../../core/errors.ts';
import type { Act, HazardStep } from './hazard.ts';

/** Uniform in [0, 1), the same sequence for the same seed. */
export type Chance = () => number;

/** Faults begin anywhere within this time, ms: longer than each period in the cluster (leases, checks, heartbeats) but Patroni's own. */
export const PHASE_MS = 3_000;

/** A whole number of ms in [from, to). */
export const between = (from: number, to: number, chance: Chance): number => from + Math.floor(chance() * (to - from));

/** One of them. Throws AppError `drill_cast` when there is none: the cluster has no such host. */
export function pick<T>(items: readonly T[], chance: Chance): T {
  const item = items[Math.floor(chance() * items.length)];
  if (item !== undefined) return item;
  throw new AppError(
    'drill_cast',
    'The cluster has no host for the role that this drill needs. What to do: leave the drill out, or use a larger cluster.',
  );
}

/** All of them in a random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], chance: Chance): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(chance() * left.length), 1));
}

/** These at once, after a pause. */
export function together(afterMs: number, acts: readonly Act[]): HazardStep[] {
  return acts.map((act, index) => ({ afterMs: index === 0 ? afterMs : 0, act }));
}

/** A fault of a random phase that is held and taken away. */
export function held(chance: Chance, fault: readonly Act[], holdMs: number, undo: readonly Act[]): HazardStep[] {
  return [...together(between(0, PHASE_MS, chance), fault), ...together(holdMs, undo)];
}

/** First these, which are no fault; the rest when they have had their time. */
export function afterScene(scene: readonly Act[], settleMs: number, steps: readonly HazardStep[]): HazardStep[] {
  const later = steps.map((step, index) => (index === 0 ? { ...step, afterMs: step.afterMs + settleMs } : step));
  return [...together(0, scene), ...later];
}
