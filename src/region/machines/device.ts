import type { Device, DeviceSet } from '../../contract/machines/device.ts';
import { accept, invalid, isRejected, refuse } from '../../core/errors.ts';
import { orRefusal } from '../base/or-refusal.ts';
import { parseMac } from '../../model/machines/machine.ts';
import { deleteMachine, findMachine, listMachines, type MachineRow } from '../../store/queries/machines/machines.ts';
import { ownDevice } from '../../store/queries/machines/machine-states.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody } from '../base/paging.ts';
import { noSuch } from '../base/refs.ts';
import { reading, target, writing } from '../base/use-case.ts';
import { domainByRef } from '../names/domain.ts';
import { viewInterface } from './interfaces/view.ts';
import { changeHost, createHost, hostByRef, machineByRef } from './machine.ts';
import { carriedOf, readCarriedFilters } from '../base/carried.ts';
import { readGroups } from './machine-place.ts';

/** A device as answers and events show it. */
function view(row: MachineRow): Device {
  const { id, hostname, domain, fqdn, parentId, owner, zone, pool, description } = row;
  return {
    id,
    hostname,
    domain,
    fqdn,
    parent: parentId,
    owner,
    zone,
    pool,
    description,
    annotations: { ...row.annotations },
    interfaces: row.interfaces.map(viewInterface),
    dhcpOptions: [...row.dhcpOptions],
    ...carriedOf('machine', row),
  };
}

async function deviceByRef(tx: Tx, text: string): Promise<MachineRow> {
  const row = await hostByRef(tx, text);
  return row.isDevice ? row : refuse(noSuch('device', text));
}

/** Id of the machine that a device is a part of. */
async function parentOf(tx: Tx, { parent }: Pick<DeviceSet, 'parent'>) {
  if (parent === undefined || parent === null) return parent;
  const machine = await orRefusal(() => machineByRef(tx, parent));
  if (!isRejected(machine)) return machine.id;
  refuse(invalid('parent', machine.message.replace(/\.$/, ''), 'a machine of the site, or none'));
}

export const deviceCases = {
  'device.list': reading('device.list', async (tx, { query = {} }) => {
    const domain = query.domain === undefined ? undefined : await domainByRef(tx, query.domain);
    const mac = accept(query.mac === undefined ? undefined : parseMac(query.mac));
    const parent = query.parent === undefined ? undefined : await machineByRef(tx, query.parent);
    const carried = await readCarriedFilters(tx, 'machine', { ...query });
    const { zone, limit, cursor, sort, owner, hostname } = query;
    const groups = await readGroups(tx, zone === undefined ? {} : { zone });
    const page = await listMachines(tx, {
      ...groups,
      isDevice: true,
      limit,
      cursor,
      sort,
      owner,
      hostname: hostname?.toLowerCase(),
      domainId: domain?.id,
      parentId: parent?.id,
      mac,
      carried,
    });
    return pageBody(page, view, query);
  }),

  'device.show': reading('device.show', async (tx, { params }) => {
    const row = await deviceByRef(tx, params.device);
    return { body: view(row), version: row.version };
  }),

  'device.create': writing(
    'device.create',
    ({ body }) => `device create ${body.hostname}`,
    async (tx, { body }, context) => {
      const { parent: _parent, ...host } = body;
      const parentId = await parentOf(tx, body);
      const made = await createHost(tx, host, context, { isDevice: true, parentId });
      await ownDevice(tx, made.id, context.caller.user);
      const row = (await findMachine(tx, { id: made.id })) ?? made;
      tx.emit({ kind: 'device.created', subject: row.fqdn, data: { ...view(row) } });
      return { body: view(row), version: row.version };
    },
  ),

  'device.set': writing(
    'device.set',
    ({ params }) => `device set ${params.device}`,
    async (tx, { params, body }, context) => {
      const old = await deviceByRef(tx, params.device);
      const { parent: _parent, ...host } = body;
      const parentId = await parentOf(tx, body);
      const row = await changeHost(tx, old, { body: host, context, own: { parentId } });
      tx.emit({ kind: 'device.changed', subject: row.fqdn, data: { ...view(row) } });
      return { body: view(row), version: row.version };
    },
  ),

  'device.delete': writing(
    'device.delete',
    ({ params }) => `device delete ${params.device}`,
    async (tx, { params }, context) => {
      const old = await deviceByRef(tx, params.device);
      const row = accept(await deleteMachine(tx, target(old.id, context)));
      tx.emit({ kind: 'device.deleted', subject: row.fqdn, data: { ...view(row) } });
      return { body: view(row) };
    },
  ),
};
