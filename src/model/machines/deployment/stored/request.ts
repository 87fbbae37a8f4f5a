import { isRejected, type Rejected, rejected } from '../../../../core/errors.ts';
import { planParts, type PlannedParts } from '../storage-plan.ts';
import type { CustomRequest, DiskSeen, StorageRequest } from '../storage-types.ts';
import type { FoundDisk, StoredDisk, StoredGroup, StoredRaid, MachineStorage } from './storage.ts';
import { EMPTY_STORAGE, findDisks, partsOf, plannedDisks } from './storage.ts';

/** The layout that a deployment requests: that of its call, or the one that was stored when it started. */
export type RequestedStorage = StorageRequest | { readonly layout: 'kept'; readonly kept: MachineStorage };

/** The names of parts as plans have them: `sda`, `sda-part1`, `md0`, `group/volume`. Groups have their own. Pure. */
export function deviceNames(storage: MachineStorage, found: readonly FoundDisk[]): ReadonlyMap<number, string> {
  const disks = new Map(found.flatMap(({ stored, device }) => (stored === null ? [] : [[stored.id, device] as const])));
  const nameOf = (disk: StoredDisk) => disks.get(disk.id) ?? disk.device;
  const names = new Map<number, string>();
  for (const [id, part] of partsOf(storage)) {
    if (part.kind === 'disk') names.set(id, nameOf(part.disk));
    if (part.kind === 'partition') names.set(id, `${nameOf(part.disk)}-part${part.number}`);
    if (part.kind === 'raid') names.set(id, part.raid.name);
    if (part.kind === 'group') names.set(id, part.group.name);
    if (part.kind === 'volume') names.set(id, `${part.group.name}/${part.volume.name}`);
  }
  return names;
}

/** The stored parts as a layout that can be planned. Pure. */
export function requestOf(storage: MachineStorage, found: readonly FoundDisk[]): CustomRequest {
  const names = deviceNames(storage, found);
  const named = (ids: readonly number[]) => ids.map((id) => names.get(id) ?? `#${id}`);
  const { bootDisk } = storage;
  return {
    layout: 'custom',
    ...(bootDisk === null ? {} : { bootDisk: names.get(bootDisk) ?? `#${bootDisk}` }),
    disks: storage.disks
      .filter(({ partitions }) => partitions.length > 0)
      .map(({ id, partitions }) => ({
        name: names.get(id) ?? `#${id}`,
        partitions: partitions.map(({ bytes }) => ({ bytes })),
      })),
    raids: storage.raids.map(({ name, level, devices, spares }) => ({
      name,
      level,
      devices: named(devices),
      spares: named(spares),
    })),
    volumeGroups: storage.groups.map(({ name, devices, volumes }) => ({
      name,
      devices: named(devices),
      volumes: volumes.map((volume) => ({ name: volume.name, bytes: volume.bytes })),
    })),
    fileSystems: storage.fileSystems.map(({ device, kind, mount, label, options }) => ({
      device: names.get(device) ?? `#${device}`,
      kind,
      ...(mount === null ? {} : { mount }),
      ...(label === '' ? {} : { label }),
      ...(options === '' ? {} : { options }),
    })),
  };
}

/** The layout of a deployment by the disks that the machine has now; refused: a declared disk is not there. Pure. */
export function deployedRequest(requested: RequestedStorage, seen: readonly DiskSeen[]): StorageRequest | Rejected {
  if (requested.layout !== 'kept') return requested;
  const storage = requested.kept;
  const found = findDisks(storage, seen);
  const request = requestOf(storage, found);
  const used = new Set([
    ...request.disks.map(({ name }) => name),
    ...(request.raids ?? []).flatMap(({ devices, spares = [] }) => [...devices, ...spares]),
    ...(request.volumeGroups ?? []).flatMap(({ devices }) => devices),
    ...request.fileSystems.map(({ device }) => device),
  ]);
  const lacking = found.find(({ seen: there, device }) => there === null && used.has(device));
  if (lacking === undefined) return request;
  const name = lacking.stored?.name ?? lacking.device;
  return rejected(
    'conflict',
    `The machine has not reported the disk ${name}, which its layout uses. Rule: commission it, or lay out its storage again.`,
  );
}

/**
 * Parts and their sizes with room for a boot loader on each disk, since any may get one. Refused if they do not fit.
 * Pure.
 */
export function planStoredParts(storage: MachineStorage, found: readonly FoundDisk[]): PlannedParts | Rejected {
  const boot = found.map(({ device }) => device);
  return planParts(plannedDisks(found), requestOf(storage, found), { boot, hasEsp: true });
}

/**
 * A layout as it is stored from now on. `before`: the one before; its numbers are not given again, and what is known of its disks stays. The devices of the request
 * are known by the disks that are `found`; refused if one is none. Pure.
 */
export function createStorage(
  request: CustomRequest,
  { before = EMPTY_STORAGE, seen }: { readonly before?: MachineStorage; readonly seen: readonly DiskSeen[] },
): MachineStorage | Rejected {
  const found = findDisks(before, seen);
  const parts = planParts(plannedDisks(found), request, { boot: [], hasEsp: false });
  if (isRejected(parts)) return parts;
  let next = before.next;
  const ids = new Map<string, number>();
  const number = (name: string) => {
    const id = next;
    next += 1;
    ids.set(name, id);
    return id;
  };
  const wanted = new Map(request.disks.map(({ name, partitions }) => [name, partitions]));
  const disks = found.flatMap((disk): StoredDisk[] => {
    const partitions = wanted.get(disk.device) ?? [];
    const isUsed = wanted.has(disk.device) || parts.disks.some(({ name }) => name === disk.device);
    if (disk.stored === null && !isUsed) return [];
    const stored = disk.stored ?? createStoredDisk(disk, number(disk.device));
    ids.set(disk.device, stored.id);
    const made = partitions.map(({ bytes }, index) => ({
      id: number(`${disk.device}-part${index + 1}`),
      bytes,
      isBootable: false,
      tags: [],
    }));
    return [{ ...stored, partitions: made }];
  });
  const idOf = (name: string) => ids.get(name) ?? 0;
  const raids = (request.raids ?? []).map(({ name, level, devices, spares = [] }): StoredRaid => {
    const members = { devices: devices.map(idOf), spares: spares.map(idOf) };
    return { id: number(name), name, level, ...members, tags: [] };
  });
  const groups = (request.volumeGroups ?? []).map(({ name, devices, volumes }): StoredGroup => {
    const members = devices.map(idOf);
    const made = volumes.map((one) => ({ ...one, id: number(`${name}/${one.name}`), tags: [] }));
    return { id: number(`${name}/`), name, devices: members, volumes: made };
  });
  const fileSystems = request.fileSystems.map(({ device, kind, mount = null, label = '', options = '' }) => ({
    device: idOf(device),
    kind,
    mount,
    label,
    options,
  }));
  const removed = before.disks.filter(({ isRemoved }) => isRemoved);
  const bootDisk = request.bootDisk === undefined ? null : idOf(request.bootDisk);
  const named = { ...EMPTY_STORAGE, next, bootDisk, disks: [...disks, ...removed], raids, groups };
  return { ...named, fileSystems };
}

/** A disk that the machine reports, with a number of its own. Pure. */
export function createStoredDisk({ device, seen }: FoundDisk, id: number): StoredDisk {
  const serial = seen?.serial ?? '';
  return { id, name: device, device, serial, told: null, isRemoved: false, tags: [], partitions: [] };
}
