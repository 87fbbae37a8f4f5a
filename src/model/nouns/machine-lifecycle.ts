import { type Rejected, rejected } from '../../core/errors.ts';
import { failedState, isPassing, MACHINE_STATES, type MachineState, type PassingState } from './machine-states.ts';

/** What operators ask for, by the verbs of the command line. */
export const MACHINE_VERBS = {
  commission: 'commission',
  test: 'test',
  abort: 'abort',
  'mark-broken': 'mark-broken',
  'mark-fixed': 'mark-fixed',
  lock: 'lock',
  unlock: 'unlock',
  rescue: 'enter-rescue',
  'exit-rescue': 'exit-rescue',
} as const;
export type MachineVerb = keyof typeof MACHINE_VERBS;
type Request = (typeof MACHINE_VERBS)[MachineVerb];

/** What operators cannot ask for yet. */
const LATER = ['allocate', 'deploy', 'release'] as const;

/** What is seen of machines. `boot-lost`: the rack that it booted from is dead, and another one serves. `power-by-hand`: nothing switches it, so a person must. `rescue-up`: the rescue system tells that it runs. */
const REPORTS = [
  'enlist',
  'boot-seen',
  'boot-lost',
  'inventory-posted',
  'scripts-passed',
  'scripts-failed',
  'rescue-up',
  'power-done',
  'power-by-hand',
  'power-failed',
  'deadline-passed',
] as const;
type Report = (typeof REPORTS)[number];

const REQUESTS: readonly Request[] = Object.values(MACHINE_VERBS);
export type MachineEvent = Request | (typeof LATER)[number] | Report;
export const MACHINE_EVENTS: readonly MachineEvent[] = [...REQUESTS, ...LATER, ...REPORTS];

/** What a transition brings with it. */
export type Effect =
  /** A job switches the machine. */
  | { readonly kind: 'power'; readonly verb: 'cycle' | 'off'; readonly boot?: 'pxe' | 'disk' }
  /** The state ends by then at the latest; or has no end of its own. */
  | { readonly kind: 'deadline'; readonly isSet: boolean }
  | { readonly kind: 'own'; readonly by: 'caller' | 'nobody' }
  | { readonly kind: 'lock'; readonly isLocked: boolean }
  /** Where it goes back to after this. */
  | { readonly kind: 'remember'; readonly state: MachineState }
  /** When it was. `begun`: nothing of it has been yet; `anew`: nor is its hardware known any more. */
  | { readonly kind: 'note'; readonly what: 'begun' | 'anew' | 'powered' | 'booted' | 'inventory' | 'commissioned' };

export interface Transition {
  readonly to: MachineState;
  readonly effects: readonly Effect[];
}

/** What a transition depends on beside state and event. `name`: for sentences. `before`: what was remembered. */
export interface Standing {
  readonly name: string;
  readonly before: MachineState | null;
  readonly isCommissioned: boolean;
  readonly isLocked: boolean;
}

type Row = (state: MachineState, at: Standing) => Transition;
type Rows = Partial<Record<MachineEvent, Row>>;

const OFF: Effect = { kind: 'power', verb: 'off' };
const NOBODY: Effect = { kind: 'own', by: 'nobody' };
const BOOTED: Effect = { kind: 'note', what: 'booted' };
const NOT_LOCKED: Effect = { kind: 'lock', isLocked: false };

const stay: Row = (state) => ({ to: state, effects: [] });
const noting =
  (...effects: readonly Effect[]): Row =>
  (state) => ({ to: state, effects });
const go =
  (to: MachineState, ...effects: readonly Effect[]): Row =>
  () => ({ to, effects });
const fail: Row = (state) => ({ to: isPassing(state) ? failedState(state) : state, effects: [] });

/** It boots from the network, and is waited for. */
function begin(to: MachineState, ...effects: readonly Effect[]): Row {
  const boots: Effect[] = [
    { kind: 'note', what: to === 'commissioning' ? 'anew' : 'begun' },
    { kind: 'power', verb: 'cycle', boot: 'pxe' },
  ];
  return (state, at) => ({
    to,
    effects: [...effects, ...(to === 'commissioning' ? [] : [remembering(state, at)]), ...boots],
  });
}

/** A way that goes on, or begins anew, ends where the first one began. */
function remembering(state: MachineState, { before }: Standing): Effect {
  const isOnTheWay = state === 'failed-testing' || state === 'testing' || state.includes('rescue-mode');
  return { kind: 'remember', state: isOnTheWay ? (before ?? 'ready') : state };
}

/** Back where it was: a deployed machine runs its own system again. */
const back: Row = (_state, { before }) => {
  const effect: Effect = before === 'deployed' ? { kind: 'power', verb: 'cycle', boot: 'disk' } : OFF;
  return { to: before ?? 'ready', effects: [effect] };
};

const exit: Row = (state, at) => {
  const { effects } = back(state, at);
  return { to: 'exiting-rescue-mode', effects: [{ kind: 'note', what: 'begun' }, ...effects] };
};

