import type { DiskSeen, FileSystemKind, RaidLevel } from '../storage-types.ts';

/**
 * How the disks of a machine are to be laid out: kept with the machine, changed part by part, and taken by a deployment that names no layout. Each part has a
 * number, which no other part of the machine ever gets while the layout is kept. `isUsual`: nobody asked for a layout, so a deployment chooses the disk. `next`:
 * the first free number. `bootDisk`: a disk's number; null: the disks behind /boot or /.
 */
export interface MachineStorage {
  readonly isUsual: boolean;
  readonly next: number;
  readonly bootDisk: number | null;
  readonly disks: readonly KeptDisk[];
  readonly raids: readonly KeptRaid[];
  readonly groups: readonly KeptGroup[];
  readonly fileSystems: readonly KeptFileSystem[];
}

/** What an operator says of a disk that its machine has not told of. */
export interface ToldDisk {
  readonly bytes: number;
  readonly blockBytes: number;
  readonly model: string;
  readonly path: string | null;
}

/**
 * A disk of which something is kept. `name`: for people; `device` and `serial`: as the machine told of it, by which it is found again. `told`: by an operator;
 * null: by the machine. `isRemoved`: nobody is shown it, and nothing is put on it.
 */
export interface KeptDisk {
  readonly id: number;
  readonly name: string;
  readonly device: string;
  readonly serial: string;
  readonly told: ToldDisk | null;
  readonly isRemoved: boolean;
  readonly tags: readonly string[];
  readonly partitions: readonly KeptPartition[];
}

/** `bytes` null: all that is left. */
export interface KeptPartition {
  readonly id: number;
  readonly bytes: number | null;
  readonly isBootable: boolean;
  readonly tags: readonly string[];
}

/** `devices`, `spares`: numbers of disks or partitions. `tags`: of the device that it is. */
export interface KeptRaid {
  readonly id: number;
  readonly name: string;
  readonly level: RaidLevel;
  readonly devices: readonly number[];
  readonly spares: readonly number[];
  readonly tags: readonly string[];
}

/** `devices`: numbers of disks, partitions or RAIDs. */
export interface KeptGroup {
  readonly id: number;
  readonly name: string;
  readonly devices: readonly number[];
  readonly volumes: readonly KeptVolume[];
}

export interface KeptVolume {
  readonly id: number;
  readonly name: string;
  readonly bytes: number | null;
  readonly tags: readonly string[];
}

/** `device`: the number of what it is on. `mount` null: it is made, and not mounted. `label`, `options`: empty where there is none. */
export interface KeptFileSystem {
  readonly device: number;
  readonly kind: FileSystemKind;
  readonly mount: string | null;
  readonly label: string;
  readonly options: string;
}

/** Nothing is laid out. */
export const EMPTY_STORAGE: MachineStorage = {
  isUsual: false,
  next: 1,
  bootDisk: null,
  disks: [],
  raids: [],
  groups: [],
  fileSystems: [],
};

/** A disk of a machine: as it is kept, as the machine tells of it, or both. `device`: its name where things are planned. */
export interface FoundDisk<D extends DiskSeen = DiskSeen> {
  readonly kept: KeptDisk | null;
  readonly seen: D | null;
  readonly device: string;
  readonly bytes: number;
}

/** A disk that is kept is found by its serial number where it has one, else by the path that was told, else by its name. */
function isSame({ serial, device, told }: KeptDisk, seen: DiskSeen): boolean {
  if (serial !== '') return serial === seen.serial;
  return told?.path ? told.path === seen.path : device === seen.name;
}

/** The disks of a machine: those that it tells of, then those of which operators alone tell. Removed ones and removable media are left out. Pure. */
export function findDisks<D extends DiskSeen>(storage: MachineStorage, seen: readonly D[]): FoundDisk<D>[] {
  const found: FoundDisk<D>[] = [];
  const told = new Set<KeptDisk>();
  for (const disk of seen) {
    const kept = storage.disks.find((one) => isSame(one, disk)) ?? null;
    if (kept !== null) told.add(kept);
    if (disk.bytes <= 0 || disk.removable === true || kept?.isRemoved === true) continue;
    found.push({ kept, seen: disk, device: disk.name, bytes: disk.bytes });
  }
  for (const kept of storage.disks)
    if (!told.has(kept) && !kept.isRemoved)
      found.push({ kept, seen: null, device: kept.device, bytes: kept.told?.bytes ?? 0 });
  return found;
}

/** Disks as plans see them. Pure. */
export function plannedDisks(found: readonly FoundDisk[]): DiskSeen[] {
  return found.map(({ kept, seen, device, bytes }) => ({
    name: device,
    bytes,
    serial: seen?.serial ?? kept?.serial ?? '',
  }));
}

/** A part that is kept. */
export type Part =
  | { readonly kind: 'disk'; readonly disk: KeptDisk }
  | { readonly kind: 'partition'; readonly disk: KeptDisk; readonly partition: KeptPartition; readonly number: number }
  | { readonly kind: 'raid'; readonly raid: KeptRaid }
  | { readonly kind: 'group'; readonly group: KeptGroup }
  | { readonly kind: 'volume'; readonly group: KeptGroup; readonly volume: KeptVolume };

/** All parts by their numbers. Pure. */
export function partsOf({ disks, raids, groups }: MachineStorage): ReadonlyMap<number, Part> {
  const parts = new Map<number, Part>();
  for (const disk of disks) {
    parts.set(disk.id, { kind: 'disk', disk });
    for (const [index, partition] of disk.partitions.entries())
      parts.set(partition.id, { kind: 'partition', disk, partition, number: index + 1 });
  }
  for (const raid of raids) parts.set(raid.id, { kind: 'raid', raid });
  for (const group of groups) {
    parts.set(group.id, { kind: 'group', group });
    for (const volume of group.volumes) parts.set(volume.id, { kind: 'volume', group, volume });
  }
  return parts;
}
