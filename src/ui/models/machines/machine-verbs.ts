/** What one can do with machines, one or many. */
export const MACHINE_ACTION_IDS = [
  'commission',
  'test',
  'allocate',
  'deploy',
  'release',
  'abort',
  'power-on',
  'power-off',
  'power-cycle',
  'power-query',
  'rescue',
  'exit-rescue',
  'lock',
  'unlock',
  'mark-broken',
  'mark-fixed',
] as const;
export type MachineAction = (typeof MACHINE_ACTION_IDS)[number];

/** Actions that the owner of a machine may use; the others need an operator. */
const OWNERS: readonly MachineAction[] = ['allocate', 'deploy', 'release'];

const LIKELY: Readonly<Record<string, readonly MachineAction[]>> = {
  commissioning: ['abort'],
  testing: ['abort'],
  deploying: ['abort'],
  'disk-erasing': ['abort'],
  new: ['commission'],
  'failed-commissioning': ['commission'],
  ready: ['allocate', 'deploy', 'test', 'commission'],
  allocated: ['deploy', 'release'],
  deployed: ['release', 'power-cycle', 'lock', 'rescue'],
  'failed-deployment': ['deploy', 'release'],
  broken: ['mark-fixed'],
  'rescue-mode': ['exit-rescue'],
  'failed-disk-erasing': ['release'],
  'failed-releasing': ['release'],
};

/** The most likely actions for a machine in this state; the site decides what is possible. */
export function likelyActions(state: string | undefined, isLocked: boolean): readonly MachineAction[] {
  if (isLocked) return ['unlock', 'power-query'];
  return (state === undefined ? undefined : LIKELY[state]) ?? [];
}

/** Actions that this user may use. */
export function allowedActions(may: { readonly operate: boolean; readonly own: boolean }): readonly MachineAction[] {
  if (may.operate) return MACHINE_ACTION_IDS;
  return may.own ? OWNERS : [];
}
