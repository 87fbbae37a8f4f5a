import type { Machine, MachineCreate, MachineSet } from '../../contract/machines/machine.ts';
import { accept, invalid, refuse, type Rejected, rejected, show } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../core/ip.ts';
import { parseMac } from '../../model/machines/machine.ts';
import { parseDhcpOptions } from '../../model/networks/dhcp/dhcp-option.ts';
import { parseHostLabel } from '../../model/names/names.ts';
import { MASTER } from '../../model/cluster/rack.ts';
import { type DomainRow, findDomain, lockDomain } from '../../store/queries/names/domains.ts';
import { heldBy } from '../../store/queries/base/jobs/add.ts';
import * as machines from '../../store/queries/machines/machines.ts';
import { heldOf } from '../../store/queries/networks/held-addresses.ts';
import { listMachinesInShort } from '../../store/queries/machines/machines-in-short.ts';
import { insertDeployed } from '../../store/queries/machines/machine-states.ts';
import { isUnbound } from '../../store/queries/machines/newcomers.ts';
import type { Tx } from '../../store/tx.ts';
import type { WriteTx } from '../../store/write.ts';
import { resolveName } from '../base/known-names.ts';
import { pageBody } from '../base/paging.ts';
import { domainText, noSuch } from '../base/refs.ts';
import { type CaseContext, reading, target, writing } from '../base/use-case.ts';
import { readTagged } from './tag-rules.ts';
import { carriedOf, readCarriedFilters } from '../base/carried.ts';
import { isInShort, viewInShort } from './machine-in-short.ts';
import { defaultDomain, domainByRef } from '../names/domain.ts';
import { readPower, viewPower } from './power/machine-power.ts';
import { readGroups, readPlace, viewPlace } from './machine-place.ts';
import { lockedRefusal, viewState } from './machine-state.ts';
import { checkInterfacesFree, checkNetworkUnchanged, checkNotRunning } from './interfaces/free.ts';
import { readInterfaces } from './interfaces/read.ts';
import { readUnrivalled } from './newcomer.ts';
import { viewInterface } from './interfaces/view.ts';
import { checkMachineNames, machineNames } from '../names/name-rules.ts';
import { rackByRef } from '../base/node-refs.ts';
import { subnetByRef } from '../networks/network-refs.ts';

type HostRow = machines.MachineRow;

/** A machine as answers and events show it. */
export function viewMachine(row: HostRow): Machine {
  return {
    id: row.id,
    hostname: row.hostname,
    domain: row.domain,
    fqdn: row.fqdn,
    rack: row.rack,
    interfaces: row.interfaces.map(viewInterface),
    dhcpOptions: [...row.dhcpOptions],
    ...viewState(row),
    ...viewPlace(row),
    ...viewPower(row),
    ...carriedOf('machine', row),
  };
}

/** The machine that an operator names by id, full name, or host name if this is unique. */
export async function machineByRef(tx: Tx, text: string): Promise<HostRow> {
  const row = await hostByRef(tx, text);
  if (!row.isDevice) return row;
  refuse('not_found', `There is no machine ${show(text)}: ${row.fqdn} is a device.`);
}

/** The machine or the device that an operator names so. */
export async function hostByRef(tx: Tx, text: string): Promise<HostRow> {
  const name = domainText(text);
  const byId = /^[a-z0-9]{6}$/.test(text) ? await machines.findMachine(tx, { id: text }) : null;
  if (byId) return byId;
  if (name.includes('.')) return (await machines.findMachine(tx, { fqdn: name })) ?? refuse(noSuch('machine', text));
  const [first, second, ...rest] = await machines.findMachinesNamed(tx, name);
  if (!first) refuse(noSuch('machine', text));
  if (!second) return first;
  const names = [first, second, ...rest].map((row) => row.fqdn).join(', ');
  refuse('conflict', `Several machines are called ${name}. Give the full name: ${names}.`);
}

/** Addresses that its system still has, although its record does not. */
async function heldMember(tx: Tx, machineId: string): Promise<Pick<Machine, 'held'>> {
  const held = await heldOf(tx, machineId);
  return held.length === 0 ? {} : { held: held.map(({ address }) => address) };
}

type NamesToCheck = { readonly names: readonly string[]; readonly hostname: string; readonly macs: readonly string[] };

async function checkNames(
  tx: Tx,
  domain: DomainRow,
  { names, hostname, macs }: NamesToCheck,
): Promise<Rejected | null> {
  const refusal = await checkMachineNames(tx, domain, names, macs);
  if (refusal) return refusal;
  const same = names.includes(hostname) ? await machines.findMachine(tx, { fqdn: `${hostname}.${domain.name}` }) : null;
  if (!same) return null;
  const problem = `the machine ${same.fqdn} (${same.id}) exists already`;
  return rejected('conflict', `hostname: ${problem}.`, [{ field: 'hostname', problem }]);
}

