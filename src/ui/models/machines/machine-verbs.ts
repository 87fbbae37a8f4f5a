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

/** Those that whoever has a machine may do with it; the others are an operator's. */
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

/** What an operator most likely wants of a machine in this state; the site judges what is possible. */
export function likelyActions(state: string | undefined, isLocked: boolean): readonly MachineAction[] {
  if (isLocked) return ['unlock', 'power-query'];
  return (state === undefined ? undefined : LIKELY[state]) ?? [];
}

/** What this user may do at all. */
export function allowedActions(may: { readonly operate: boolean; readonly own: boolean }): readonly MachineAction[] {
  if (may.operate) return MACHINE_ACTION_IDS;
  return may.own ? OWNERS : [];
}
