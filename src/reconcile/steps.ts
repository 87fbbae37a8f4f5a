import { AppError, sentenceOf } from '../core/errors.ts';
import type { UnitState } from '../core/host-values.ts';
import type { Activation } from '../services/kit/contract.ts';
import { activate, act, type Acted, forceRestart } from './activate.ts';
import { checkStaged } from './check.ts';
import { type ReconcileContext, failAttempt, isOnProbationNow } from './context.ts';
import * as disk from './disk.ts';
import { changesBetween, filesDigest, isSame, statesOf } from './files.ts';
import { askHealth, awaitHealth, isUp } from './health.ts';
import type { ReconcileStep } from './plan.ts';
import { afterAction } from './recovery.ts';
import { type ServiceRun, saveMemory, setAction } from './state.ts';
import type { PendingNotification } from './notifications.ts';
import { activationOf, nextNotification, markRolesCurrent, markNotified, triggerOf } from './notifications.ts';
import type { Configuration, Trigger } from './values.ts';

/** Does one step of the plan and stores the result in context and memory. */
export async function perform(step: Exclude<ReconcileStep, 'settle'>, context: ReconcileContext): Promise<void> {
  switch (step) {
    case 'install':
      return await install(context);
    case 'restore':
      return await bringBack(context);
    case 'activate':
      return context.aim.kind === 'previous' ? await activatePrevious(context) : await activateWanted(context);
    case 'start':
      return await start(context);
    case 'operator_restart':
      return await operatorRestart(context);
    case 'notify':
      return await notify(context);
    case 'probe':
      return await probe(context);
    case 'force':
      return await force(context);
    case 'confirm':
      return await confirm(context);
    case 'roll_back':
      return await rollBack(context);
  }
}

async function install(context: ReconcileContext): Promise<void> {
  const { service, ports, state } = context;
  const files = context.files ?? [];
  const { folder } = service;
  const change = { folder, texts: context.texts, disk: context.disk, files, good: state.memory.good?.files ?? {} };
  let isMoving = false;
  try {
    await noteDrift(context);
    const { loaded, good } = state.memory;
    const ours = [statesOf(files), loaded?.files ?? {}, good?.files ?? {}];
    await disk.removeForeign(ports.host, context.texts, ...ours);
    const [staged] = await bothOf(disk.stage(ports.host, change), disk.keepPrevious(ports.host, change));
    // Read beside the checks, so that there is one process less to wait for between install and activate.
    const [outcome, unit] = await bothOf(
      checkStaged(ports, service.check(staged)),
      ports.host.units.state(service.unit),
    );
    context.unitBefore = unit;
    if (outcome.kind !== 'passed') return failAttempt(context, outcome.kind, outcome.why);
    isMoving = true;
    await disk.installStaged(ports.host, change);
  } catch (error) {
    if (!isFileFault(error)) throw error;
    const left = isMoving ? await undoInstall(context) : '';
    return failAttempt(context, 'install_failed', `The files could not be installed: ${sentenceOf(error)}${left}`);
  }
  state.attempt = null;
  context.disk = statesOf(files);
  context.health = null;
}

/** Does two things at once. At a fault of one it waits for the other, so that nothing runs on during the next step. */
async function bothOf<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [one, two] = await Promise.allSettled([first, second]);
  if (one.status === 'rejected') throw one.reason;
  if (two.status === 'rejected') throw two.reason;
  return [one.value, two.value];
}

/** A running daemon may have read files that somebody changed, so it must take ours again. */
async function noteDrift(context: ReconcileContext): Promise<void> {
  const { state, aim } = context;
  const { loaded } = state.memory;
  if (aim.kind !== 'wanted' || !loaded || !isSame(loaded.files, aim.files)) return;
  const drifted = changesBetween(context.disk, aim.files).map(({ target }) => target);
  if (drifted.length > 0) {
    context.ports.log.warn('files were changed by somebody else: Regent restores its own', {
      paths: drifted.slice(0, 5).join(' '),
    });
    context.ports.onDrift?.(context.service.name, drifted);
  }
  const ours = Object.entries(context.disk).filter(([path]) => Object.hasOwn(aim.files, path));
  state.memory = { ...state.memory, loaded: { ...loaded, files: Object.fromEntries(ours) } };
  await saveMemory(context);
}

/** A fault of the files themselves. A fault of the connection (the helper is gone) ends the run instead. */
function isFileFault(error: unknown): boolean {
  return error instanceof AppError && ['no_space', 'denied', 'io'].includes(error.code);
}

