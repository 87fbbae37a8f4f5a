import { type Rejected, rejected } from '../../core/errors.ts';
import type { MachineEvent, MachineState, MachineVerb } from './machine-states.ts';
import { ERASE, failedState, isPassing, MACHINE_STATES, MACHINE_VERBS, REQUESTS } from './machine-states.ts';

/** What a transition brings with it. */
export type Effect =
  /** A job switches the machine. */
  | { readonly kind: 'power'; readonly verb: 'cycle' | 'off'; readonly boot?: 'pxe' | 'disk' }
  /** The state ends by then at the latest; or has no end of its own. */
  | { readonly kind: 'deadline'; readonly isSet: boolean }
  | { readonly kind: 'own'; readonly by: 'caller' | 'nobody' }
  /** What a deployment gave it goes: addresses, and with them their names. */
  | { readonly kind: 'free' }
  | { readonly kind: 'lock'; readonly isLocked: boolean }
  /** Where it goes back to after this. */
  | { readonly kind: 'remember'; readonly state: MachineState }
  /** When it was. `started`: forget the events of the last run; `recommissioned`: also that its hardware is known. */
  | {
      readonly kind: 'note';
      readonly what: 'started' | 'recommissioned' | 'powered' | 'booted' | 'inventory' | 'installed' | 'commissioned';
    };

export type Transition = { readonly to: MachineState; readonly effects: readonly Effect[] };

/** What a transition depends on beside state and event. `name`: for sentences. `before`: what was remembered. */
export interface LifecycleContext {
  readonly name: string;
  readonly before: MachineState | null;
  readonly isCommissioned: boolean;
  readonly isLocked: boolean;
}

/** Null: not possible as it stands. */
type TransitionRule = (state: MachineState, at: LifecycleContext) => Transition | null;
type TransitionRules = Partial<Record<MachineEvent, TransitionRule>>;

const OFF: Effect = { kind: 'power', verb: 'off' };
const NOBODY: Effect = { kind: 'own', by: 'nobody' };
const BOOTED: Effect = { kind: 'note', what: 'booted' };
const NOT_LOCKED: Effect = { kind: 'lock', isLocked: false };

const stay: TransitionRule = (state) => ({ to: state, effects: [] });
const noting =
  (...effects: readonly Effect[]): TransitionRule =>
  (state) => ({ to: state, effects });
const go =
  (to: MachineState, ...effects: readonly Effect[]): TransitionRule =>
  () => ({ to, effects });
const fail: TransitionRule = (state) => ({ to: isPassing(state) ? failedState(state) : state, effects: [] });

/** It boots from the network, and is waited for. */
function begin(to: MachineState, ...effects: readonly Effect[]): TransitionRule {
  const boots: Effect[] = [
    { kind: 'note', what: to === 'commissioning' ? 'recommissioned' : 'started' },
    { kind: 'power', verb: 'cycle', boot: 'pxe' },
  ];
  return (state, at) => ({
    to,
    effects: [...effects, ...(to === 'commissioning' ? [] : [remembering(state, at)]), ...boots],
  });
}

/** A run that continues or starts again ends in the state before the first one. */
function remembering(state: MachineState, { before }: LifecycleContext): Effect {
  const isInterim = state === 'failed-testing' || state === 'testing' || state.includes('rescue-mode');
  return { kind: 'remember', state: isInterim ? (before ?? 'ready') : state };
}

/** Back where it was: a deployed machine runs its own system again. */
const back = (_state: MachineState, { before }: LifecycleContext): Transition => {
  const effect: Effect = before === 'deployed' ? { kind: 'power', verb: 'cycle', boot: 'disk' } : OFF;
  return { to: before ?? 'ready', effects: [effect] };
};

const exit: TransitionRule = (state, at) => {
  const { effects } = back(state, at);
  return { to: 'exiting-rescue-mode', effects: [{ kind: 'note', what: 'started' }, ...effects] };
};

const arrive: TransitionRule = (_state, { before }) => ({ to: before ?? 'ready', effects: [] });

const OWNED: readonly MachineState[] = ['deployed', 'allocated', 'reserved'];
/** Its disks still have what somebody wrote on them: no repair makes it ready. */
const UNCLEAN: Partial<Readonly<Record<MachineState, MachineState>>> = {
  'disk-erasing': 'failed-disk-erasing',
  'failed-disk-erasing': 'failed-disk-erasing',
  releasing: 'failed-releasing',
  'failed-releasing': 'failed-releasing',
};

/** A repaired machine is what it was before; a run that was interrupted starts again. */
const repair: TransitionRule = (_state, { before, isCommissioned }) => {
  if (before !== null && OWNED.includes(before)) return { to: before, effects: [] };
  const unclean = before === null ? undefined : UNCLEAN[before];
  if (unclean !== undefined) return { to: unclean, effects: [] };
  if (before === 'deploying' || before === 'failed-deployment') return { to: 'allocated', effects: [] };
  return { to: isCommissioned ? 'ready' : 'new', effects: [NOBODY] };
};

