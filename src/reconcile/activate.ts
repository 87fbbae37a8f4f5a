import { AppError, sentenceOf } from '../core/errors.ts';
import { nameOfCommand, type UnitState } from '../core/host-values.ts';
import type { Activation, AnyService } from '../services/kit/contract.ts';
import { checkerOutput } from './check.ts';
import { isUp } from './health.ts';
import type { EnginePorts } from './ports.ts';
import type { ActionDone } from './state.ts';

/** The action, and a sentence about what went wrong with it, if anything. */
export type Acted = { readonly action: ActionDone | null; readonly problem: string | null };

/** Does what an activation says. A unit that is down is started instead, which also makes it read the files. */
export async function activate(
  ports: EnginePorts,
  service: AnyService,
  activation: Activation,
  unit: UnitState,
): Promise<Acted> {
  if (activation.kind === 'none') return { action: null, problem: null };
  const { why } = activation;
  if (!isUp(unit)) return await act(ports, service, 'start', `${service.unit} was ${unit.active}; ${why}`);
  if (activation.kind === 'command')
    return { action: { kind: 'command', why }, problem: await runAll(ports, activation) };
  return await act(ports, service, activation.kind, why);
}

/** Starts, stops, reloads or restarts the unit. A refusal of systemd is a problem; if systemd is out of reach, it throws. */
export async function act(
  ports: EnginePorts,
  service: AnyService,
  verb: 'start' | 'stop' | 'reload' | 'restart',
  why: string,
): Promise<Acted> {
  const problem = await tryUnit(ports, service, verb, ports.timing.unitMs);
  return { action: { kind: verb, why }, problem };
}

/** Restarts a daemon that may hang: first in order; if it does not end in time, by a kill. */
export async function forceRestart(ports: EnginePorts, service: AnyService, why: string): Promise<Acted> {
  const action = { kind: 'restart', why } as const;
  const polite = await tryUnit(ports, service, 'restart', ports.timing.politeRestartMs);
  if (polite === null) return { action, problem: null };
  const unit = await ports.host.units.state(service.unit);
  if (unit.active === 'deactivating') await tryUnit(ports, service, 'kill', ports.timing.unitMs);
  // A restart that hung in its stop continues by itself once the daemon is gone. The start waits for it.
  return { action, problem: await tryUnit(ports, service, 'start', ports.timing.unitMs) };
}

async function tryUnit(
  ports: EnginePorts,
  service: AnyService,
  verb: 'start' | 'stop' | 'reload' | 'restart' | 'kill',
  timeoutMs: number,
): Promise<string | null> {
  try {
    await ports.host.units.act(service.unit, verb, timeoutMs);
    return null;
  } catch (error) {
    if (error instanceof AppError && (error.code === 'unit_failed' || error.code === 'timeout'))
      return sentenceOf(error);
    throw error;
  }
}

async function runAll(
  ports: EnginePorts,
  activation: Extract<Activation, { kind: 'command' }>,
): Promise<string | null> {
  for (const command of activation.commands) {
    const result = await ports.host.exec(command);
    if (result.code === 0) continue;
    const name = nameOfCommand(command);
    if (result.failure !== null) return 'argv' in command ? `${name} did not start: ${result.failure}` : result.failure;
    if (result.timedOut) return `${name} did not end within ${command.timeoutMs} ms`;
    return `${name} failed: ${checkerOutput(result)}`;
  }
  return null;
}
