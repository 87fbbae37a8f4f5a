import { invalid, isRejected, type Rejected, rejected } from '../../../../core/errors.ts';
import type { DiskSeen } from '../storage-types.ts';
import type { ChangedStorage } from './change-disks.ts';
import type { StorageChange } from './changes.ts';
import { locate, locateAll, userOf, withDisk } from './find.ts';
import { deviceNames } from './request.ts';
import { findDisks, type StoredGroup, type StoredRaid, type MachineStorage } from './storage.ts';

type PartChange<D extends StorageChange['do']> = Extract<StorageChange, { readonly do: D }>;

/** A partition at the end of a disk's. The room is checked afterwards. Pure. */
export function addPartition(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: PartChange<'add-partition'>,
): ChangedStorage | Rejected {
  const at = locate(storage, seen, change.device);
  if (isRejected(at)) return at;
  if (at.part.kind !== 'disk')
    return invalid(
      'device',
      `${change.device} is not a disk`,
      'disks have partitions; RAIDs, volumes and partitions have none',
    );
  const wrong = takenBy(at.storage, seen, at.id);
  if (wrong) return wrong;
  const greedy = at.part.disk.partitions.findIndex(({ bytes }) => bytes === null);
  if (greedy >= 0) return noRoom(`partition ${greedy + 1}`, change.device);
  const { next } = at.storage;
  const made = { id: next, bytes: change.bytes ?? null, isBootable: change.bootable ?? false, tags: [] };
  const changed = withDisk(at.storage, at.id, (disk) => ({ ...disk, partitions: [...disk.partitions, made] }));
  return { storage: { ...changed, next: next + 1 }, id: next };
}

/**
 * The refusal of another part of a device whose last part takes all the rest: this space counts as taken already before
 * the deployment.
 */
function noRoom(greedy: string, device: string): Rejected {
  return invalid(
    'bytes',
    `${greedy} of ${device} takes all that is left`,
    'delete it, and create it again with a size',
  );
}

/** A device that something whole is on has no room for parts. */
function takenBy(storage: MachineStorage, seen: readonly DiskSeen[], id: number): Rejected | null {
  const name = deviceNames(storage, findDisks(storage, seen)).get(id) ?? `#${id}`;
  const user = userOf(storage, id);
  if (user !== null) return rejected('in_use', `${name} is part of ${user}.`);
  const on = storage.fileSystems.find(({ device }) => device === id);
  return on ? rejected('in_use', `${name} has a file system (${on.kind}). Take it off first.`) : null;
}

/** A RAID; its name is the first free one of md0, md1, … where none is given. Pure. */
export function addRaid(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: PartChange<'add-raid'>,
): ChangedStorage | Rejected {
  const { level, devices: named, spares: spare = [] } = change;
  const devices = locateAll(storage, seen, named);
  if (isRejected(devices)) return devices;
  const spares = locateAll(devices.storage, seen, spare);
  if (isRejected(spares)) return spares;
  const names = storage.raids.map((raid) => raid.name);
  const free = Array.from({ length: names.length + 1 }, (_none, at) => `md${at}`).find((one) => !names.includes(one));
  const id = spares.storage.next;
  const name = change.name ?? free ?? 'md0';
  const raid: StoredRaid = { id, name, level, devices: devices.ids, spares: spares.ids, tags: [] };
  return { storage: { ...spares.storage, next: id + 1, raids: [...storage.raids, raid] }, id };
}

/** With other members. Pure. */
export function setRaid(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: PartChange<'set-raid'>,
): ChangedStorage | Rejected {
  const at = locate(storage, seen, change.device);
  if (isRejected(at)) return at;
  if (at.part.kind !== 'raid') return rejected('not_found', `${change.device} is not a RAID.`);
  const { raid } = at.part;
  const devices = members(at.storage, seen, { ids: raid.devices, add: change.add, remove: change.remove });
  if (isRejected(devices)) return devices;
  const spares = members(devices.storage, seen, {
    ids: raid.spares,
    add: change.addSpares,
    remove: change.removeSpares,
  });
  if (isRejected(spares)) return spares;
  const changed = { ...raid, name: change.name ?? raid.name, devices: devices.ids, spares: spares.ids };
  const raids = spares.storage.raids.map((one) => (one.id === raid.id ? changed : one));
  return { storage: { ...spares.storage, raids }, id: raid.id };
}

