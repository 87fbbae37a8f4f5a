import type { MachineStorage as StorageAnswer } from '../../../contract/machines/machine-storage.ts';
import { accept, type Rejected, rejected } from '../../../core/errors.ts';
import { tagsOfDisk } from '../../../model/machines/deployment/candidate.ts';
import { changeStorage } from '../../../model/machines/deployment/stored/change.ts';
import { DISK_CHANGES, OWNERS_CHANGES, type StorageChange } from '../../../model/machines/deployment/stored/changes.ts';
import { usualStorage } from '../../../model/machines/deployment/stored/layouts.ts';
import type { MachineStorage } from '../../../model/machines/deployment/stored/storage.ts';
import type { RequestedStorage } from '../../../model/machines/deployment/stored/request.ts';
import { type PutOn, showStorage } from '../../../model/machines/deployment/stored/view.ts';
import type { MachineState } from '../../../model/machines/machine-states.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import {
  deleteStorage,
  listStorages,
  readStorage,
  storeStorage,
} from '../../../store/queries/machines/machine-storage.ts';
import { lockMachineState } from '../../../store/queries/machines/machine-states.ts';
import type { Tx } from '../../../store/tx.ts';
import { machineByRef } from '../machine.ts';
import { pageBody } from '../../base/paging.ts';
import { autocommitReading, type CaseContext, reading, writing } from '../../base/use-case.ts';
import { disksOf, layOutByDefault } from './default-layout.ts';

/** States in which the disks of a machine are not anybody's yet: another layout changes nothing that is written. */
const STATES: readonly MachineState[] = ['ready', 'allocated', 'failed-deployment'];

/** How the disks of machines are to be laid out. */
export const storageCases = {
  'storage.list': autocommitReading('storage.list', async (tx, { query }) => {
    const page = await listStorages(tx, { ...query });
    return pageBody(page, ({ machine, storage }) => ({ machine, storage: bodyOf(storage) }), query);
  }),

  'storage.show': reading('storage.show', async (tx, { params }) => {
    const machine = await machineByRef(tx, params.machine);
    return { body: await viewOf(tx, machine) };
  }),

  'storage.change': writing(
    'storage.change',
    ({ params, body }) => `storage change ${params.machine} ${body.changes.map((one) => one.do).join(', ')}`,
    async (tx, { params, body }, context) => {
      const machine = await machineByRef(tx, params.machine);
      accept(await mayChange(tx, context, { machine, changes: body.changes }));
      const seen = await disksOf(tx, machine);
      let storage = (await readStorage(tx, machine.id)) ?? usualStorage(seen);
      const changed: (number | null)[] = [];
      for (const change of body.changes) {
        const next = accept(changeStorage(storage, seen, change));
        storage = next.storage;
        changed.push(next.id);
      }
      await storeStorage(tx, machine.id, storage);
      tx.emit({ kind: 'machine.storage', subject: machine.fqdn, data: { changes: body.changes.map((one) => one.do) } });
      return { body: { ...(await viewOf(tx, machine)), changed } };
    },
  ),

  'storage.reset': writing(
    'storage.reset',
    ({ params }) => `storage reset ${params.machine}`,
    async (tx, { params }, context) => {
      const machine = await machineByRef(tx, params.machine);
      accept(await mayChange(tx, context, { machine, changes: [] }));
      await deleteStorage(tx, machine.id);
      tx.emit({ kind: 'machine.storage', subject: machine.fqdn, data: { changes: ['reset'] } });
      await layOutByDefault(tx, machine);
      return { body: await viewOf(tx, machine) };
    },
  ),
};

/** The layout that a deployment takes when none is named; null: nobody chose one. */
export async function readChosenStorage(tx: Tx, machineId: string): Promise<RequestedStorage | null> {
  const stored = await readStorage(tx, machineId);
  return stored === null || stored.isUsual ? null : { layout: 'kept', kept: stored };
}

type StorageChangeRequest = { readonly machine: MachineRow; readonly changes: readonly StorageChange[] };

async function mayChange(
  tx: Tx,
  { caller }: CaseContext,
  { machine, changes }: StorageChangeRequest,
): Promise<Rejected | null> {
  const row = await lockMachineState(tx, machine.id);
  const state = row?.state ?? 'new';
  const { hostname, owner } = machine;
  if (caller.role === 'user') {
    const other = changes.find((change) => !OWNERS_CHANGES.includes(change.do));
    if (other !== undefined || changes.length === 0)
      return rejected('forbidden', `${other?.do ?? 'reset'} is not for the role user. Rule: an operator or an admin.`);
    if (owner !== caller.user)
      return rejected(
        'forbidden',
        `${hostname} is not allocated to you. Rule: the user of a machine may change its file systems.`,
      );
  }
  if (row?.isLocked === true)
    return rejected(
      'conflict',
      `${hostname} is locked. Rule: nothing changes before regent machine unlock ${hostname}.`,
    );
  if (changes.length > 0 && changes.every((change) => DISK_CHANGES.includes(change.do))) return null;
  return STATES.includes(state)
    ? null
    : rejected('conflict', `${hostname} is ${state}. Rule: its storage changes when it is ${STATES.join(', ')}.`);
}

async function viewOf(tx: Tx, machine: Pick<MachineRow, 'id'>): Promise<StorageAnswer> {
  const seen = await disksOf(tx, machine);
  const storage = (await readStorage(tx, machine.id)) ?? usualStorage(seen);
  const { disks, raids, groups, problem } = showStorage(storage, seen);
  const devices = [
    ...disks.flatMap(
      ({ stored: own, device, bytes, freeBytes, tags = own?.tags ?? [], partitions, ...put }: DiskView) => [
        {
          id: own?.id ?? null,
          name: device,
          kind: 'disk' as const,
          bytes,
          freeBytes,
          on: describeUse(put),
          tags: [...tagsOfDisk([], tags)],
        },
        ...partitions.map((one) => ({ ...lineOf(one), kind: 'partition' as const })),
      ],
    ),
    ...raids.map((one) => ({ ...lineOf(one), kind: 'raid' as const })),
    ...groups.flatMap(({ id, name, bytes, freeBytes, volumes }) => [
      { id, name, kind: 'group' as const, bytes, freeBytes, on: '', tags: [] },
      ...volumes.map((one) => ({ ...lineOf(one), kind: 'volume' as const })),
    ]),
  ];
  return { machine: machine.id, storage: bodyOf(storage), devices, problem };
}

type DiskView = ReturnType<typeof showStorage>['disks'][number] & { readonly tags?: readonly string[] };
type DeviceLine = PutOn & {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  readonly tags: readonly string[];
};

function lineOf({ id, name, bytes, tags, ...put }: DeviceLine) {
  return { id, name, bytes, freeBytes: 0, on: describeUse(put), tags: [...tags] };
}

/** What is on a device, for people. */
function describeUse({ fileSystem, partOf }: PutOn): string {
  if (partOf !== null) return `${partOf.kind} ${partOf.name}`;
  if (fileSystem === null) return '';
  return `${fileSystem.kind}${fileSystem.mount === null ? '' : ` ${fileSystem.mount}`}`;
}

/** The lists of the wire may be changed; those of the model may not. */
function bodyOf(storage: MachineStorage): StorageAnswer['storage'] {
  return structuredClone(storage) as StorageAnswer['storage'];
}
