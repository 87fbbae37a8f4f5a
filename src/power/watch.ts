import { backOffMs } from '../core/back-off.ts';
import type { Clock, Random } from '../core/ports.ts';
import type { Executor } from './executor.ts';
import type { PowerOutcome, PowerTarget } from './order.ts';

/** A machine whose state is looked at now and then. `epoch`: of whoever holds its BMC's orders. */
export interface Watched extends PowerTarget {
  readonly id: string;
  readonly epoch: number;
}

export interface WatchPorts {
  readonly executor: Executor;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly random: Pick<Random, 'fraction'>;
  /** Waits, ms, or until the signal. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** The machines to look at now. */
  machines(): readonly Watched[];
  /** What came of a look. */
  tell(id: string, outcome: PowerOutcome): void;
}

/** Between two looks at a machine, ms; a quarter more or less, so that the BMCs of a rack are not asked all at once. */
const EVERY_MS = 120_000;
/** After failures ever less often, up to this, ms: a BMC that is not well is not made worse. */
const FAILED = { firstMs: EVERY_MS, mostMs: 1_800_000 };
/** Looks at once. */
const AT_ONCE = 8;
const LOOK_MS = 20_000;
const STEP_MS = 1000;

/** Looks at the states of machines until the signal, each at its own time. One that is new is looked at within a round, at a time that is drawn. */
export async function watchStates(ports: WatchPorts, signal: AbortSignal): Promise<void> {
  const { clock, random } = ports;
  const plan = new Map<string, { dueAt: number; failures: number }>();
  const running = new Map<string, Promise<void>>();
  while (!signal.aborted) {
    const machines = ports.machines();
    forget(plan, machines);
    for (const machine of machines) {
      const own = plan.get(machine.id) ?? { dueAt: clock.monotonic() + random.fraction() * EVERY_MS, failures: 0 };
      plan.set(machine.id, own);
      if (own.dueAt > clock.monotonic() || running.has(machine.id) || running.size >= AT_ONCE) continue;
      const look = lookAt(ports, machine)
        .then((isWell) => {
          own.failures = isWell ? 0 : own.failures + 1;
          own.dueAt = clock.monotonic() + nextMs(own.failures, random);
        })
        .finally(() => running.delete(machine.id));
      running.set(machine.id, look);
    }
    await ports.pause(STEP_MS, signal);
  }
  await Promise.all(running.values());
}

async function lookAt(ports: WatchPorts, { id, epoch, ...target }: Watched): Promise<boolean> {
  const outcome = await ports.executor.run(target, { verb: 'query', epoch, timeoutMs: LOOK_MS });
  ports.tell(id, outcome);
  return outcome.kind === 'done';
}

function nextMs(failures: number, random: Pick<Random, 'fraction'>): number {
  return failures === 0 ? EVERY_MS * (0.75 + random.fraction() / 2) : backOffMs(failures, FAILED, random);
}

function forget(plan: Map<string, unknown>, machines: readonly Watched[]): void {
  const ids = new Set(machines.map(({ id }) => id));
  for (const id of plan.keys()) if (!ids.has(id)) plan.delete(id);
}