const spoil: TransitionRule = (state, at) => ({
  to: 'broken',
  effects: [remembering(state, at), ...(state === 'commissioning' ? [NOBODY] : [])],
});

const LOCKS: TransitionRules = { lock: noting({ kind: 'lock', isLocked: true }), unlock: noting(NOT_LOCKED) };
const OWNS: Effect = { kind: 'own', by: 'caller' };
const commission = begin('commissioning', OWNS);
const COMMISSION: TransitionRules = { commission };
/** Somebody has it, or his data is still on it: it does not become ready by what knows nothing of that. */
const isHeld = ({ before }: LifecycleContext): boolean =>
  before !== null &&
  (OWNED.includes(before) || before === 'deploying' || before === 'failed-deployment' || before in UNCLEAN);
const unlessHeld =
  (row: TransitionRule): TransitionRule =>
  (state, at) =>
    isHeld(at) ? null : row(state, at);
const test = begin('testing');
const TEST: TransitionRules = { test };
const rescue = begin('entering-rescue-mode');
const RESCUE: TransitionRules = { 'enter-rescue': rescue };
const EXIT: TransitionRules = { 'exit-rescue': exit };
const SPOIL: TransitionRules = { 'mark-broken': spoil };
const FREE: Effect = { kind: 'free' };
const ALLOCATE: TransitionRules = { allocate: go('allocated', OWNS) };
const DEPLOY: TransitionRules = { deploy: begin('deploying') };
/** It belongs to who has it until its end: a failed release is the owner's to check. */
const RELEASE: TransitionRules = { release: go('releasing', { kind: 'note', what: 'started' }, FREE, OFF) };
const ERASES: TransitionRules = { erase: begin('disk-erasing', FREE) };
const released: TransitionRule = () => ({ to: 'ready', effects: [NOBODY] });
/** While nothing is waited for, the report of an earlier switch may still come, and anybody may switch a machine on. */
const AT_REST: TransitionRules = { 'boot-seen': stay, 'power-done': stay, 'power-by-hand': stay, 'power-failed': stay };
/** It boots from the network again. Nothing of what it did before counts. */
const BOOTS: TransitionRules = {
  'boot-lost': noting({ kind: 'note', what: 'started' }, { kind: 'power', verb: 'cycle', boot: 'pxe' }),
};
const PASSING: TransitionRules = {
  'boot-seen': noting(BOOTED),
  'power-done': noting({ kind: 'note', what: 'powered' }),
  'power-by-hand': stay,
  'power-failed': fail,
  'deadline-passed': fail,
};

