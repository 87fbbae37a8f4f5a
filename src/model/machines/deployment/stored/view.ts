import { isRejected } from '../../../../core/errors.ts';
import type { PlannedParts } from '../storage-plan.ts';
import { BIOS_MIB, EDGE_MIB, ESP_MIB, groupMib } from '../storage-room.ts';
import { type DiskSeen, MIB, mibOf, type RaidLevel } from '../storage-types.ts';
import { usualStorage } from './layouts.ts';
import { deviceNames, planStoredParts } from './request.ts';
import { findDisks, type FoundDisk, type StoredFileSystem, type MachineStorage } from './storage.ts';

/** What is on a device: a file system, or a RAID or volume group that it is part of; null: nothing. */
export interface PutOn {
  readonly fileSystem: Omit<StoredFileSystem, 'device'> | null;
  readonly partOf: {
    readonly kind: 'raid' | 'spare' | 'group';
    readonly id: number;
    readonly name: string;
    readonly level: RaidLevel | null;
  } | null;
}

/** A device with its size in bytes. `name`: as it is named in changes. */
interface ShownDevice extends PutOn {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  readonly tags: readonly string[];
}
export type ShownPartition = ShownDevice & { readonly isBootable: boolean };
/** `freeBytes`: for another partition; nothing if the disk is used as it is. `isBoot`: the machine boots from it. */
export interface ShownDisk<D extends DiskSeen = DiskSeen> extends FoundDisk<D>, PutOn {
  readonly name: string;
  readonly isBoot: boolean;
  readonly freeBytes: number;
  readonly partitions: readonly ShownPartition[];
}
export interface ShownRaid extends ShownDevice {
  readonly level: RaidLevel;
  readonly devices: readonly number[];
  readonly spares: readonly number[];
}
export interface ShownGroup {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  readonly freeBytes: number;
  readonly devices: readonly number[];
  readonly volumes: readonly ShownDevice[];
}

/** A machine's storage with sizes. `problem`: why it does not fit the disks any more; null: it does. */
export interface ShownStorage<D extends DiskSeen = DiskSeen> {
  readonly disks: readonly ShownDisk<D>[];
  readonly raids: readonly ShownRaid[];
  readonly groups: readonly ShownGroup[];
  readonly problem: string | null;
}

/** What a partition table and a boot loader take of a disk. */
const OWN_MIB = 2 * EDGE_MIB + BIOS_MIB + ESP_MIB;
const NO_PARTS: PlannedParts = { disks: [], raids: [], volumeGroups: [], devices: new Map() };

/** The stored layout with sizes, beside the disks that the machine reports. Pure. */
export function showStorage<D extends DiskSeen>(storage: MachineStorage, seen: readonly D[]): ShownStorage<D> {
  const found = findDisks(storage, seen);
  const planned = planStoredParts(storage, found);
  const parts = isRejected(planned) ? NO_PARTS : planned;
  const names = deviceNames(storage, found);
  const nameOf = (id: number) => names.get(id) ?? `#${id}`;
  const mibOfId = (id: number) => parts.devices.get(nameOf(id))?.mib ?? 0;
  const bytesOf = (id: number, bytes: number | null) => (parts.devices.get(nameOf(id))?.mib ?? mibOf(bytes ?? 0)) * MIB;
  const on = putOn(storage);
  const raids = storage.raids.map(({ id, name, level, devices, spares, tags }) => {
    return { id, name, level, devices, spares, tags, bytes: bytesOf(id, null), ...on(id) };
  });
  const groups = storage.groups.map(({ id, name, devices, volumes }): ShownGroup => {
    const shown = volumes.map((one) => ({
      id: one.id,
      name: nameOf(one.id),
      bytes: bytesOf(one.id, one.bytes),
      tags: one.tags,
      ...on(one.id),
    }));
    const bytes = groupMib(devices.map((device) => mibOfId(device) || diskMib(found, device))) * MIB;
    const freeBytes = Math.max(0, bytes - shown.reduce((sum, volume) => sum + volume.bytes, 0));
    return { id, name, bytes, freeBytes, devices, volumes: shown };
  });
  const boot = bootOf(storage);
  const disks = found.map((disk): ShownDisk<D> => {
    const { stored } = disk;
    const put = stored === null ? NOTHING : on(stored.id);
    const partitions = (stored?.partitions ?? []).map((one) => ({
      id: one.id,
      name: nameOf(one.id),
      bytes: bytesOf(one.id, one.bytes),
      tags: one.tags,
      isBootable: one.isBootable,
      ...on(one.id),
    }));
    const taken = partitions.reduce((sum, { bytes }) => sum + bytes, OWN_MIB * MIB);
    const isWhole = put.fileSystem !== null || put.partOf !== null;
    const freeBytes = isWhole ? 0 : Math.max(0, mibOf(disk.bytes) * MIB - taken);
    return { ...disk, ...put, name: stored?.name ?? disk.device, isBoot: stored?.id === boot, freeBytes, partitions };
  });
  return {
    disks: disks.some(({ isBoot }) => isBoot) ? disks : disks.map((disk, at) => ({ ...disk, isBoot: at === 0 })),
    raids,
    groups,
    problem: isRejected(planned) ? planned.message : null,
  };
}

