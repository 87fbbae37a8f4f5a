import { accept, isRejected, refuse, type Rejected } from '../../../core/errors.ts';
import { orRefusal } from '../../base/or-refusal.ts';
import { lockDomain } from '../../../store/queries/names/domains.ts';
import { type MachineRow, updateMachine } from '../../../store/queries/machines/machines.ts';
import type { InterfaceInput, InterfaceRow } from '../../../store/queries/machines/machine-interfaces.ts';
import type { Tx } from '../../../store/tx.ts';
import type { WriteTx } from '../../../store/write.ts';
import { noSuch } from '../../base/refs.ts';
import { INTERFACES_MAX } from '../metadata/interfaces.ts';
import { type CaseContext, reading, target, writing } from '../../base/use-case.ts';
import { hostByRef, viewMachine } from '../machine.ts';
import { checkMachineNames, machineNames } from '../../names/name-rules.ts';
import { checkInterfacesFree, checkNetworkUnchanged } from './free.ts';
import { readInterfaces } from './read.ts';
import { viewInterface } from './view.ts';
import { asRequest, type InterfaceRequest, withChanged, withNew } from './interface-request.ts';

/** An interface and its machine. `index`: its place there. */
type InterfacePlace = { readonly machine: MachineRow; readonly card: InterfaceRow; readonly index: number };

/** The interface of a machine that an operator names by id, name, or MAC address of a card. */
async function placeOf(
  tx: Tx,
  params: { readonly machine: string; readonly interface: string },
): Promise<InterfacePlace> {
  const machine = await hostByRef(tx, params.machine);
  const text = params.interface.toLowerCase();
  const isMeant = [
    ({ id }: InterfaceRow) => String(id) === text,
    ({ name }: InterfaceRow) => name === text,
    ({ kind, mac }: InterfaceRow) => kind === 'physical' && mac === text.replaceAll('-', ':'),
  ];
  const index = isMeant.map((is) => machine.interfaces.findIndex(is)).find((found) => found !== -1) ?? -1;
  const card = machine.interfaces[index];
  if (card) return { machine, card, index };
  refuse(
    noSuch(
      `interface of ${machine.fqdn}`,
      params.interface,
      machine.interfaces.map(({ name }) => name),
    ),
  );
}

/** Brings a machine's interfaces to what is wanted, as `machine set` would. Fields of refusals are those of the one at `index`. */
async function change(
  tx: WriteTx,
  machine: MachineRow,
  {
    wanted,
    index,
    context,
    force,
  }: {
    readonly wanted: readonly InterfaceRequest[];
    readonly index: number;
    readonly context: CaseContext;
    readonly force: boolean | undefined;
  },
): Promise<MachineRow> {
  accept(checkInterfacesFree(machine, { force }) ?? (await lockDomain(tx, machine.domainId)));
  const interfaces = await orRefusal(() => readInterfaces(tx, wanted, machine));
  if (isRejected(interfaces)) refuse(ownFields(interfaces, index));
  accept(
    (await checkNewNames(tx, machine, interfaces)) ?? (await checkNetworkUnchanged(tx, machine, interfaces, { force })),
  );
  const row = accept(await updateMachine(tx, target(machine.id, context), { interfaces }));
  const kind = row.isDevice ? 'device.changed' : 'machine.changed';
  tx.emit({ kind, subject: row.fqdn, data: { ...viewMachine(row) } });
  return row;
}

async function checkNewNames(
  tx: Tx,
  machine: MachineRow,
  interfaces: readonly InterfaceInput[],
): Promise<Rejected | null> {
  const before = machineNames(machine.hostname, machine.interfaces);
  const fresh = machineNames(machine.hostname, interfaces).filter((name) => !before.includes(name));
  const macs = interfaces.map(({ mac }) => mac);
  return await checkMachineNames(tx, { id: machine.domainId, name: machine.domain }, fresh, macs);
}

function ownFields(refusal: Rejected, index: number): Rejected {
  const own = (text: string) => text.replaceAll(`interfaces/${index}/`, '');
  const fields = refusal.fields?.map((one) => ({ ...one, field: own(one.field) }));
  return { ...refusal, message: own(refusal.message), ...(fields ? { fields } : {}) };
}

/** Those that it has besides `before`; the change made one. */
function added(row: MachineRow, before: MachineRow): InterfaceRow {
  const card = row.interfaces.find(({ id }) => before.interfaces.every((one) => one.id !== id));
  if (!card) throw new Error(`the machine ${row.id} has no new interface`);
  return card;
}

export const interfaceCases = {
  'interface.list': reading('interface.list', async (tx, { params }) => {
    const machine = await hostByRef(tx, params.machine);
    return { body: { items: machine.interfaces.map(viewInterface) }, version: machine.version };
  }),

  'interface.show': reading('interface.show', async (tx, { params }) => {
    const place = await placeOf(tx, params);
    return { body: viewInterface(place.card), version: place.machine.version };
  }),

  'interface.create': writing(
    'interface.create',
    ({ params, body }) => `interface create ${params.machine} ${body.name ?? body.kind ?? 'physical'}`,
    async (tx, { params, query, body }, context) => {
      const machine = await hostByRef(tx, params.machine);
      const index = machine.interfaces.length;
      if (index >= INTERFACES_MAX)
        refuse('conflict', `${machine.fqdn} has ${index} interfaces. Rule: a machine has at most ${INTERFACES_MAX}.`);
      const wanted = withNew(machine.interfaces.map(asRequest), body);
      const row = await change(tx, machine, { wanted, index, context, force: query?.force });
      return { body: viewInterface(added(row, machine)), version: row.version };
    },
  ),

  'interface.set': writing(
    'interface.set',
    ({ params }) => `interface set ${params.machine} ${params.interface}`,
    async (tx, { params, query, body }, context) => {
      const place = await placeOf(tx, params);
      const { machine, card, index } = place;
      const wanted = withChanged(machine.interfaces.map(asRequest), index, body);
      const row = await change(tx, machine, { wanted, index, context, force: query?.force });
      const now = row.interfaces.find(({ id }) => id === card.id);
      if (!now) throw new Error(`the interface ${card.id} that was just changed is not there`);
      return { body: viewInterface(now), version: row.version };
    },
  ),

  'interface.delete': writing(
    'interface.delete',
    ({ params }) => `interface delete ${params.machine} ${params.interface}`,
    async (tx, { params, query }, context) => {
      const place = await placeOf(tx, params);
      const { machine, card, index } = place;
      const above = machine.interfaces.filter(({ parents }) => parents.includes(card.name)).map(({ name }) => name);
      if (above.length > 0)
        refuse('in_use', `${above.join(', ')} of ${machine.fqdn} stands on ${card.name}. Delete that first.`);
      const wanted = machine.interfaces.map(asRequest).filter((_, at) => at !== index);
      const row = await change(tx, machine, { wanted, index: -1, context, force: query?.force });
      return { body: viewInterface(card), version: row.version };
    },
  ),
};
