import type { CommandRunner } from '../../agent/commands/runner.ts';
import type { CommandArgs, CommandResult } from '../../contract/command-kinds.ts';
import type { Log } from '../../core/ports.ts';
import type { DurableText } from '../../host/interface.ts';
import type { PowerParameters } from '../../model/machines/power.ts';
import type { PowerEffects } from '../../power/driver.ts';
import { type Executor, openExecutor } from '../../power/executor.ts';
import { openFence } from '../../power/fence.ts';
import type { PowerOrder, PowerOutcome, PowerTarget } from '../../power/order.ts';
import { type Judge, judgeOf } from '../../power/guard.ts';
import { probeBmc } from '../../power/probe.ts';
import { driverOf } from '../../power/registry.ts';

/** What the runners of power need. `fence`: the durable text of the highest epochs, one of each agent. */
export interface PowerRunnerPorts {
  readonly effects: PowerEffects;
  readonly fence: DurableText;
  readonly log: Log;
  /** Which addresses may be queried; left out: the product's law. */
  readonly judgeOf?: (closed: readonly string[] | undefined) => Judge;
}

/** An answer comes so long before the agent gives the run up, ms. */
const MARGIN_MS = 500;
const PROBE_MS = 4000;
const QUERY_MS = 20_000;
/** Queries at one time. */
const QUERIES_AT_ONCE = 8;

/** The runners of orders and queries: one executor for all BMCs of this agent. */
export function powerRunners(
  ports: PowerRunnerPorts,
): Readonly<Record<'power' | 'look-power' | 'probe-bmc', CommandRunner>> {
  const executor = lateExecutor(ports);
  return {
    power: async ({ args, secrets, leftMs }) => {
      // The region has checked them by the kind's schema.
      const { machine, verb, boot, stopMode, seconds, ...target } = args as CommandArgs<'power'>;
      const order = { verb, ...(boot ? { boot } : {}), ...(stopMode ? { stopMode } : {}) };
      const timeoutMs = Math.min(seconds * 1000, leftMs - MARGIN_MS);
      const outcome = await (await executor()).run(targetOf(target, secrets ?? {}), orderOf(target, order, timeoutMs));
      const result: CommandResult<'power'> = resultOf(outcome, target.learned);
      return { result, sentence: sentenceOf(machine, result) };
    },

    'look-power': async ({ args, secrets, leftMs, signal }) => {
      const { machines, closed } = args as CommandArgs<'look-power'>;
      const opened = await executor();
      const until = ports.effects.clock.monotonic() + leftMs - MARGIN_MS;
      const seen: CommandResult<'look-power'>['machines'] = [];
      const queue = [...machines];
      const work = async () => {
        for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
          const timeoutMs = Math.min(QUERY_MS, until - ports.effects.clock.monotonic());
          if (timeoutMs <= 0) return;
          const { id, ...target } = next;
          const own = ownSecrets(id, secrets ?? {});
          const outcome = await opened.run(
            targetOf({ ...target, ...(closed ? { closed } : {}) }, own),
            orderOf(target, { verb: 'query' }, timeoutMs),
          );
          seen.push({ id, ...resultOf(outcome, target.learned) });
        }
      };
      await Promise.all(Array.from({ length: QUERIES_AT_ONCE }, work));
      const result: CommandResult<'look-power'> = { machines: seen };
      return { result, sentence: `${seen.length} of ${machines.length} machines were queried.` };
    },

    'probe-bmc': async ({ args, leftMs }) => {
      const { powerType, parameters, closed } = args as CommandArgs<'probe-bmc'>;
      const timeoutMs = Math.max(1, Math.min(PROBE_MS, leftMs - MARGIN_MS));
      const result: CommandResult<'probe-bmc'> = await probeBmc(driverOf(powerType), parameters, ports.effects, {
        timeoutMs,
        judge: (ports.judgeOf ?? judgeOf)(closed),
      });
      return { result, sentence: `The BMC is ${result.isReachable ? '' : 'not '}reached: ${result.why}.` };
    },
  };
}

/** Opened with the first order; a fence that cannot be read is a failure of that order, and is read again for the next. */
function lateExecutor({ effects, fence, log, judgeOf: judge }: PowerRunnerPorts): () => Promise<Executor> {
  let opened: Promise<Executor> | null = null;
  return () => {
    opened ??= openFence(fence).then((seen) =>
      openExecutor({ effects, fence: seen, log, ...(judge ? { judgeOf: judge } : {}) }),
    );
    opened.catch(() => {
      opened = null;
    });
    return opened;
  };
}

type PowerTargetArgs = Pick<CommandArgs<'power'>, 'powerType' | 'parameters' | 'learned' | 'epoch' | 'closed'>;

function targetOf({ powerType, parameters, learned, closed }: PowerTargetArgs, secrets: PowerParameters): PowerTarget {
  return { type: powerType, parameters: { ...parameters, ...secrets }, learned, closed };
}

function orderOf(
  { epoch }: PowerTargetArgs,
  order: Omit<PowerOrder, 'epoch' | 'timeoutMs'>,
  timeoutMs: number,
): PowerOrder {
  return { ...order, epoch, timeoutMs: Math.max(1, timeoutMs) };
}

function ownSecrets(id: string, secrets: Readonly<Record<string, string>>): PowerParameters {
  const own = Object.entries(secrets).filter(([name]) => name.startsWith(`${id}/`));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(id.length + 1), value]));
}

function resultOf(outcome: PowerOutcome, before: PowerTargetArgs['learned']): CommandResult<'power'> {
  const nothing = { hasChanged: false, code: null, why: '', remedy: '', notes: [], learned: { ...before } };
  if (outcome.kind === 'rejected') return { ...nothing, outcome: 'overtaken', state: 'unknown', why: outcome.message };
  const learned = { ...outcome.learned };
  if (outcome.kind === 'done') {
    const { state, hasChanged, notes } = outcome;
    return { ...nothing, outcome: 'done', state, hasChanged, notes: [...notes], learned };
  }
  const { code, message, remedy } = outcome;
  return { ...nothing, outcome: 'failed', state: 'error', code, why: message, remedy, learned };
}

function sentenceOf(machine: string, { outcome, state, why }: CommandResult<'power'>): string {
  return outcome === 'done' ? `${machine}: its BMC says ${state}.` : `${machine}: ${why}`;
}