/**
 * What `showStorage` shows of a machine whose layout nobody requested: all of its first disk is the root's. Made in short, because lists of machines have it
 * thousands of times. Pure.
 */
export function showUsual<D extends DiskSeen>(seen: readonly D[]): ShownStorage<D> {
  const usual = usualStorage(seen);
  const [root] = usual.fileSystems;
  const found = findDisks(usual, seen);
  const isPlain = found.every(({ device }, at) => found.findIndex((other) => other.device === device) === at);
  if (root === undefined || !isPlain) return showStorage(usual, seen);
  // Each member by its name, here and below: V8 takes many times as long for copies of objects.
  const { kind, mount, label, options } = root;
  const fileSystem = { kind, mount, label, options };
  const disks = found.map((disk): ShownDisk<D> => {
    const { stored, seen: reported, device, bytes } = disk;
    const room = Math.max(0, mibOf(bytes) - OWN_MIB) * MIB;
    const partitions = (stored?.partitions ?? []).map(({ id, tags, isBootable }) => {
      return { id, name: `${device}-part1`, bytes: room, tags, isBootable, fileSystem, partOf: null };
    });
    const isBoot = stored !== null;
    const freeBytes = isBoot ? 0 : room;
    const { fileSystem: none, partOf } = NOTHING;
    return {
      stored,
      seen: reported,
      device,
      bytes,
      fileSystem: none,
      partOf,
      name: device,
      isBoot,
      freeBytes,
      partitions,
    };
  });
  return { disks, raids: [], groups: [], problem: null };
}

function diskMib(found: readonly FoundDisk[], id: number): number {
  return mibOf(found.find(({ stored }) => stored?.id === id)?.bytes ?? 0);
}

const NOTHING: PutOn = { fileSystem: null, partOf: null };

/** What is on each device. */
function putOn({ fileSystems, raids, groups }: MachineStorage): (id: number) => PutOn {
  if (fileSystems.length + raids.length + groups.length === 0) return () => NOTHING;
  const files = new Map(fileSystems.map(({ device, ...fileSystem }) => [device, fileSystem]));
  const users = new Map<number, PutOn['partOf']>();
  for (const { id, name, level, devices, spares } of raids) {
    for (const device of devices) users.set(device, { kind: 'raid', id, name, level });
    for (const device of spares) users.set(device, { kind: 'spare', id, name, level });
  }
  for (const { id, name, devices } of groups)
    for (const device of devices) users.set(device, { kind: 'group', id, name, level: null });
  return (id) => ({ fileSystem: files.get(id) ?? null, partOf: users.get(id) ?? null });
}

/** The disk that the machine boots from, if it is known: the one that was named, or the one with the partition for /boot or /. */
function bootOf({ bootDisk, disks, fileSystems }: MachineStorage): number | null {
  if (bootDisk !== null) return bootDisk;
  const holder = ['/boot', '/'].map((path) => fileSystems.find(({ mount }) => mount === path)).find(Boolean);
  return disks.find(({ partitions }) => partitions.some(({ id }) => id === holder?.device))?.id ?? null;
}
