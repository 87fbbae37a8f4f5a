import { AppError, sentenceOf } from '../core/errors.ts';
import type { UnitState } from '../core/host-values.ts';
import type { Activation } from '../services/kit/contract.ts';
import { activate, act, type Acted, forceRestart } from './activate.ts';
import { checkStaged } from './check.ts';
import { type Course, failAttempt, isCourseOnProbation } from './course.ts';
import * as disk from './disk.ts';
import { changesBetween, filesDigest, isSame, statesOf } from './files.ts';
import { askHealth, awaitHealth, isUp } from './health.ts';
import type { Step } from './plan.ts';
import { afterAction } from './recovery.ts';
import { type Run, saveMemory, setAction } from './state.ts';
import { activationOf, nextTiding, noteRolesTold, noteTold, type Tiding, triggerOf } from './tidings.ts';
import type { Configuration, Trigger } from './values.ts';

/** Does one step of the plan and notes in the course and in the memory what has become of it. */
export async function perform(step: Exclude<Step, 'settle'>, course: Course): Promise<void> {
  switch (step) {
    case 'install':
      return await install(course);
    case 'restore':
      return await bringBack(course);
    case 'activate':
      return course.aim.kind === 'previous' ? await activatePrevious(course) : await activateWanted(course);
    case 'start':
      return await start(course);
    case 'operator_restart':
      return await operatorRestart(course);
    case 'tell':
      return await tell(course);
    case 'probe':
      return await probe(course);
    case 'force':
      return await force(course);
    case 'confirm':
      return await confirm(course);
    case 'roll_back':
      return await rollBack(course);
  }
}

async function install(course: Course): Promise<void> {
  const { service, ports, state } = course;
  const files = course.files ?? [];
  const { folder } = service;
  const change = { folder, texts: course.texts, disk: course.disk, files, good: state.memory.good?.files ?? {} };
  let isMoving = false;
  try {
    await noteDrift(course);
    const { loaded, good } = state.memory;
    const ours = [statesOf(files), loaded?.files ?? {}, good?.files ?? {}];
    await disk.removeForeign(ports.host, course.texts, ...ours);
    const [staged] = await bothOf(disk.stage(ports.host, change), disk.keepPrevious(ports.host, change));
    // Asked beside the checks: a process less to wait for between install and activate.
    const [outcome, unit] = await bothOf(
      checkStaged(ports, service.check(staged)),
      ports.host.units.state(service.unit),
    );
    course.unitBefore = unit;
    if (outcome.kind !== 'passed') return failAttempt(course, outcome.kind, outcome.why);
    isMoving = true;
    await disk.installStaged(ports.host, change);
  } catch (error) {
    if (!isFileFault(error)) throw error;
    const left = isMoving ? await undoInstall(course) : '';
    return failAttempt(course, 'install_failed', `The files could not be installed: ${sentenceOf(error)}${left}`);
  }
  state.attempt = null;
  course.disk = statesOf(files);
  course.health = null;
}

/** Two works at once; a fault of one waits for the end of the other, so that nothing goes on behind the next step. */
async function bothOf<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [one, two] = await Promise.allSettled([first, second]);
  if (one.status === 'rejected') throw one.reason;
  if (two.status === 'rejected') throw two.reason;
  return [one.value, two.value];
}

/** Files that changed under a running daemon may have been read by it: it must take ours again. */
async function noteDrift(course: Course): Promise<void> {
  const { state, aim } = course;
  const { loaded } = state.memory;
  if (aim.kind !== 'wanted' || !loaded || !isSame(loaded.files, aim.files)) return;
  const drifted = changesBetween(course.disk, aim.files).map(({ target }) => target);
  if (drifted.length > 0) {
    course.ports.log.warn('files were changed by somebody else: ours are put back', {
      paths: drifted.slice(0, 5).join(' '),
    });
    course.ports.onDrift?.(course.service.name, drifted);
  }
  const ours = Object.entries(course.disk).filter(([path]) => Object.hasOwn(aim.files, path));
  state.memory = { ...state.memory, loaded: { ...loaded, files: Object.fromEntries(ours) } };
  await saveMemory(course);
}