const arrive: Row = (_state, { before }) => ({ to: before ?? 'ready', effects: [] });

const OWNED: readonly MachineState[] = ['deployed', 'allocated', 'reserved'];

/** What was broken is what it was before; what was on its way begins anew. */
const repair: Row = (_state, { before, isCommissioned }) => {
  if (before !== null && OWNED.includes(before)) return { to: before, effects: [] };
  if (before === 'deploying' || before === 'failed-deployment') return { to: 'allocated', effects: [] };
  return { to: isCommissioned ? 'ready' : 'new', effects: [NOBODY] };
};

const spoil: Row = (state, at) => ({
  to: 'broken',
  effects: [remembering(state, at), ...(state === 'commissioning' ? [NOBODY] : [])],
});

const LOCKS: Rows = { lock: noting({ kind: 'lock', isLocked: true }), unlock: noting(NOT_LOCKED) };
const COMMISSION: Rows = { commission: begin('commissioning', { kind: 'own', by: 'caller' }) };
const TEST: Rows = { test: begin('testing') };
const RESCUE: Rows = { 'enter-rescue': begin('entering-rescue-mode') };
const EXIT: Rows = { 'exit-rescue': exit };
const SPOIL: Rows = { 'mark-broken': spoil };
/** While nothing is waited for, a switch that was asked for before may still be told of, and a machine may be switched on by anybody. */
const AT_REST: Rows = { 'boot-seen': stay, 'power-done': stay, 'power-by-hand': stay, 'power-failed': stay };
/** It boots from the network anew. Nothing of what it did before counts. */
const BOOTS: Rows = {
  'boot-lost': noting({ kind: 'note', what: 'begun' }, { kind: 'power', verb: 'cycle', boot: 'pxe' }),
};
const ON_THE_WAY: Rows = {
  'boot-seen': noting(BOOTED),
  'power-done': noting({ kind: 'note', what: 'powered' }),
  'power-by-hand': stay,
  'power-failed': fail,
  'deadline-passed': fail,
};

/** What is possible in each state. A state of deployments has no rows of its own yet. */
const TABLE: Readonly<Record<MachineState, Rows>> = {
  new: { ...LOCKS, ...COMMISSION, ...SPOIL, ...AT_REST },
  commissioning: {
    ...LOCKS,
    ...SPOIL,
    ...ON_THE_WAY,
    ...BOOTS,
    abort: go('new', NOBODY, OFF),
    'inventory-posted': noting({ kind: 'note', what: 'inventory' }),
    'scripts-passed': go('ready', { kind: 'note', what: 'commissioned' }, NOBODY, OFF),
    'scripts-failed': fail,
  },
  'failed-commissioning': { ...LOCKS, ...COMMISSION, ...TEST, ...RESCUE, ...SPOIL, ...AT_REST },
  ready: { ...LOCKS, ...COMMISSION, ...TEST, ...RESCUE, ...SPOIL, ...AT_REST },
  testing: {
    ...LOCKS,
    ...SPOIL,
    ...ON_THE_WAY,
    ...BOOTS,
    abort: back,
    'inventory-posted': noting({ kind: 'note', what: 'inventory' }),
    'scripts-passed': back,
    'scripts-failed': fail,
  },
  'failed-testing': { ...LOCKS, ...COMMISSION, ...TEST, ...RESCUE, ...SPOIL, ...AT_REST },
  broken: { ...LOCKS, ...COMMISSION, ...TEST, ...RESCUE, ...AT_REST, 'mark-fixed': repair },
  'entering-rescue-mode': { ...LOCKS, ...EXIT, ...ON_THE_WAY, ...BOOTS, 'rescue-up': go('rescue-mode') },
  'failed-entering-rescue-mode': { ...LOCKS, ...RESCUE, ...EXIT, ...SPOIL, ...AT_REST },
  'rescue-mode': { ...LOCKS, ...EXIT, ...AT_REST },
  'exiting-rescue-mode': { ...LOCKS, ...ON_THE_WAY, 'power-done': arrive, 'power-by-hand': arrive },
  'failed-exiting-rescue-mode': { ...LOCKS, ...RESCUE, ...EXIT, ...SPOIL, ...AT_REST },
  missing: { ...LOCKS, ...COMMISSION, ...AT_REST, enlist: go('new'), 'boot-seen': go('new') },
  reserved: { ...LOCKS, ...SPOIL, ...TEST, ...AT_REST },
  retired: { ...LOCKS, ...AT_REST },
  allocated: { ...LOCKS, ...SPOIL, ...TEST, ...RESCUE, ...AT_REST },
  deploying: { ...LOCKS, ...SPOIL, ...ON_THE_WAY },
  deployed: { ...LOCKS, ...SPOIL, ...TEST, ...RESCUE, ...AT_REST },
  'failed-deployment': { ...LOCKS, ...SPOIL, ...TEST, ...RESCUE, ...AT_REST },
  releasing: { ...LOCKS, ...SPOIL, ...ON_THE_WAY },
  'failed-releasing': { ...LOCKS, ...SPOIL, ...TEST, ...AT_REST },
  'disk-erasing': { ...LOCKS, ...SPOIL, ...ON_THE_WAY },
  'failed-disk-erasing': { ...LOCKS, ...SPOIL, ...TEST, ...AT_REST },
};