export const machineCases = {
  'machine.list': reading('machine.list', async (tx, { query }) => {
    const domain = query?.domain === undefined ? undefined : await domainByRef(tx, query.domain);
    const subnet = query?.subnet === undefined ? undefined : await subnetByRef(tx, query.subnet);
    const mac = accept(query?.mac === undefined ? undefined : parseMac(query.mac));
    const address = accept(query?.address === undefined ? undefined : parseAddress(query.address));
    const rackId = query?.rack === undefined ? undefined : await rackIdForList(tx, query.rack);
    const carried = await readCarriedFilters(tx, 'machine', { ...query });
    const groups = await readGroups(tx, { ...query });
    const filter = {
      ...groups,
      isDevice: false,
      state: query?.state,
      owner: query?.owner,
      limit: query?.limit,
      cursor: query?.cursor,
      sort: query?.sort,
      hostname: query?.hostname?.toLowerCase(),
      domainId: domain?.id,
      subnetId: subnet?.id,
      rackId,
      mac,
      address: address ? formatAddress(address) : undefined,
      carried,
    };
    if (isInShort(query?.fields)) {
      const { items, next } = await listMachinesInShort(tx, filter);
      // The caller wants less than the whole type.
      return { body: { items: items.map(viewInShort) as Machine[], next } };
    }
    return pageBody(await machines.listMachines(tx, filter), viewMachine, query);
  }),

  'machine.show': reading('machine.show', async (tx, { params }) => {
    const row = await machineByRef(tx, params.machine);
    return { body: { ...viewMachine(row), ...(await heldMember(tx, row.id)) }, version: row.version };
  }),

  'machine.create': writing(
    'machine.create',
    ({ body }) => `machine create ${body.hostname}`,
    async (tx, { body }, context) => {
      accept(mayTakeOver(body, context));
      const made = await createHost(tx, body, context);
      const row = body.deployed === undefined ? made : await takeOver(tx, made, body.deployed);
      tx.emit({ kind: 'machine.created', subject: row.fqdn, data: { ...viewMachine(row) } });
      return { body: viewMachine(row), version: row.version };
    },
  ),

  'machine.set': writing(
    'machine.set',
    ({ params }) => `machine set ${params.machine}`,
    async (tx, { params, body }, context) => {
      const old = await machineByRef(tx, params.machine);
      accept(mayChange(old, body, context));
      const row = await changeHost(tx, old, { body, context });
      const view = { ...viewMachine(row), ...(await heldMember(tx, row.id)) };
      tx.emit({ kind: 'machine.changed', subject: row.fqdn, data: { ...view } });
      return { body: view, version: row.version };
    },
  ),

  'machine.delete': writing(
    'machine.delete',
    ({ params }) => `machine delete ${params.machine}`,
    async (tx, { params, query }, context) => {
      const old = await machineByRef(tx, params.machine);
      accept(lockedRefusal(old, 'it is deleted'));
      const isFree = await isUnbound(tx, old.id);
      if (!isFree) await partWith(tx, old, query?.force);
      const row = accept(await machines.deleteMachine(tx, target(old.id, context), old));
      const body = { ...viewMachine(row), ...(isFree ? {} : await heldMember(tx, old.id)) };
      tx.emit({ kind: 'machine.deleted', subject: row.fqdn, data: { ...body } });
      return { body };
    },
  ),
};

/** Refuses to delete a machine that something holds, and deletes its parts. */
async function partWith(tx: WriteTx, machine: HostRow, force: boolean | undefined): Promise<void> {
  accept(
    (await checkNotRunning(tx, machine, { force })) ??
      (await heldBy(tx, `machine:${machine.id}`, 'a machine is deleted')),
  );
  for (const { fqdn } of await machines.deleteParts(tx, machine.id))
    tx.emit({ kind: 'device.deleted', subject: fqdn, data: { parent: machine.fqdn } });
}

/** Refuses a machine in the state deployed that Regent has not deployed; null: an admin takes it over, or it is none. */
function mayTakeOver({ deployed }: MachineCreate, { caller }: CaseContext): Rejected | null {
  if (deployed === undefined || caller.role === 'admin') return null;
  const rule = 'only an admin takes over a machine that another system has deployed';
  return rejected('forbidden', `deployed: ${caller.user} has the role ${caller.role}. Rule: ${rule}.`);
}

/** Notes that a new machine runs a system already. Nothing is ordered: its power and its disks stay as they are. */
async function takeOver(
  tx: Tx,
  { id }: HostRow,
  { owner = null, locked = false }: NonNullable<MachineCreate['deployed']>,
): Promise<HostRow> {
  if (!(await insertDeployed(tx, id, { owner, isLocked: locked }))) refuse(noSuch('user', owner ?? ''));
  return (await machines.findMachine(tx, { id })) ?? refuse(noSuch('machine', id));
}