/** Some files were moved and others were not: restores the last healthy ones, else says what is left. */
async function undoInstall(context: ReconcileContext): Promise<string> {
  const { service, ports, state } = context;
  const { good, loaded } = state.memory;
  try {
    if (good && loaded && isSame(good.files, loaded.files)) {
      const there = disk.diskStates(await disk.readFolder(ports.host, service.folder, good.files), good.files);
      const texts = await disk.previousTexts(ports.host, service.folder, good.files, there);
      if (texts) {
        await disk.restore(ports.host, good.files, there, texts);
        return '; the previous files were brought back';
      }
    }
    return '; some of them are in place already';
  } catch (error) {
    return `; bringing the previous files back failed too: ${sentenceOf(error)}`;
  }
}

async function bringBack(context: ReconcileContext): Promise<void> {
  const { service, ports, state } = context;
  const { good, refused } = state.memory;
  const texts = good && (await disk.previousTexts(ports.host, service.folder, good.files, context.disk));
  if (!good || !texts) {
    const why = `${refused?.why ?? 'The configuration was refused'}; the previous configuration is not complete on disk`;
    return failAttempt(context, 'install_failed', why);
  }
  await disk.restore(ports.host, good.files, context.disk, texts);
  context.disk = good.files;
  context.health = null;
}

async function activateWanted(context: ReconcileContext): Promise<void> {
  const { service, ports, state, wanted, facts } = context;
  if (context.aim.kind === 'keep') return;
  const { files } = context.aim;
  const activation = service.activate(changesBetween(state.memory.loaded?.files ?? {}, files), facts);
  const unit = context.unitBefore ?? (await ports.host.units.state(service.unit));
  const isIll = state.recovery.failures > 0 && isUp(unit) && activation.kind !== 'none';
  const acted = isIll
    ? await forceRestart(ports, service, `${service.unit} did not answer before this change; ${activation.why}`)
    : await activate(ports, service, activation, unit);
  const loaded: Configuration = { generation: wanted.generation, digest: wanted.digest, files };
  state.memory = { ...state.memory, loaded };
  state.loadedDesired = { digest: wanted.digest, desired: wanted.desired };
  context.isForced = isIll;
  await touched(context, acted, 'change');
}

async function activatePrevious(context: ReconcileContext): Promise<void> {
  const { service, ports, state } = context;
  const { good, refused } = state.memory;
  const why = `the configuration of generation ${good?.generation} is back: ${refused?.why ?? 'the later one was refused'}`;
  const acted = await forceRestart(ports, service, why);
  state.memory = { ...state.memory, loaded: good };
  state.loadedDesired = null;
  await touched(context, { action: { kind: 'rollback', why }, problem: acted.problem }, 'change');
}

async function start(context: ReconcileContext): Promise<void> {
  const { service, ports, state } = context;
  const was = context.health?.detail ?? 'it was down';
  const acted = await act(ports, service, 'start', was);
  state.recovery = afterAction(state.recovery, ports.clock.monotonic(), ports.random, ports.timing);
  await touched(context, acted, 'health');
}

/** Once per nonce. The daemon's pid is stored before, so that a run that was killed knows whether the restart was done. */
async function operatorRestart(context: ReconcileContext): Promise<void> {
  const { service, ports, state, wanted } = context;
  const nonce = wanted.restart ?? '';
  const unit = await ports.host.units.state(service.unit);
  const noted = state.memory.restart?.nonce === nonce ? state.memory.restart : null;
  const isDone = noted !== null && isUp(unit) && unit.mainPid !== null && unit.mainPid !== noted.pidBefore;
  let acted: Acted = { action: null, problem: null };
  if (!isDone) {
    state.memory = { ...state.memory, restart: { nonce, pidBefore: unit.mainPid, isDone: false } };
    await saveMemory(context);
    acted = await act(ports, service, 'restart', 'requested by an operator');
  }
  state.memory = { ...state.memory, restart: { nonce, pidBefore: null, isDone: true } };
  await touched(context, acted, 'restart');
}

/** Notifies the service of one piece of news: a role of the node, or its certificate. */
async function notify(context: ReconcileContext): Promise<void> {
  const { service, ports, state, wanted } = context;
  const notification = nextNotification(wanted, state.memory);
  if (notification === null) return;
  const activation = activationOf(notification, service, state.memory);
  let acted: Acted = { action: null, problem: null };
  if (activation !== null && activation.kind !== 'none') {
    const unit = await ports.host.units.state(service.unit);
    // A daemon that is down sees the present node when it starts.
    if (isUp(unit)) acted = await notifyUnit(context, notification, activation, unit);
  }
  if (acted.problem === null) markNotified(context, notification);
  else context.hasNotificationFailed = true;
  if (acted.action !== null || acted.problem !== null) await touched(context, acted, triggerOf(notification));
}

