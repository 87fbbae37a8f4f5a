import type { Machine } from '../../../contract/machines/machine.ts';
import { linkTo } from '../base/address.ts';
import type { Tone } from '../base/tone.ts';

/** A machine as the list shows it. */
export interface MachineRow {
  readonly id: string;
  readonly name: string;
  readonly fqdn: string;
  readonly state: string;
  readonly tone: Tone;
  readonly isLocked: boolean;
  readonly power: string;
  readonly powerTone: Tone;
  readonly owner: string;
  readonly pool: string;
  readonly zone: string;
  readonly tags: string;
  readonly addresses: string;
  readonly vlans: string;
  readonly macs: string;
  readonly image: string;
  readonly note: string;
  readonly since: string | null;
}

/** The members that the list requests of each machine, and no more. */
export const ROW_FIELDS = [
  'id',
  'hostname',
  'domain',
  'fqdn',
  'rack',
  'interfaces',
  'state',
  'stateSince',
  'owner',
  'locked',
  'error',
  'message',
  'deployment',
  'zone',
  'pool',
  'powerState',
  'tags',
].join(',');

/** The row of a machine. */
export function machineRow(machine: Machine): MachineRow {
  const nics = machine.interfaces;
  const power = machine.powerState ?? '';
  return {
    id: machine.id,
    name: machine.hostname,
    fqdn: machine.fqdn,
    state: machineStateText(machine.state),
    tone: machineTone(machine.state),
    isLocked: machine.locked === true,
    power,
    powerTone: powerTone(power),
    owner: machine.owner ?? '',
    pool: machine.pool ?? '',
    zone: machine.zone ?? '',
    tags: machine.tags.join(', '),
    addresses: nics.flatMap((nic) => nic.addresses.map(({ address }) => address)).join(', '),
    vlans: [...new Set(nics.flatMap(({ vlan }) => vlan ?? []))].join(', '),
    macs: nics.map(({ mac }) => mac).join(', '),
    image: machine.deployment?.image ?? '',
    note: noteOf(machine),
    since: machine.stateSince ?? null,
  };
}

/** The machine's error, or what it waits for. */
export const noteOf = ({ error, message }: Pick<Machine, 'error' | 'message'>): string =>
  [error, message].filter((text) => text !== undefined && text !== '').join(' ');

/** A state as text: `failed deployment`. A region of an older release sends no state. */
export const machineStateText = (state: string | undefined): string => (state ?? 'not known').replaceAll('-', ' ');

const TRANSITIONS = [
  'commissioning',
  'deploying',
  'releasing',
  'disk-erasing',
  'entering-rescue-mode',
  'exiting-rescue-mode',
  'testing',
];

/** Does a machine in this state change to another state by itself? */
export const isInTransition = (state: string | undefined): boolean =>
  state !== undefined && TRANSITIONS.includes(state);

/** How a machine is. */
export function machineTone(state: string | undefined): Tone {
  if (state === undefined) return 'off';
  if (state === 'broken' || state === 'missing' || state.startsWith('failed-')) return 'bad';
  if (isInTransition(state)) return 'busy';
  if (state === 'rescue-mode') return 'warn';
  return state === 'new' || state === 'retired' ? 'off' : 'ok';
}

/** The tone of a power state. A machine whose power cannot be read needs attention. */
export function powerTone(power: string): Tone {
  if (power === 'on') return 'ok';
  return power === 'error' ? 'bad' : power === 'unknown' ? 'warn' : 'off';
}

/** The page of a machine. */
export const machineLink = (machine: string): string => linkTo(['machines', machine]);

/** The number of machines in each state, the states that need attention first. */
export function stateCounts(
  rows: readonly MachineRow[],
): readonly { readonly state: string; readonly tone: Tone; readonly count: number }[] {
  const counts = new Map<string, { state: string; tone: Tone; count: number }>();
  for (const { state, tone } of rows) {
    const found = counts.get(state);
    if (found) found.count += 1;
    else counts.set(state, { state, tone, count: 1 });
  }
  const order: readonly Tone[] = ['bad', 'busy', 'warn', 'ok', 'off'];
  return [...counts.values()].sort((a, b) => order.indexOf(a.tone) - order.indexOf(b.tone) || b.count - a.count);
}
