import { sentenceOf } from '../core/errors.ts';
import type { HostFacts } from '../core/host-values.ts';
import type { Clock } from '../core/ports.ts';
import { stableJson } from '../core/stable-json.ts';
import type { AnyService, Metric } from '../services/kit/contract.ts';
import type { EnginePorts } from './ports.ts';
import type { BackOff, Recovery } from './recovery.ts';
import type { FileStates, LastAction, Memory, ServiceStateName, Spared, Trigger, DesiredService } from './values.ts';

/** A configuration that could not be installed, and when it is tried again (monotonic). */
export interface ConfigurationAttempt {
  readonly key: string;
  readonly state: ServiceStateName;
  readonly why: string;
  readonly backOff: BackOff;
}

/** The whole state of one service's engine. Only `memory` outlives the process. */
export interface EngineState {
  memory: Memory;
  /** `savedText` of the last saved memory. */
  saved: string;
  recovery: Recovery;
  attempt: ConfigurationAttempt | null;
  /** When, and for which input, the files on disk were last compared, with the result. */
  verified: {
    readonly key: string;
    readonly at: number;
    readonly wanted: FileStates;
    readonly disk: FileStates;
  } | null;
  /** Digest of files that had their time and have no rollback. */
  givenUp: string | null;
  /** The desired part that `memory.loaded` came from. */
  loadedDesired: { readonly digest: string; readonly desired: unknown } | null;
  /** The daemon's answer at the last probe. */
  facts: Readonly<Record<string, unknown>> | null;
  /** The same as figures. */
  metrics: readonly Metric[];
  /** The daemon reported so at the last probe. */
  isSettling: boolean;
  /** Since this process began. */
  hasBeenHealthy: boolean;
  /** The daemon's process, as seen last. */
  pid: number | null;
  /** Interrupted runs in a row. */
  faults: number;
  /** The last desired state of which parts had to be left out. */
  spared: Spared | null;
  /** Identifies the result of the last run, if nothing is left to do or to wait for; else null. */
  settled: string | null;
}

/** What one run works with. */
export interface ServiceRun {
  readonly service: AnyService;
  readonly ports: EnginePorts;
  readonly state: EngineState;
  readonly wanted: DesiredService;
  readonly facts: HostFacts;
}

/** An action before it is noted. */
export type ActionDone = Pick<LastAction, 'kind' | 'why'>;

const WHY_LIMIT = 4_000;
const ACTION_WHY_LIMIT = 2_000;
/** The number of remembered actions. Their reasons are cut short, because every report carries them. */
const ACTIONS_MAX = 20;
const HISTORY_WHY_LIMIT = 400;

/** Memory of a service on which nobody has acted. */
export function emptyMemory(clock: Clock): Memory {
  const since = new Date(clock.now()).toISOString();
  const nothing = { loaded: null, good: null, refused: null, restart: null, roles: {}, lastAction: null };
  return { ...nothing, state: 'unknown', since, why: 'Nothing was done yet.' };
}

/** Enters a state; `since` changes only with the state. */
export function setState(run: Pick<ServiceRun, 'ports' | 'state'>, name: ServiceStateName, why: string): void {
  const { memory } = run.state;
  const text = why.slice(0, WHY_LIMIT);
  if (memory.state !== name)
    run.ports.log.info('service entered a state', { state: name, was: memory.state, why: text });
  const since = memory.state === name ? memory.since : new Date(run.ports.clock.now()).toISOString();
  run.state.memory = { ...memory, state: name, since, why: text };
}

/** Stores an action on the service, and its cause. */
export function setAction(run: Pick<ServiceRun, 'ports' | 'state'>, action: ActionDone | null, trigger: Trigger): void {
  if (!action) return;
  const { memory } = run.state;
  const why = action.why.slice(0, ACTION_WHY_LIMIT);
  run.ports.log.info('action on a service', { action: action.kind, why, trigger });
  const lastAction = { kind: action.kind, why, at: new Date(run.ports.clock.now()).toISOString(), trigger };
  const actions = [...(memory.actions ?? []), { ...lastAction, why: why.slice(0, HISTORY_WHY_LIMIT) }];
  run.state.memory = { ...memory, lastAction, actions: actions.slice(-ACTIONS_MAX) };
}

/**
 * A text of the memory that shows whether to write it again. A generation that changed nothing for the service is not worth a wait for the disk: the
 * first run after a crash stores it again.
 */
export function savedText({ loaded, ...memory }: Memory): string {
  return stableJson({ ...memory, loaded: loaded && { ...loaded, generation: 0 } });
}

/** Makes the memory durable if it changed. A full disk must not stop the work on the service. */
export async function saveMemory(run: Pick<ServiceRun, 'ports' | 'state' | 'service'>): Promise<void> {
  const text = savedText(run.state.memory);
  if (text === run.state.saved) return;
  try {
    await run.ports.memory.save(run.service.name, run.state.memory);
    run.state.saved = text;
  } catch (error) {
    run.ports.log.error('memory of a service cannot be saved', { error: sentenceOf(error) });
  }
}

/** Is the operator's restart still to be done? */
export function isRestartRequested(run: ServiceRun): boolean {
  const { restart } = run.state.memory;
  return run.wanted.restart !== null && !(restart?.nonce === run.wanted.restart && restart.isDone);
}