/** The daemon's pid is stored before a restart, so that a run after a kill knows whether the restart was done. */
async function notifyUnit(
  context: ReconcileContext,
  notification: PendingNotification,
  activation: Activation,
  unit: UnitState,
): Promise<Acted> {
  const { service, ports, state } = context;
  if (activation.kind !== 'restart') return await activate(ports, service, activation, unit);
  const { kind, value } = notification;
  const { telling } = state.memory;
  const isNoted = telling?.kind === kind && telling.value === value;
  if (isNoted && unit.mainPid !== null && unit.mainPid !== telling.pidBefore)
    return { action: { kind: 'restart', why: activation.why }, problem: null };
  state.memory = { ...state.memory, telling: { kind, value, pidBefore: unit.mainPid } };
  await saveMemory(context);
  return await activate(ports, service, activation, unit);
}

async function probe(context: ReconcileContext): Promise<void> {
  const { service, ports } = context;
  const desired = await desiredInForce(context);
  const hasTime = context.isTouched || isOnProbationNow(context);
  context.health = hasTime
    ? await awaitHealth(ports, service, desired, ports.clock.monotonic() + ports.timing.settleMs)
    : await askHealth(ports, service, desired);
}

/** The desired part whose questions the running daemon must answer; undefined: unknown. */
export async function desiredInForce(run: ServiceRun): Promise<unknown> {
  const { service, ports, state } = run;
  const digest = state.memory.loaded?.digest;
  if (digest === undefined) return undefined;
  if (digest === run.wanted.digest) return run.wanted.desired;
  if (state.loadedDesired?.digest !== digest) {
    try {
      state.loadedDesired = await ports.memory.loadDesired(service.name);
    } catch (error) {
      ports.log.error('the desired state of a running configuration cannot be read', { error: sentenceOf(error) });
    }
  }
  return state.loadedDesired?.digest === digest ? state.loadedDesired.desired : undefined;
}

async function force(context: ReconcileContext): Promise<void> {
  const { service, ports } = context;
  const why = `not healthy after a change: ${context.health?.detail ?? 'no answer'}`;
  const acted = await forceRestart(ports, service, why);
  context.isForced = true;
  await touched(context, acted, 'change');
}

async function confirm(context: ReconcileContext): Promise<void> {
  const { service, ports, state, wanted } = context;
  const { loaded } = state.memory;
  try {
    await ports.memory.saveDesired(service.name, wanted.digest, wanted.desired);
  } catch (error) {
    // Without it a rollback has no questions, and systemd's answer must do.
    ports.log.error('the desired state of a healthy configuration cannot be saved', { error: sentenceOf(error) });
  }
  state.memory = { ...state.memory, good: loaded, refused: null };
  state.givenUp = null;
  await saveMemory(context);
}

async function rollBack(context: ReconcileContext): Promise<void> {
  const { state, wanted } = context;
  const { good, refused } = state.memory;
  if (!good || context.aim.kind !== 'wanted') return;
  const digest = filesDigest(context.aim.files);
  const isSecond = refused?.filesDigest === digest && refused.verdict === 'retrying';
  const why = `Generation ${wanted.generation} did not become healthy: ${context.health?.detail ?? 'no answer'}`;
  const verdict = isSecond ? 'guilty' : isTrialFair(context) ? 'open' : 'unclear';
  state.memory = { ...state.memory, refused: { filesDigest: digest, why, verdict } };
  // Durable before anything is taken back, so that a run after a kill continues the rollback.
  await saveMemory(context);
  context.aim = { kind: 'previous', files: good.files };
  context.health = null;
  context.isForced = false;
}

/**
 * Could the daemon have become healthy with any configuration? Not proven while its unit still starts, or if the unit
 * was not up before and the service not yet healthy since this process began: after a power cut Patroni waits for etcd,
 * and etcd for other hosts.
 */
function isTrialFair({ health, state, unitBefore }: ReconcileContext): boolean {
  const hasWorked = state.hasBeenHealthy || unitBefore?.active === 'active';
  return hasWorked && health?.unit?.active !== 'activating';
}

/** The run has acted on the daemon: store it, make it durable, ask again. */
async function touched(context: ReconcileContext, acted: Acted, trigger: Trigger): Promise<void> {
  setAction(context, acted.action, trigger);
  const isNew = acted.action !== null && ['start', 'restart', 'rollback'].includes(acted.action.kind);
  if (isNew && acted.problem === null) markRolesCurrent(context);
  context.isTouched = true;
  context.state.pid = null;
  context.health = acted.problem === null ? null : { isHealthy: false, detail: acted.problem };
  await saveMemory(context);
}