/** What is possible in each state. */
const TABLE: Readonly<Record<MachineState, TransitionRules>> = {
  new: { ...LOCKS, ...COMMISSION, ...SPOIL, ...AT_REST },
  commissioning: {
    ...LOCKS,
    ...SPOIL,
    ...PASSING,
    ...BOOTS,
    abort: go('new', NOBODY, OFF),
    'inventory-posted': noting({ kind: 'note', what: 'inventory' }),
    'scripts-passed': go('ready', { kind: 'note', what: 'commissioned' }, NOBODY, OFF),
    'scripts-failed': fail,
  },
  'failed-commissioning': { ...LOCKS, ...COMMISSION, ...TEST, ...RESCUE, ...SPOIL, ...AT_REST },
  ready: {
    ...LOCKS,
    ...COMMISSION,
    ...TEST,
    ...RESCUE,
    ...SPOIL,
    ...ALLOCATE,
    deploy: begin('deploying', OWNS),
    ...AT_REST,
  },
  testing: {
    ...LOCKS,
    ...SPOIL,
    ...PASSING,
    ...BOOTS,
    abort: back,
    'inventory-posted': noting({ kind: 'note', what: 'inventory' }),
    'scripts-passed': back,
    'scripts-failed': fail,
  },
  'failed-testing': { ...LOCKS, commission: unlessHeld(commission), ...TEST, ...RESCUE, ...SPOIL, ...AT_REST },
  // What it was before has one place, which a test or a rescue takes.
  broken: {
    ...LOCKS,
    commission: unlessHeld(commission),
    test: unlessHeld(test),
    'enter-rescue': unlessHeld(rescue),
    ...AT_REST,
    'mark-fixed': repair,
  },
  'entering-rescue-mode': { ...LOCKS, ...EXIT, ...PASSING, ...BOOTS, 'rescue-up': go('rescue-mode') },
  'failed-entering-rescue-mode': { ...LOCKS, ...RESCUE, ...EXIT, ...SPOIL, ...AT_REST },
  'rescue-mode': { ...LOCKS, ...EXIT, ...AT_REST },
  'exiting-rescue-mode': { ...LOCKS, ...PASSING, 'power-done': arrive, 'power-by-hand': arrive },
  'failed-exiting-rescue-mode': { ...LOCKS, ...RESCUE, ...EXIT, ...SPOIL, ...AT_REST },
  missing: { ...LOCKS, ...COMMISSION, ...AT_REST, enlist: go('new'), 'boot-seen': go('new') },
  reserved: { ...LOCKS, ...SPOIL, ...TEST, ...RELEASE, ...AT_REST },
  retired: { ...LOCKS, ...AT_REST },
  allocated: { ...LOCKS, ...SPOIL, ...TEST, ...RESCUE, ...DEPLOY, ...RELEASE, ...ERASES, ...AT_REST },
  deploying: {
    ...LOCKS,
    ...SPOIL,
    ...PASSING,
    ...BOOTS,
    ...RELEASE,
    ...ERASES,
    abort: go('allocated', OFF),
    'inventory-posted': noting({ kind: 'note', what: 'inventory' }),
    installed: noting({ kind: 'note', what: 'installed' }),
    deployed: go('deployed'),
    'scripts-failed': fail,
  },
  deployed: { ...LOCKS, ...SPOIL, ...TEST, ...RESCUE, ...RELEASE, ...ERASES, ...AT_REST },
  'failed-deployment': { ...LOCKS, ...SPOIL, ...TEST, ...RESCUE, ...DEPLOY, ...RELEASE, ...ERASES, ...AT_REST },
  releasing: { ...LOCKS, ...SPOIL, ...PASSING, 'power-done': released, 'power-by-hand': released },
  'failed-releasing': { ...LOCKS, ...SPOIL, ...TEST, ...RELEASE, ...ERASES, ...AT_REST },
  'disk-erasing': {
    ...LOCKS,
    ...SPOIL,
    ...PASSING,
    ...BOOTS,
    abort: go('failed-disk-erasing', OFF),
    'inventory-posted': noting({ kind: 'note', what: 'inventory' }),
    'scripts-passed': go('ready', NOBODY, FREE, OFF),
    'scripts-failed': fail,
  },
  'failed-disk-erasing': { ...LOCKS, ...SPOIL, ...TEST, ...ERASES, ...AT_REST },
};

/**
 * What an event makes of a machine: its next state and what comes with it, or why it is not possible. `state` null: the machine is not known. A
 * passing state has a deadline. Pure.
 */
export function transition(
  state: MachineState | null,
  event: MachineEvent,
  at: LifecycleContext,
): Transition | Rejected {
  if (state === null)
    return event === 'enlist' ? { to: 'new', effects: [] } : rejected('not_found', `There is no machine ${at.name}.`);
  const isRequest = REQUESTS.some((request) => request === event);
  if (at.isLocked && isRequest && event !== 'lock' && event !== 'unlock')
    return rejected(
      'conflict',
      `${at.name} is locked and stays ${state}. Rule: no ${verbOf(event)} before regent machine unlock ${at.name}.`,
    );
  const found = TABLE[state][event]?.(state, at) ?? null;
  if (found === null) return rejected('conflict', refusalOf(state, event, at));
  const { to, effects } = found;
  if (to === state) return { to, effects };
  return { to, effects: [...effects, { kind: 'deadline', isSet: isPassing(to) }] };
}

/** What an operator may ask for in this state, by the verbs of the command line. Pure. */
export function verbsIn(state: MachineState, at: LifecycleContext): readonly MachineVerb[] {
  return verbs().filter((verb) => {
    if (verb === 'lock') return !at.isLocked;
    if (verb === 'unlock') return at.isLocked;
    return !at.isLocked && isPossible(state, MACHINE_VERBS[verb], at);
  });
}

function isPossible(state: MachineState, event: MachineEvent, at: LifecycleContext): boolean {
  return (TABLE[state][event]?.(state, at) ?? null) !== null;
}

function refusalOf(state: MachineState, event: MachineEvent, at: LifecycleContext): string {
  const rule = MACHINE_STATES.filter((one) => TABLE[one][event] !== undefined);
  const verb = verbOf(event);
  const erases = !at.isLocked && isPossible(state, ERASE, at) ? [verbOf(ERASE)] : [];
  const possible = [...verbsIn(state, at), ...erases].join(', ');
  const where = rule.length === 0 ? 'never' : `when it is ${rule.join(', ')}`;
  const before = rule.includes(state) && at.before !== null ? `, and was ${at.before} before` : '';
  return `${verb} does not fit: ${at.name} is ${state}${before}. Rule: ${verb} ${where}. Possible now: ${possible}.`;
}

const verbs = (): readonly MachineVerb[] => Object.keys(MACHINE_VERBS) as MachineVerb[];

function verbOf(event: MachineEvent): string {
  if (event === ERASE) return 'release --erase';
  return verbs().find((verb) => MACHINE_VERBS[verb] === event) ?? event;
}