function members(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  {
    ids,
    add = [],
    remove = [],
  }: {
    readonly ids: readonly number[];
    readonly add?: readonly string[] | undefined;
    readonly remove?: readonly string[] | undefined;
  },
): { readonly storage: MachineStorage; readonly ids: readonly number[] } | Rejected {
  const gone = locateAll(storage, seen, remove);
  if (isRejected(gone)) return gone;
  const foreignIndex = gone.ids.findIndex((id) => !ids.includes(id));
  if (foreignIndex >= 0)
    return invalid('remove', `${remove[foreignIndex] ?? ''} is none of its devices`, 'those that it has');
  const fresh = locateAll(gone.storage, seen, add);
  if (isRejected(fresh)) return fresh;
  const remaining = ids.filter((id) => !gone.ids.includes(id));
  return { storage: fresh.storage, ids: [...remaining, ...fresh.ids.filter((id) => !remaining.includes(id))] };
}

/** A volume group without volumes. Pure. */
export function addGroup(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: PartChange<'add-group'>,
): ChangedStorage | Rejected {
  const devices = locateAll(storage, seen, change.devices);
  if (isRejected(devices)) return devices;
  const id = devices.storage.next;
  const group: StoredGroup = { id, name: change.name, devices: devices.ids, volumes: [] };
  return { storage: { ...devices.storage, next: id + 1, groups: [...storage.groups, group] }, id };
}

/** With other members. Pure. */
export function setGroup(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: PartChange<'set-group'>,
): ChangedStorage | Rejected {
  const at = locate(storage, seen, change.device);
  if (isRejected(at)) return at;
  if (at.part.kind !== 'group') return rejected('not_found', `${change.device} is not a volume group.`);
  const { group } = at.part;
  const devices = members(at.storage, seen, { ids: group.devices, add: change.add, remove: change.remove });
  if (isRejected(devices)) return devices;
  const changed = { ...group, name: change.name ?? group.name, devices: devices.ids };
  const groups = devices.storage.groups.map((one) => (one.id === group.id ? changed : one));
  return { storage: { ...devices.storage, groups }, id: group.id };
}

/** A volume of a group. Pure. */
export function addVolume(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: PartChange<'add-volume'>,
): ChangedStorage | Rejected {
  const at = locate(storage, seen, change.device);
  if (isRejected(at)) return at;
  if (at.part.kind !== 'group') return rejected('not_found', `${change.device} is not a volume group.`);
  const { id: group, volumes } = at.part.group;
  const greedy = volumes.find(({ bytes }) => bytes === null);
  if (greedy) return noRoom(`the volume ${greedy.name}`, change.device);
  const { next } = at.storage;
  const made = { id: next, name: change.name, bytes: change.bytes ?? null, tags: [] };
  const groups = at.storage.groups.map((one) => (one.id === group ? { ...one, volumes: [...one.volumes, made] } : one));
  return { storage: { ...at.storage, next: next + 1, groups }, id: next };
}

/**
 * Deletes a device and everything that is only on this device. A disk goes with its partitions, a group with its
 * volumes. Refused: something else stands on it. Pure.
 */
export function deletePart(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: PartChange<'delete'>,
): ChangedStorage | Rejected {
  const at = locate(storage, seen, change.device);
  if (isRejected(at)) return at;
  const { part, id } = at;
  const inside =
    part.kind === 'disk' ? part.disk.partitions : part.kind === 'group' ? part.group.volumes : ([] as const);
  const ids = [id, ...inside.map((one) => one.id)];
  for (const one of ids) {
    const user = userOf(at.storage, one);
    if (user !== null) return rejected('in_use', `${change.device} is part of ${user}. Delete that first.`);
  }
  const bare = { ...at.storage, fileSystems: at.storage.fileSystems.filter(({ device }) => !ids.includes(device)) };
  return { storage: without(bare, id), id: null };
}

function without(storage: MachineStorage, id: number): MachineStorage {
  const { disks, raids, groups, bootDisk } = storage;
  const others = <T extends { readonly id: number }>(list: readonly T[]) => list.filter((one) => one.id !== id);
  return {
    ...storage,
    bootDisk: bootDisk === id ? null : bootDisk,
    // A declared disk is gone for good; a reported one is there again when the layout is made again.
    disks: disks
      .filter((disk) => disk.id !== id || disk.told === null)
      .map((disk) =>
        disk.id === id
          ? { ...disk, isRemoved: true, partitions: [] }
          : { ...disk, partitions: others(disk.partitions) },
      ),
    raids: others(raids),
    groups: others(groups).map((group) => ({ ...group, volumes: others(group.volumes) })),
  };
}
