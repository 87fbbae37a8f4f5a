import { sentenceOf } from '../core/errors.ts';
import type { ExecResult, UnitState } from '../core/host-values.ts';
import type { AnyService, Metric, ServiceHealth } from '../services/kit/contract.ts';
import type { EnginePorts } from './ports.ts';

/** The answers of systemd and of the daemon. */
export type Health = ServiceHealth & { readonly unit: UnitState; readonly metrics?: readonly Metric[] };

const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 500;

/** Does systemd run the unit, or is it about to? */
export const isUp = (unit: UnitState): boolean => unit.active !== 'inactive' && unit.active !== 'failed';

/**
 * Asks systemd and the daemon once, at the same time. `desired` undefined: the questions of the running configuration are unknown, so systemd's
 * answer must do.
 */
export async function askHealth(ports: EnginePorts, service: AnyService, desired: unknown): Promise<Health> {
  const [unit, first] = await Promise.all([ports.host.units.state(service.unit), ask(ports, service, desired)]);
  const down = unitProblem(service.unit, unit);
  if (down !== null) {
    const reported = desired === undefined ? null : (service.parseDown?.(first, desired) ?? null);
    return { ...(reported ?? { isHealthy: false, detail: down }), unit };
  }
  if (desired === undefined) return { isHealthy: true, detail: `${service.unit} is active`, unit };
  return { ...parse(service, await amended(ports, { service, desired, answers: first }), desired), unit };
}

async function ask({ host }: EnginePorts, service: AnyService, desired: unknown): Promise<readonly ExecResult[]> {
  const commands = desired === undefined ? [] : service.probe(desired);
  return await Promise.all(commands.map((command) => host.exec(command)));
}

type ProbeResult = { readonly service: AnyService; readonly desired: unknown; readonly answers: readonly ExecResult[] };

/** Fresh answers, after missing things were added. The daemon itself reports what failed. */
async function amended(ports: EnginePorts, { service, desired, answers }: ProbeResult): Promise<readonly ExecResult[]> {
  const commands = service.amend?.(answers, desired) ?? [];
  if (commands.length === 0) return answers;
  for (const command of commands) await ports.host.exec(command);
  return await ask(ports, service, desired);
}

/** Asks at once, then again with growing pauses, until the service is healthy or `deadline` (monotonic) has come. */
export async function awaitHealth(
  ports: EnginePorts,
  service: AnyService,
  desired: unknown,
  deadline: number,
): Promise<Health> {
  let restartsBefore: number | undefined;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
    const health = await askHealth(ports, service, desired);
    restartsBefore ??= health.unit.restarts;
    const isHeldBack = health.isOutOfReach === true && health.isSettling !== true;
    const isOver = health.isHealthy || isHeldBack || isHopeless(health.unit, restartsBefore);
    if (isOver || ports.clock.monotonic() + pauseMs > deadline) return health;
    await ports.wait(pauseMs);
  }
}

/** Has the unit ended without a restart, or does it end repeatedly? Waiting does not help then. */
function isHopeless(unit: UnitState, restartsBefore: number): boolean {
  return !isUp(unit) || unit.load !== 'loaded' || unit.restarts >= restartsBefore + 2;
}

/** The largest number of figures per service. */
const METRICS_MAX = 256;

/** Figures from answers that cannot be read are left out. They say nothing about the daemon's health. */
function measure(service: AnyService, answers: readonly ExecResult[], desired: unknown): readonly Metric[] {
  try {
    const metrics = service.metrics?.(answers, desired) ?? [];
    return metrics.filter(({ value }) => Number.isFinite(value)).slice(0, METRICS_MAX);
  } catch {
    return [];
  }
}

function parse(service: AnyService, answers: readonly ExecResult[], desired: unknown): Omit<Health, 'unit'> {
  try {
    return { ...service.parseProbe(answers, desired), metrics: measure(service, answers, desired) };
  } catch (error) {
    return { isHealthy: false, detail: `the answers cannot be read: ${sentenceOf(error)}` };
  }
}

function unitProblem(name: string, unit: UnitState): string | null {
  if (unit.load !== 'loaded') return `${name} is ${unit.load === 'not-found' ? 'not installed' : unit.load}`;
  if (unit.active === 'active' || unit.active === 'reloading') return null;
  return `${name} is ${unit.active} (${unit.sub || 'no details'})`;
}