/**
 * What an event makes of a machine: its next state and what comes with it, or why it is not possible. `state` null: nobody has heard of the machine. A
 * state that is on its way has a deadline. Pure.
 */
export function transition(state: MachineState | null, event: MachineEvent, at: Standing): Transition | Rejected {
  if (state === null)
    return event === 'enlist' ? { to: 'new', effects: [] } : rejected('not_found', `There is no machine ${at.name}.`);
  if (LATER.some((later) => later === event))
    return rejected('conflict', `This release of Regent cannot ${event} machines: ${at.name} stays ${state}.`);
  const isRequest = REQUESTS.some((request) => request === event);
  if (at.isLocked && isRequest && event !== 'lock' && event !== 'unlock')
    return rejected(
      'conflict',
      `${at.name} is locked, and stays ${state}. Rule: no ${verbOf(event)} before regent machine unlock ${at.name}.`,
    );
  const row = TABLE[state][event];
  if (row === undefined) return rejected('conflict', refusalOf(state, event, at));
  const { to, effects } = row(state, at);
  if (to === state) return { to, effects };
  return { to, effects: [...effects, { kind: 'deadline', isSet: isPassing(to) }] };
}

/** What an operator may ask for in this state, by the verbs of the command line. Pure. */
export function verbsIn(state: MachineState, { isLocked }: Pick<Standing, 'isLocked'>): readonly MachineVerb[] {
  return verbs().filter((verb) => {
    if (verb === 'lock') return !isLocked;
    if (verb === 'unlock') return isLocked;
    return !isLocked && TABLE[state][MACHINE_VERBS[verb]] !== undefined;
  });
}

function refusalOf(state: MachineState, event: MachineEvent, at: Standing): string {
  const rule = MACHINE_STATES.filter((one) => TABLE[one][event] !== undefined);
  const verb = verbOf(event);
  const possible = verbsIn(state, at).join(', ');
  const where = rule.length === 0 ? 'never' : `when it is ${rule.join(', ')}`;
  return `${verb} does not fit: ${at.name} is ${state}. Rule: ${verb} ${where}. Possible now: ${possible}.`;
}

function verbs(): readonly MachineVerb[] {
  return Object.keys(MACHINE_VERBS) as MachineVerb[];
}

function verbOf(event: MachineEvent): string {
  return verbs().find((verb) => MACHINE_VERBS[verb] === event) ?? event;
}

/** What was seen of a machine on its way. Times as they are shown; null: not. `hasSwitch`: a BMC switches it. */
export interface WaySeen {
  readonly powered: string | null;
  readonly booted: string | null;
  readonly inventory: string | null;
  readonly hasSwitch: boolean;
}

const WAITED_FOR: Readonly<Record<PassingState, string>> = {
  commissioning: 'its inventory and the end of its scripts',
  testing: 'the end of its tests',
  'entering-rescue-mode': 'its rescue system',
  'exiting-rescue-mode': 'the answer of its BMC',
  deploying: 'the end of its installation',
  releasing: 'its release',
  'disk-erasing': 'the end of the erasure',
};

/** What a machine on its way waits for; empty for one at rest. Pure. */
export function waitingFor(state: MachineState): string {
  return isPassing(state) ? WAITED_FOR[state] : '';
}

/** Says of a machine whose deadline has passed what was seen, what was not, and what to look at first. Pure. */
export function lateSentence(state: MachineState, minutes: number, seen: WaySeen): string {
  const late = `${waitingFor(state)} did not come within ${minutes} minutes.`;
  return `${late.charAt(0).toUpperCase()}${late.slice(1)} ${firstGap(state, seen)}`;
}

function firstGap(state: MachineState, { powered, booted, inventory, hasSwitch }: WaySeen): string {
  if (state === 'exiting-rescue-mode') return 'Look at its BMC: regent machine power query.';
  const on = powered === null ? '' : `It was switched on at ${powered}. `;
  if (hasSwitch && powered === null) return 'Its BMC did not tell that it was switched on. See: regent job list.';
  if (booted === null && inventory === null) {
    const hand = hasSwitch ? '' : 'No BMC switches it: a person must switch it on. ';
    return `${on}${hand}No boot of it from the network was seen. Look at its boot order, cable, VLAN and DHCP.`;
  }
  if (inventory === null && state === 'commissioning')
    return `${on}It asked for its boot script at ${booted ?? ''}, and posted no inventory. Look at its console, image and metadata.`;
  return `${on}Its inventory came at ${inventory ?? 'no time'}, and its scripts did not end. Look at its console.`;
}