/** The role `user` does not decide what a machine is: its owner keeps annotations with it, as tools do to find it again. */
function mayChange({ hostname, owner }: HostRow, body: MachineSet, { caller }: CaseContext): Rejected | null {
  if (caller.role !== 'user') return null;
  if (Object.entries(body).some(([name, value]) => name !== 'annotations' && value !== undefined))
    return rejected('forbidden', 'The role user changes only annotations. Rule: an operator or an admin.');
  return owner === caller.user
    ? null
    : rejected(
        'forbidden',
        `${hostname} is not allocated to you. Rule: the user of a machine may change its annotations.`,
      );
}

/** What a device is besides. */
type DeviceFields = Pick<machines.NewMachine, 'isDevice' | 'parentId'>;

/** Makes a machine, or a device, by the laws of names, addresses and places. */
export async function createHost(
  tx: Tx,
  body: MachineCreate,
  context: CaseContext,
  own: DeviceFields = {},
): Promise<HostRow> {
  const hostname = accept(parseHostLabel(body.hostname));
  const domain = await (body.domain === undefined ? defaultDomain(tx) : domainByRef(tx, body.domain));
  // Held until the transaction ends, so that many machines hold it once.
  accept(await resolveName(tx, 'domain', `lock ${domain.id}`, () => lockDomain(tx, domain.id)));
  const likely = machines.randomMachineId(context.random);
  const unrivalled = await readUnrivalled(tx, { id: likely, hostname, domain: domain.name, body });
  const interfaces = await readInterfaces(tx, body.interfaces ?? [], null, unrivalled);
  const names = machineNames(hostname, interfaces).filter((name) => !unrivalled?.names.has(name));
  accept(await checkNames(tx, domain, { names, hostname, macs: interfaces.map((card) => card.mac) }));
  const id = unrivalled ? likely : await machines.freshMachineId(tx, context.random);
  const rackId = await rackIdOf(tx, body.rack ?? null);
  const fields = await readMembers(tx, null, body);
  return await machines.createMachine(tx, { id, hostname, domainId: domain.id, rackId, interfaces, ...fields, ...own });
}

/** Changes a machine, or a device, by the same laws. */
export async function changeHost(
  tx: Tx,
  old: HostRow,
  {
    body,
    context,
    own = {},
  }: { readonly body: MachineSet; readonly context: CaseContext; readonly own?: DeviceFields },
): Promise<HostRow> {
  const hostname = accept(body.hostname === undefined ? old.hostname : parseHostLabel(body.hostname));
  const domain = body.domain === undefined ? await ownDomain(tx, old) : await domainByRef(tx, body.domain);
  accept(await lockDomain(tx, domain.id));
  accept(body.interfaces ? checkInterfacesFree(old, body) : null);
  const interfaces = body.interfaces ? await readInterfaces(tx, body.interfaces, old) : undefined;
  accept(interfaces ? await checkNetworkUnchanged(tx, old, interfaces, body) : null);
  const before = domain.id === old.domainId ? machineNames(old.hostname, old.interfaces) : [];
  const fresh = machineNames(hostname, interfaces ?? old.interfaces).filter((name) => !before.includes(name));
  accept(
    await checkNames(tx, domain, {
      names: fresh,
      hostname,
      macs: (interfaces ?? old.interfaces).map((card) => card.mac),
    }),
  );
  const rackId = body.rack === undefined ? old.rackId : await rackIdOf(tx, body.rack);
  const fields = await readMembers(tx, old, body);
  const change = { ...fields, ...own, hostname, domainId: domain.id, rackId, ...(interfaces ? { interfaces } : {}) };
  return accept(await machines.updateMachine(tx, target(old.id, context), change));
}

/** Tags, DHCP options, power and place of a body. */
async function readMembers(tx: Tx, old: HostRow | null, body: MachineSet) {
  const carried = await readTagged(tx, old?.id ?? null, body);
  const dhcpOptions = readOptions(body);
  const power = await readPower(tx, body, old);
  const place = await readPlace(tx, body);
  return { carried, dhcpOptions, ...power, ...place };
}

function readOptions({ dhcpOptions }: Pick<MachineSet, 'dhcpOptions'>): readonly string[] | undefined {
  return dhcpOptions === undefined ? undefined : accept(parseDhcpOptions(dhcpOptions));
}

/** The rack that a machine is given to: an accepted one, by UUID or name. Null, and "master": whoever is the master. */
async function rackIdOf(tx: Tx, text: string | null): Promise<string | null> {
  if (text === null || text.toLowerCase() === MASTER) return null;
  const rack = await rackByRef(tx, text);
  if (rack === null) return null;
  if (rack.state === 'accepted') return rack.uuid;
  const problem = `the rack ${rack.name} (${rack.uuid}) is ${rack.state}`;
  refuse(invalid('rack', problem, 'a machine belongs to an accepted rack, or to none: then to the master'));
}

async function rackIdForList(tx: Tx, text: string): Promise<string | null> {
  if (text.toLowerCase() === MASTER) return null;
  const rack = await rackByRef(tx, text);
  return rack?.uuid ?? null;
}

async function ownDomain(tx: Tx, machine: HostRow): Promise<DomainRow> {
  return (await findDomain(tx, { id: machine.domainId })) ?? refuse(noSuch('domain', machine.domain));
}
