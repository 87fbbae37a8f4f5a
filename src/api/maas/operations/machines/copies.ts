import type { Machine } from '../../../../contract/machines/machine.ts';
import type { MachineInterface } from '../../../../contract/machines/machine-interface.ts';
import type { RouteInput } from '../../../../contract/routes.ts';
import { RejectedError, rejected } from '../../../../core/errors.ts';
import type { MachineState } from '../../../../model/machines/machine-states.ts';
import { json, nothing } from '../../answer.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import type { MachineLink } from '../../objects/machines/interfaces.ts';
import { showMachine } from '../../objects/machines/machines.ts';
import { copyOf } from '../../objects/machines/storage-copy.ts';
import { type Loose, type Site, step, type SiteStep } from '../../site.ts';
import { badValue, conflict } from '../base/refusals.ts';
import { vlanRefOf } from '../networks/vlans.ts';
import { machineOf } from './machines.ts';

type Input = Loose<NonNullable<RouteInput<'machine.set'>['body']['interfaces']>[number]>;

/** States in which another network may be given to a machine by a copy or as a whole. */
const FREE: readonly MachineState[] = ['new', 'ready', 'broken', 'failed-testing'];

/** What machines take from each other, or get back. */
export const COPY_HANDLERS: Handlers = {
  'Machines.clone': clone,
  'Machine.restore_networking_configuration': async (call) => restore(call, []),
  'Machine.restore_default_configuration': async (call) =>
    restore(call, [step('storage.reset', { params: { machine: call.path['system_id'] ?? '' } })]),
  'Machine.get_token': async ({ site, path }) => {
    await machineOf(site, path);
    throw new RejectedError(
      rejected(
        'forbidden',
        'The credentials of a machine are its own. Rule: they go to the machine, and to nobody else.',
      ),
    );
  },
  'Machine.get_curtin_config': async ({ site, path }) => {
    await machineOf(site, path);
    return badValue(
      'system_id',
      'it has none',
      'machines of Regent are installed without curtin: regent machine results',
    );
  },
  'Machines.add_chassis': async () =>
    badValue('chassis_type', 'it cannot be queried', 'machines are made one by one, or enlist themselves'),
};

/** Its cards stay and lose what was given to them; `more` is done in the same change. */
async function restore({ site, path }: MaasCall, more: readonly SiteStep[]) {
  const machine = await machineOf(site, path);
  if (!isFree(machine))
    conflict(`${machine.fqdn} is ${machine.state}. Rule: its network is put back before it is used.`);
  const interfaces = machine.interfaces.filter(({ kind }) => kind === 'physical').map(bare);
  await site.together([step('machine.set', { params: { machine: machine.id }, body: { interfaces } }), ...more]);
  return json(await showMachine(site, await machineOf(site, path)));
}

function isFree({ state = 'new' }: Machine): boolean {
  return FREE.includes(state);
}

/** A card without addresses: a deployment gives it one. */
function bare({ name, mac, vlanId }: MachineInterface): Input {
  return { name, mac, addresses: [], vlan: vlanRefOf(vlanId) };
}

/**
 * Machines get the interfaces, the storage layout or both of another one, in one change. Their cards and disks are found by name, and addresses are chosen
 * again.
 */
async function clone({ site, args }: MaasCall) {
  const wants = { interfaces: args.flag('interfaces') === true, storage: args.flag('storage') === true };
  if (!wants.interfaces && !wants.storage)
    badValue('interfaces', 'there is nothing to copy', 'interfaces=true or storage=true');
  const source = await site.find('machine.show', { params: { machine: args.text('source') ?? '' } });
  if (source === null) return badValue('source', 'there is no such machine', 'the system_id of a machine');
  const ids = [...new Set(args.list('destinations'))];
  const machines = new Map((await site.all('machine.list')).map((machine) => [machine.id, machine]));
  const layout = wants.storage ? await layoutOf(site, source.id) : [];
  const steps = ids.flatMap((id) => {
    const machine = machines.get(id) ?? badValue('destinations', `there is no machine ${id}`, 'system_ids of machines');
    if (id === source.id) badValue('destinations', 'the source is among them', 'other machines');
    if (!isFree(machine))
      badValue('destinations', `${machine.hostname} is ${machine.state}`, `one of ${FREE.join(', ')}`);
    // In other states the disks are not reported yet, or not free.
    if (wants.storage && machine.state !== 'ready')
      badValue('destinations', `${machine.hostname} is ${machine.state ?? 'new'}`, 'ready, where storage is copied');
    const params = { machine: id };
    return [
      ...(wants.interfaces ? [step('machine.set', { params, body: { interfaces: copied(source, machine) } })] : []),
      ...(wants.storage ? [step('storage.reset', { params })] : []),
      ...layout.map((changes) => step('storage.change', { params, body: { changes: [...changes] } })),
    ];
  });
  if (steps.length === 0) badValue('destinations', 'it is missing', 'system_ids of machines');
  await site.together(steps);
  return nothing();
}

/** How the disks of the source are laid out, as changes; none without a requested layout. */
async function layoutOf(site: Site, machine: string) {
  const { storage } = await site.call('storage.show', { params: { machine } });
  return storage.isUsual ? [] : copyOf(storage);
}

function copied(source: Machine, machine: Machine): Input[] {
  const cards = new Map(machine.interfaces.filter(({ kind }) => kind === 'physical').map((card) => [card.name, card]));
  const own = source.interfaces.map((one): Input => {
    const { name, kind, vlanId, parents, mtu, acceptRa, bond, bridge, links = [] } = one;
    const common = { name, addresses: links.map(addressOf), vlan: vlanRefOf(vlanId), mtu, acceptRa };
    if (kind !== 'physical') return { ...common, kind, parents, bond, bridge };
    const card =
      cards.get(name) ??
      badValue('destinations', `${machine.hostname} has no card ${name}`, 'it has the cards that the source has');
    return { ...common, mac: card.mac };
  });
  const names = new Set(own.map(({ name }) => name));
  return [...own, ...[...cards.values()].filter(({ name }) => !names.has(name)).map(bare)];
}

function addressOf({ mode, subnetId, gateway }: MachineLink) {
  const subnet = subnetId === null ? {} : { subnet: String(subnetId) };
  const address = mode === 'static' || mode === 'auto' ? 'auto' : mode;
  return { address, ...subnet, ...(gateway ? { gateway } : {}) };
}
