import { setTimeout as sleep } from 'node:timers/promises';
import { isRejected } from '../../../src/core/errors.ts';
import type { Program, BmcAccess } from '../../../src/host/ask/bmc/interface.ts';
import { realBmcAccess } from '../../../src/host/ask/bmc/real.ts';
import { parsePowerParameters, type PowerParameters, type PowerType } from '../../../src/model/machines/power.ts';
import type { PowerEffects } from '../../../src/power/driver.ts';
import { openExecutor } from '../../../src/power/executor.ts';
import { openFence } from '../../../src/power/fence.ts';
import type { PowerOrder, PowerOutcome } from '../../../src/power/order.ts';
import { driverOf } from '../../../src/power/registry.ts';
import { memoryLog } from '../virtual-time.ts';
import { memoryText } from './memory-text.ts';

/**
 * What a BMC does wrong. `ignores`: it accepts orders and does nothing; `says-on`: the machine is off, and it says on; `slow`: every answer takes longer than
 * a second; `garbage`: its answers make no sense.
 */
export const FAULTS = ['ignores', 'says-on', 'slow', 'garbage'] as const;
export type Fault = (typeof FAULTS)[number];

/** One machine behind one BMC, as real as this driver's can be in a test. */
export interface PowerRig extends AsyncDisposable {
  readonly type: PowerType;
  /** Parameters that are good, as an operator gives them. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The parameter that is the secret, null: this way has none. */
  readonly secret: string | null;
  /** Parameters by which nothing is reached. */
  readonly elsewhere: Readonly<Record<string, unknown>>;
  readonly reach: BmcAccess;
  /** Is the machine truly on? */
  isOn(): boolean | Promise<boolean>;
  put(state: 'on' | 'off'): void | Promise<void>;
  /** What the next start uses, in the BMC's own words; null: there is no such thing here. */
  bootDevice(): string | null | Promise<string | null>;
  setFault(fault: Fault | null): void | Promise<void>;
}

/** Everything that left this process: command lines and the places of requests. */
export interface Seen {
  readonly argv: string[];
  readonly urls: string[];
}

/** The same reach, and what went through it in the open. */
export function recorded(reach: BmcAccess, seen: Seen): BmcAccess {
  return {
    ...reach,
    run: (program) => {
      seen.argv.push(program.argv.join(' '));
      return reach.run(program);
    },
    web: (request) => {
      seen.urls.push(`${request.method} ${request.url}`);
      return reach.web(request);
    },
  };
}

/** The real reach with programs run by `wrap`: in a root of their own. */
export function reachWith(wrap: (argv: readonly string[]) => string[]): BmcAccess {
  const real = realBmcAccess();
  return { ...real, run: (program: Program) => real.run({ ...program, argv: wrap(program.argv) }) };
}

/** The BMCs of tests stand on this host, where the product asks none. */
export const OPEN = () => null;

/** Effects in real time. */
export function realEffects(reach: BmcAccess): PowerEffects {
  return {
    reach,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    random: { fraction: () => Math.random() },
    pause: async (ms) => {
      await sleep(ms);
    },
  };
}

/** Parameters as the law gives them. */
export function parsed(type: PowerType, given: Readonly<Record<string, unknown>>): PowerParameters {
  const parameters = parsePowerParameters(driverOf(type).settings, given);
  if (isRejected(parameters)) throw new Error(parameters.message);
  return parameters;
}

/** An executor over a rig, with all that it told. */
export async function testExecutor(rig: PowerRig) {
  const seen: Seen = { argv: [], urls: [] };
  const log = memoryLog();
  const text = memoryText();
  const executor = openExecutor({
    effects: realEffects(recorded(rig.reach, seen)),
    fence: await openFence(text),
    log,
    judgeOf: () => OPEN,
  });
  let learned = {};
  return {
    seen,
    log,
    /** Gives an order with the rig's parameters and with `changes`; keeps what is learned. */
    run: async (
      order: Partial<PowerOrder> & Pick<PowerOrder, 'verb'>,
      given: Readonly<Record<string, unknown>> = rig.parameters,
    ): Promise<PowerOutcome> => {
      const target = { type: rig.type, parameters: parsed(rig.type, given), learned };
      const outcome = await executor.run(target, { epoch: 1, timeoutMs: 20_000, ...order });
      if (outcome.kind === 'done') learned = outcome.learned;
      return outcome;
    },
  };
}
