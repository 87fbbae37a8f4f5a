/** A state's number and name in MAAS's API (`NODE_STATUS`), which its clients know. */
type MaasStatus = { readonly number: number; readonly label: string };

/** The states of a machine, by the names that filters of MAAS's API have, with hyphens. */
export const MACHINE_STATUS = {
  new: { number: 0, label: 'New' },
  commissioning: { number: 1, label: 'Commissioning' },
  'failed-commissioning': { number: 2, label: 'Failed commissioning' },
  missing: { number: 3, label: 'Missing' },
  ready: { number: 4, label: 'Ready' },
  reserved: { number: 5, label: 'Reserved' },
  deployed: { number: 6, label: 'Deployed' },
  retired: { number: 7, label: 'Retired' },
  broken: { number: 8, label: 'Broken' },
  deploying: { number: 9, label: 'Deploying' },
  allocated: { number: 10, label: 'Allocated' },
  'failed-deployment': { number: 11, label: 'Failed deployment' },
  releasing: { number: 12, label: 'Releasing' },
  'failed-releasing': { number: 13, label: 'Releasing failed' },
  'disk-erasing': { number: 14, label: 'Disk erasing' },
  'failed-disk-erasing': { number: 15, label: 'Failed disk erasing' },
  'rescue-mode': { number: 16, label: 'Rescue mode' },
  'entering-rescue-mode': { number: 17, label: 'Entering rescue mode' },
  'failed-entering-rescue-mode': { number: 18, label: 'Failed to enter rescue mode' },
  'exiting-rescue-mode': { number: 19, label: 'Exiting rescue mode' },
  'failed-exiting-rescue-mode': { number: 20, label: 'Failed to exit rescue mode' },
  testing: { number: 21, label: 'Testing' },
  'failed-testing': { number: 22, label: 'Failed testing' },
} as const satisfies Readonly<Record<string, MaasStatus>>;

export type MachineState = keyof typeof MACHINE_STATUS;
export const MACHINE_STATES = Object.keys(MACHINE_STATUS) as readonly MachineState[];

/** Passing states: each has a deadline, and the state that follows when the deadline passes. */
const FAILED = {
  commissioning: 'failed-commissioning',
  deploying: 'failed-deployment',
  releasing: 'failed-releasing',
  'disk-erasing': 'failed-disk-erasing',
  'entering-rescue-mode': 'failed-entering-rescue-mode',
  'exiting-rescue-mode': 'failed-exiting-rescue-mode',
  testing: 'failed-testing',
} as const satisfies Partial<Readonly<Record<MachineState, MachineState>>>;

export type PassingState = keyof typeof FAILED;

/** Does this state lead to another one by itself? */
export const isPassing = (state: MachineState): state is PassingState => Object.hasOwn(FAILED, state);

/** The state after a passing one that fails. */
export const failedState = (state: PassingState): MachineState => FAILED[state];

/** Does a machine in this state need an operator? Then it has an error text. */
export function isBad(state: MachineState): boolean {
  return state === 'broken' || state === 'missing' || state.startsWith('failed-');
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

/** What a machine in a passing state waits for; empty for one at rest. Pure. */
export const waitingFor = (state: MachineState): string => (isPassing(state) ? WAITED_FOR[state] : '');

/** Requests of operators, by the verbs of the command line. */
export const MACHINE_VERBS = {
  commission: 'commission',
  test: 'test',
  allocate: 'allocate',
  deploy: 'deploy',
  release: 'release',
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

/** Also requested by the verb `release`: with the disks erased. */
export const ERASE = 'erase';

/**
 * What is seen of machines. `boot-lost`: the rack that it booted from is dead, and another one serves. `power-by-hand`: nothing switches it, so a person must.
 * `rescue-up`: the rescue system reports that it runs. `installed`: its disks are written, and it boots from them next; `deployed`: its own system reports that it runs.
 */
const REPORTS = [
  'enlist',
  'boot-seen',
  'boot-lost',
  'inventory-posted',
  'scripts-passed',
  'scripts-failed',
  'rescue-up',
  'installed',
  'deployed',
  'power-done',
  'power-by-hand',
  'power-failed',
  'deadline-passed',
] as const;
type MachineReport = (typeof REPORTS)[number];

type OperatorRequest = Request | typeof ERASE;
export const REQUESTS: readonly OperatorRequest[] = [...Object.values(MACHINE_VERBS), ERASE];
export type MachineEvent = OperatorRequest | MachineReport;
export const MACHINE_EVENTS: readonly MachineEvent[] = [...REQUESTS, ...REPORTS];