/** A fault of the files themselves; one of the way to them (the helper is gone) ends the run instead. */
function isFileFault(error: unknown): boolean {
  return error instanceof AppError && ['no_space', 'denied', 'io'].includes(error.code);
}

/** Some files were moved and others were not: brings the last healthy ones back; else says what is left. */
async function undoInstall(course: Course): Promise<string> {
  const { service, ports, state } = course;
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

async function bringBack(course: Course): Promise<void> {
  const { service, ports, state } = course;
  const { good, refused } = state.memory;
  const texts = good && (await disk.previousTexts(ports.host, service.folder, good.files, course.disk));
  if (!good || !texts) {
    const why = `${refused?.why ?? 'The configuration was refused'}; its predecessor is not complete on disk`;
    return failAttempt(course, 'install_failed', why);
  }
  await disk.restore(ports.host, good.files, course.disk, texts);
  course.disk = good.files;
  course.health = null;
}

async function activateWanted(course: Course): Promise<void> {
  const { service, ports, state, wanted, facts } = course;
  if (course.aim.kind === 'keep') return;
  const { files } = course.aim;
  const activation = service.activate(changesBetween(state.memory.loaded?.files ?? {}, files), facts);
  const unit = course.unitBefore ?? (await ports.host.units.state(service.unit));
  const isIll = state.recovery.failures > 0 && isUp(unit) && activation.kind !== 'none';
  const acted = isIll
    ? await forceRestart(ports, service, `${service.unit} did not answer before this change; ${activation.why}`)
    : await activate(ports, service, activation, unit);
  const loaded: Configuration = { generation: wanted.generation, digest: wanted.digest, files };
  state.memory = { ...state.memory, loaded };
  state.loadedDesired = { digest: wanted.digest, desired: wanted.desired };
  course.isForced = isIll;
  await touched(course, acted, 'change');
}

async function activatePrevious(course: Course): Promise<void> {
  const { service, ports, state } = course;
  const { good, refused } = state.memory;
  const why = `the configuration of generation ${good?.generation} is back: ${refused?.why ?? 'the later one was refused'}`;
  const acted = await forceRestart(ports, service, why);
  state.memory = { ...state.memory, loaded: good };
  state.loadedDesired = null;
  await touched(course, { action: { kind: 'rollback', why }, problem: acted.problem }, 'change');
}

async function start(course: Course): Promise<void> {
  const { service, ports, state } = course;
  const was = course.health?.detail ?? 'it was down';
  const acted = await act(ports, service, 'start', was);
  state.recovery = afterAction(state.recovery, ports.clock.monotonic(), ports.random, ports.timing);
  await touched(course, acted, 'health');
}

/** Once per nonce: the daemon's pid is noted before, so that a run that was killed knows whether it was done. */
async function operatorRestart(course: Course): Promise<void> {
  const { service, ports, state, wanted } = course;
  const nonce = wanted.restart ?? '';
  const unit = await ports.host.units.state(service.unit);
  const noted = state.memory.restart?.nonce === nonce ? state.memory.restart : null;
  const isDone = noted !== null && isUp(unit) && unit.mainPid !== null && unit.mainPid !== noted.pidBefore;
  let acted: Acted = { action: null, problem: null };
  if (!isDone) {
    state.memory = { ...state.memory, restart: { nonce, pidBefore: unit.mainPid, isDone: false } };
    await saveMemory(course);
    acted = await act(ports, service, 'restart', 'an operator asked for it');
  }
  state.memory = { ...state.memory, restart: { nonce, pidBefore: null, isDone: true } };
  await touched(course, acted, 'restart');
}

/** Tells the service one thing that is new: a role of the node, or its certificate. */
async function tell(course: Course): Promise<void> {
  const { service, ports, state, wanted } = course;
  const tiding = nextTiding(wanted, state.memory);
  if (tiding === null) return;
  const activation = activationOf(tiding, service, state.memory);
  let acted: Acted = { action: null, problem: null };
  if (activation !== null && activation.kind !== 'none') {
    const unit = await ports.host.units.state(service.unit);
    // A daemon that is down sees the node as it is when it starts.
    if (isUp(unit)) acted = await tellUnit(course, tiding, activation, unit);
  }
  if (acted.problem === null) noteTold(course, tiding);
  else course.isTellingStuck = true;
  if (acted.action !== null || acted.problem !== null) await touched(course, acted, triggerOf(tiding));
}

/** A restart is noted with the daemon's pid before it is done: a run that follows a kill knows whether it was. */
async function tellUnit(course: Course, tiding: Tiding, activation: Activation, unit: UnitState): Promise<Acted> {
  const { service, ports, state } = course;
  if (activation.kind !== 'restart') return await activate(ports, service, activation, unit);
  const { kind, value } = tiding;
  const { telling } = state.memory;
  const isNoted = telling?.kind === kind && telling.value === value;
  if (isNoted && unit.mainPid !== null && unit.mainPid !== telling.pidBefore) {
    return { action: { kind: 'restart', why: activation.why }, problem: null };
  }
  state.memory = { ...state.memory, telling: { kind, value, pidBefore: unit.mainPid } };
  await saveMemory(course);
  return await activate(ports, service, activation, unit);
}

async function probe(course: Course): Promise<void> {
  const { service, ports } = course;
  const desired = await desiredInForce(course);
  const hasTime = course.isTouched || isCourseOnProbation(course);
  course.health = hasTime
    ? await awaitHealth(ports, service, desired, ports.clock.monotonic() + ports.timing.settleMs)
    : await askHealth(ports, service, desired);
}

/** The desired part whose questions the running daemon must answer; undefined when it is not known any more. */
export async function desiredInForce(run: Run): Promise<unknown> {
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

async function force(course: Course): Promise<void> {
  const { service, ports } = course;
  const why = `not healthy after a change: ${course.health?.detail ?? 'no answer'}`;
  const acted = await forceRestart(ports, service, why);
  course.isForced = true;
  await touched(course, acted, 'change');
}

async function confirm(course: Course): Promise<void> {
  const { service, ports, state, wanted } = course;
  const { loaded } = state.memory;
  try {
    await ports.memory.saveDesired(service.name, wanted.digest, wanted.desired);
  } catch (error) {
    // Without it a rollback has no questions to ask, and systemd's word must do.
    ports.log.error('the desired state of a healthy configuration cannot be saved', { error: sentenceOf(error) });
  }
  state.memory = { ...state.memory, good: loaded, refused: null };
  state.givenUp = null;
  await saveMemory(course);
}

async function rollBack(course: Course): Promise<void> {
  const { state, wanted } = course;
  const { good, refused } = state.memory;
  if (!good || course.aim.kind !== 'wanted') return;
  const digest = filesDigest(course.aim.files);
  const isSecond = refused?.filesDigest === digest && refused.verdict === 'retrying';
  const why = `Generation ${wanted.generation} did not become healthy: ${course.health?.detail ?? 'no answer'}`;
  state.memory = { ...state.memory, refused: { filesDigest: digest, why, verdict: isSecond ? 'guilty' : 'open' } };
  // Durable before anything is taken back: a run that follows a kill goes on taking it back.
  await saveMemory(course);
  course.aim = { kind: 'previous', files: good.files };
  course.health = null;
  course.isForced = false;
}

/** Something was done to the daemon: note it, make it durable, ask anew. */
async function touched(course: Course, acted: Acted, trigger: Trigger): Promise<void> {
  setAction(course, acted.action, trigger);
  const isNew = acted.action !== null && ['start', 'restart', 'rollback'].includes(acted.action.kind);
  if (isNew && acted.problem === null) noteRolesTold(course);
  course.isTouched = true;
  course.state.pid = null;
  course.health = acted.problem === null ? null : { isHealthy: false, detail: acted.problem };
  await saveMemory(course);
}
