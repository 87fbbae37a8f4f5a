import type { Random } from '../core/ports.ts';
import { type Health, isUp } from './health.ts';
import type { Timing } from './ports.ts';
import { backOffMs } from '../core/back-off.ts';

/** Failures in a row, and when the next try may be. */
export interface BackOff {
  /** Failures in a row so far. */
  readonly failures: number;
  /** Monotonic time before which nothing is tried. */
  readonly notBefore: number;
}

export const NO_BACK_OFF: BackOff = { failures: 0, notBefore: 0 };

/** The back-off after one more failure at `nowMs` (monotonic). */
export function backOff(
  before: BackOff,
  nowMs: number,
  random: Random,
  limits: { readonly firstMs: number; readonly maxMs: number },
): BackOff {
  const { firstMs, maxMs } = limits;
  const pause = backOffMs(before.failures, { firstMs, mostMs: maxMs }, random);
  return { failures: before.failures + 1, notBefore: nowMs + pause };
}

/** A daemon's trouble outside of a change. It is lost with the process, which costs nothing. */
export interface Recovery {
  /** Failed probes in a row. */
  readonly failures: number;
  /** Starts and restarts that were tried. */
  readonly backOff: BackOff;
}

export const WELL: Recovery = { failures: 0, backOff: NO_BACK_OFF };

/** A daemon counts as well again when it was healthy for so long after the last action. */
const CALM_MS = 60_000;
/** A unit may take so long to start before its silence counts. */
const STARTING_MS = 30_000;

/** Takes a probe's answer into account. Times: `nowMs` monotonic, `wallMs` wall time. */
export function afterProbe(before: Recovery, health: Health, nowMs: number, wallMs: number): Recovery {
  if (health.isHealthy) {
    const isCalm = nowMs > before.backOff.notBefore + CALM_MS;
    return { failures: 0, backOff: isCalm ? NO_BACK_OFF : before.backOff };
  }
  if (health.isOutOfReach) return before;
  const { active, sinceMs } = health.unit;
  if (active === 'activating' && sinceMs !== null && wallMs - sinceMs < STARTING_MS) return before;
  return { ...before, failures: before.failures + 1 };
}

/** Counts a start or a restart, and says when the next one may be. */
export function afterAction(before: Recovery, nowMs: number, random: Random, timing: Timing): Recovery {
  const limits = { firstMs: timing.backOffFirstMs, maxMs: timing.backOffMaxMs };
  return { failures: 0, backOff: backOff(before.backOff, nowMs, random, limits) };
}

/** Must a daemon that runs but does not answer be restarted now? */
export function isHung(recovery: Recovery, health: Health, nowMs: number, timing: Timing): boolean {
  if (health.isHealthy || health.unit.load !== 'loaded' || !isUp(health.unit)) return false;
  return recovery.failures >= timing.hungAfter && nowMs >= recovery.backOff.notBefore;
}
