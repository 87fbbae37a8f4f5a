import { Check, Errors } from 'typebox/value';
import { digestOf } from '../core/stable-json.ts';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { UnitState } from '../core/host-values.ts';
import type { AnyService, RenderedFile, ServiceHealth } from '../services/kit/contract.ts';
import { renderService } from '../services/kit/render.ts';
import { backOff, NO_BACK_OFF } from './recovery.ts';
import { diskStates, readFolder, type FolderTexts } from './disk.ts';
import { filesDigest, isSame, statesOf } from './files.ts';
import { type Health, isUp } from './health.ts';
import { type Aim, isOnProbation, type Situation } from './plan.ts';
import { isRestartRequested, type ServiceRun } from './state.ts';
import { nextNotification } from './notifications.ts';
import type { FileStates } from './values.ts';

/** A run: what it read at its start and what its steps have found since. */
export interface ReconcileContext extends ServiceRun {
  /** Names the input: desired part and facts. */
  readonly key: string;
  /** Rendered files; null when they were not needed or could not be rendered. */
  files: readonly RenderedFile[] | null;
  texts: FolderTexts;
  disk: FileStates;
  aim: Aim;
  health: (ServiceHealth & Partial<Health>) | null;
  /** The unit as it was when the files were checked. */
  unitBefore: UnitState | null;
  isForced: boolean;
  hasNotificationFailed: boolean;
  /** This run acted on the daemon, so the daemon gets time to become healthy. */
  isTouched: boolean;
}

/** The input of the plan. */
export function situationOf(context: ReconcileContext): Situation {
  const { state, wanted, ports } = context;
  const unit = context.health?.unit;
  const hasFiles = Object.keys(state.memory.loaded?.files ?? {}).length > 0;
  const isTime = ports.clock.monotonic() >= state.recovery.backOff.notBefore;
  return {
    aim: context.aim,
    disk: context.disk,
    loaded: state.memory.loaded,
    good: state.memory.good,
    isUnitUp: unit === undefined || isUp(unit),
    isUnitActive: unit === undefined || unit.active === 'active',
    mayStart:
      unit?.load === 'loaded' && hasFiles && isTime && !context.isTouched && context.health?.isOutOfReach !== true,
    isRestartRequested: isRestartRequested(context),
    hasNotification: !context.hasNotificationFailed && nextNotification(wanted, state.memory) !== null,
    health: context.health,
    isForced: context.isForced,
    isGivenUp: context.aim.kind === 'wanted' && state.givenUp === filesDigest(context.aim.files),
  };
}

/** Is the wanted configuration in force, but not known to be good? */
export const isOnProbationNow = (context: ReconcileContext): boolean => isOnProbation(situationOf(context));

/** Reads a run's input: the wanted files and the installed files, or less if they were compared just now. */
export async function begin(run: ServiceRun): Promise<ReconcileContext> {
  const key = digestOf([run.wanted.digest, run.facts]);
  const blank = {
    files: null,
    health: null,
    unitBefore: null,
    isForced: false,
    hasNotificationFailed: false,
    isTouched: false,
  };
  const context: ReconcileContext = { ...run, key, texts: new Map(), disk: {}, aim: { kind: 'keep' }, ...blank };
  forgetOldTroubles(context);
  const { state, ports } = run;
  const now = ports.clock.monotonic();
  if (state.attempt && now < state.attempt.backOff.notBefore) return context;
  if (state.verified?.key === key && now - state.verified.at < ports.timing.verifyMs) {
    useFiles(context, state.verified.wanted, state.verified.disk);
    if (context.aim.kind !== 'keep' && isSame(context.disk, context.aim.files)) return context;
  }
  context.files = render(context);
  if (context.files === null) {
    context.aim = { kind: 'keep' };
    return context;
  }
  const states = statesOf(context.files);
  const { loaded, good } = state.memory;
  const ours = [states, loaded?.files ?? {}, good?.files ?? {}];
  context.texts = await readFolder(ports.host, run.service.folder, ...ours);
  useFiles(context, states, diskStates(context.texts, loaded?.files ?? {}, states, good?.files ?? {}));
  return context;
}

function useFiles(context: ReconcileContext, wanted: FileStates, disk: FileStates): void {
  context.disk = disk;
  context.aim = chooseAim(context, wanted);
  noteGeneration(context, wanted);
}

/** A configuration that failed gets another chance with other input, or at the operator's restart. */
function forgetOldTroubles(context: ReconcileContext): void {
  const { state, wanted } = context;
  const isNewRestart = isRestartRequested(context) && state.memory.restart?.nonce !== wanted.restart;
  if (state.attempt && (state.attempt.key !== context.key || isNewRestart)) state.attempt = null;
  if (!isNewRestart) return;
  state.givenUp = null;
  state.memory = { ...state.memory, refused: null };
}

/** Without a change of files a new generation is in force at once. */
function noteGeneration(context: ReconcileContext, states: FileStates): void {
  const { state, wanted } = context;
  const { loaded } = state.memory;
  if (context.aim.kind !== 'wanted' || !loaded || filesDigest(loaded.files) !== filesDigest(states)) return;
  state.memory = { ...state.memory, loaded: { ...loaded, generation: wanted.generation, digest: wanted.digest } };
  state.loadedDesired = { digest: wanted.digest, desired: wanted.desired };
}

function chooseAim(context: ReconcileContext, wanted: FileStates): Aim {
  const { refused, good } = context.state.memory;
  const isRefused = refused?.filesDigest === filesDigest(wanted) && refused.verdict !== 'retrying';
  return isRefused && good ? { kind: 'previous', files: good.files } : { kind: 'wanted', files: wanted };
}

function render(context: ReconcileContext): readonly RenderedFile[] | null {
  const { service, ports, wanted, facts } = context;
  try {
    if (!Check(service.desired, wanted.desired)) throw new AppError('desired', misfit(service, wanted.desired));
    return renderService(service, wanted.desired, { facts, templates: ports.templates, generation: wanted.generation });
  } catch (error) {
    failAttempt(context, 'render_failed', `The files could not be made: ${sentenceOf(error)}`);
    return null;
  }
}

function misfit(service: AnyService, desired: unknown): string {
  const [error] = Errors(service.desired, desired);
  const where = error ? `${error.instancePath || '/'} ${error.message}` : 'no details';
  return `the desired state does not fit this release of ${service.name}: ${where}`;
}

/** Remembers that the wanted configuration cannot be installed now. The installed one keeps running until the next try. */
export function failAttempt(
  context: ReconcileContext,
  name: 'render_failed' | 'rejected' | 'check_failed' | 'install_failed',
  why: string,
): void {
  const { state, ports, key } = context;
  const { backOffFirstMs, refusedFirstMs, backOffMaxMs } = ports.timing;
  // Refused content will be refused again, unless something around it changes, which an operator may do.
  const firstMs = name === 'check_failed' || name === 'install_failed' ? backOffFirstMs : refusedFirstMs;
  const before = state.attempt?.backOff ?? NO_BACK_OFF;
  const pause = backOff(before, ports.clock.monotonic(), ports.random, { firstMs, maxMs: backOffMaxMs });
  state.attempt = { key, state: name, why, backOff: pause };
  state.verified = null;
  context.aim = { kind: 'keep' };
  ports.log.warn('a configuration could not be installed', { state: name, why, generation: context.wanted.generation });
}
