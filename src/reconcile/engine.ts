import { digestOf } from '../core/stable-json.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { HostFacts } from '../core/host-values.ts';
import type { AnyService } from '../services/kit/contract.ts';
import { makeAbsent } from './absence.ts';
import type { EnginePorts } from './ports.ts';
import { withoutSpared, spareParts } from './spare.ts';
import { WELL } from './recovery.ts';
import { emptyMemory, type EngineState, type ServiceRun, savedText, saveMemory, setState } from './state.ts';
import type { Memory, ServiceReport, DesiredService } from './values.ts';
import { begin, situationOf } from './context.ts';
import { planStep } from './plan.ts';
import { settle } from './settle.ts';
import { perform } from './steps.ts';

/** Parts that a report names. */
const HELD_MAX = 32;

/** The engine of one service. Runs must follow one another: the caller starts the next one when the last has resolved. */
export interface ServiceEngine {
  /**
   * Brings the service to its desired state, as far as that is possible now, and reports its state. Never throws: a failure becomes the report's state
   * and sentence. A second call with the same values is a probe.
   */
  run(wanted: DesiredService, facts: HostFacts): Promise<ServiceReport>;
  /**
   * Takes a new generation that changes nothing for this service, without a question to the daemon: most changes of a site are for other services.
   * Null: there is work, or the last run did not end well, so a run is due.
   */
  take(wanted: DesiredService, facts: HostFacts): ServiceReport | null;
  /** Somebody may have changed files: the next run compares them, and is due. */
  suspect(): void;
  /** Run again soon: the daemon, or this host, did not answer lately, and it is unknown whether that lasts; or the daemon is changing its state. */
  isUnsettled(): boolean;
}

/** Opens the engine of a service with its memory. */
export async function openEngine(service: AnyService, outer: EnginePorts): Promise<ServiceEngine> {
  const ports = { ...outer, log: outer.log.with({ service: service.name }) };
  const memory = await recall(service, ports);
  const state: EngineState = {
    memory: memory ?? emptyMemory(ports.clock),
    saved: memory ? savedText(memory) : '',
    recovery: WELL,
    attempt: null,
    verified: null,
    givenUp: null,
    loadedDesired: null,
    facts: null,
    metrics: [],
    isSettling: false,
    hasBeenHealthy: false,
    pid: null,
    faults: 0,
    spared: null,
    settled: null,
  };
  return {
    take: (wanted, facts) => {
      const { loaded } = state.memory;
      if (loaded === null || state.settled !== keyOf(wanted, facts)) return null;
      state.memory = { ...state.memory, loaded: { ...loaded, generation: wanted.generation } };
      return reportOf({ service, ports, state, wanted, facts });
    },
    suspect: () => {
      state.verified = null;
      state.settled = null;
    },
    isUnsettled: () => isFew(state.recovery.failures, ports) || isFew(state.faults, ports) || state.isSettling,
    run: async (wanted, facts) => {
      const run: ServiceRun = { service, ports, state, wanted: withoutSpared(state.spared, wanted), facts };
      state.settled = null;
      try {
        if (wanted.desired === null) await makeAbsent(run);
        else await convergeOrSpare(run);
        state.faults = 0;
        if (isWell(run)) state.settled = keyOf(wanted, facts);
      } catch (error) {
        ports.log.error('a run of the reconcile engine was aborted', {
          generation: wanted.generation,
          error: sentenceOf(error),
        });
        state.verified = null;
        state.faults += 1;
        // A single late answer of the helper means a busy machine, and the next run comes soon.
        if (state.faults > 1 || state.memory.state !== 'healthy') {
          Object.assign(state, { facts: null, metrics: [], isSettling: false });
          setState(run, 'unknown', `This node could not reconcile the service: ${sentenceOf(error)}`);
        }
      }
      await saveMemory(run);
      return reportOf(run);
    },
  };
}

/** If the checker refuses optional parts, the rest is applied. */
async function convergeOrSpare(run: ServiceRun): Promise<void> {
  const { state, wanted } = run;
  const before = state.attempt;
  await converge(run);
  if (state.attempt === before || state.attempt?.state !== 'rejected') return;
  const spared = await spareParts(run);
  if (spared === null) return;
  run.ports.log.warn('parts that the daemon refuses are left out', {
    generation: wanted.generation,
    parts: spared.held.map(({ name }) => name).join(', '),
  });
  Object.assign(state, { spared, attempt: null });
  await converge({ ...run, wanted: withoutSpared(spared, wanted) });
}

/** Identifies a desired state by all that a service can see: everything but its generation. */
function keyOf({ digest, restart, roles, certificate, site, pair }: DesiredService, facts: HostFacts): string {
  return digestOf([digest, restart, roles, certificate ?? null, site ?? null, pair ?? null, facts]);
}

/** Is the service in its desired state, with nothing left to wait for? */
function isWell({ state: { memory, attempt, recovery, isSettling }, wanted }: ServiceRun): boolean {
  const state = wanted.desired === null ? 'absent' : 'healthy';
  const isQuiet = attempt === null && recovery.failures === 0 && !isSettling;
  return memory.state === state && isQuiet && memory.loaded?.digest === wanted.digest;
}

const isFew = (count: number, ports: EnginePorts): boolean => count > 0 && count < ports.timing.hungAfter;

async function recall(service: AnyService, ports: EnginePorts): Promise<Memory | null> {
  try {
    return await ports.memory.load(service.name);
  } catch (error) {
    ports.log.error('memory of a service cannot be read', { error: sentenceOf(error) });
    return null;
  }
}

function reportOf({ service, wanted, state: { memory, facts, metrics, spared } }: ServiceRun): ServiceReport {
  const held = spared?.digest === wanted.digest ? spared.held.slice(0, HELD_MAX) : [];
  return {
    ...(held.length === 0 ? {} : { held }),
    service: service.name,
    wanted: wanted.generation,
    wantedDigest: wanted.digest,
    applied: memory.loaded?.generation ?? null,
    appliedDigest: memory.loaded?.digest ?? '',
    state: memory.state,
    since: memory.since,
    why: memory.why,
    lastAction: memory.lastAction,
    restartDone: memory.restart?.isDone ? memory.restart.nonce : null,
    actions: memory.actions ?? [],
    ...(facts === null ? {} : { facts }),
    ...(metrics.length === 0 ? {} : { metrics }),
  };
}

/** More steps than any path through the plan has. Beyond it the plan is at fault, not the host. */
const STEPS_MAX = 40;

/** Brings a service that must run to its desired state: observe, plan one step, do it, until nothing is left to do. */
export async function converge(run: ServiceRun): Promise<void> {
  const context = await begin(run);
  for (let count = 0; count < STEPS_MAX; count += 1) {
    const step = planStep(situationOf(context));
    if (step === 'settle') return await settle(context);
    run.ports.log.debug('next step', { step, generation: run.wanted.generation });
    await perform(step, context);
  }
  throw new AppError('engine', `the service did not settle within ${STEPS_MAX} steps`);
}
