import type { DiskSeen, FileSystemKind, RaidLevel } from '../storage-types.ts';

/**
 * How the disks of a machine are to be laid out: stored with the machine, changed part by part, and taken by a deployment that names no layout. Each part has a
 * number, which no other part of the machine ever gets while the layout is stored. `isUsual`: nobody requested a layout, so a deployment chooses the disk. `next`:
 * the first free number. `bootDisk`: a disk's number; null: the disks behind /boot or /.
 */
export interface MachineStorage {
  readonly isUsual: boolean;
  readonly next: number;
  readonly bootDisk: number | null;
  readonly disks: readonly StoredDisk[];
  readonly raids: readonly StoredRaid[];
  readonly groups: readonly StoredGroup[];
  readonly fileSystems: readonly StoredFileSystem[];
}

/** An operator's description of a disk that its machine has not reported. */
export interface DeclaredDisk {
  readonly bytes: number;
  readonly blockBytes: number;
  readonly model: string;
  readonly path: string | null;
}

/**
 * A disk of the stored layout. `name`: for people; `device` and `serial`: as the machine reported it, by which it is found again. `told`: an operator's
 * description; null: the machine reported it. `isRemoved`: nobody is shown it, and nothing is put on it.
 */
export interface StoredDisk {
  readonly id: number;
  readonly name: string;
  readonly device: string;
  readonly serial: string;
  readonly told: DeclaredDisk | null;
  readonly isRemoved: boolean;
  readonly tags: readonly string[];
  readonly partitions: readonly StoredPartition[];
}

/** `bytes` null: all that is left. */
export interface StoredPartition {
  readonly id: number;
  readonly bytes: number | null;
  readonly isBootable: boolean;
  readonly tags: readonly string[];
}

/** `devices`, `spares`: numbers of disks or partitions. `tags`: of the device that it is. */
export interface StoredRaid {
  readonly id: number;
  readonly name: string;
  readonly level: RaidLevel;
  readonly devices: readonly number[];
  readonly spares: readonly number[];
  readonly tags: readonly string[];
}

/** `devices`: numbers of disks, partitions or RAIDs. */
export interface StoredGroup {
  readonly id: number;
  readonly name: string;
  readonly devices: readonly number[];
  readonly volumes: readonly StoredVolume[];
}

export interface StoredVolume {
  readonly id: number;
  readonly name: string;
  readonly bytes: number | null;
  readonly tags: readonly string[];
}

/**
 * `device`: the number of what it is on. `mount` null: it is made, and not mounted. `label`, `options`: empty if there
 * is none.
 */
export interface StoredFileSystem {
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

/** A disk of a machine: as it is stored, as the machine reports it, or both. `device`: its name where things are planned. */
export interface FoundDisk<D extends DiskSeen = DiskSeen> {
  readonly stored: StoredDisk | null;
  readonly seen: D | null;
  readonly device: string;
  readonly bytes: number;
}

/** A stored disk is found by its serial number if it has one, else by its declared path, else by its name. */
function isSame({ serial, device, told: declared }: StoredDisk, seen: DiskSeen): boolean {
  if (serial !== '') return serial === seen.serial;
  return declared?.path ? declared.path === seen.path : device === seen.name;
}

/** The disks of a machine: those that it reports, then those that only operators declared. Removed ones and removable media are left out. Pure. */
export function findDisks<D extends DiskSeen>(storage: MachineStorage, seen: readonly D[]): FoundDisk<D>[] {
  const found: FoundDisk<D>[] = [];
  const matched = new Set<StoredDisk>();
  for (const disk of seen) {
    const stored = storage.disks.find((one) => isSame(one, disk)) ?? null;
    if (stored !== null) matched.add(stored);
    if (disk.bytes <= 0 || disk.removable === true || stored?.isRemoved === true) continue;
    found.push({ stored, seen: disk, device: disk.name, bytes: disk.bytes });
  }
  for (const stored of storage.disks)
    if (!matched.has(stored) && !stored.isRemoved)
      found.push({ stored, seen: null, device: stored.device, bytes: stored.told?.bytes ?? 0 });
  return found;
}

/** Disks as plans see them. Pure. */
export function plannedDisks(found: readonly FoundDisk[]): DiskSeen[] {
  return found.map(({ stored, seen, device, bytes }) => ({
    name: device,
    bytes,
    serial: seen?.serial ?? stored?.serial ?? '',
  }));
}

/** A stored part. */
export type StoragePart =
  | { readonly kind: 'disk'; readonly disk: StoredDisk }
  | {
      readonly kind: 'partition';
      readonly disk: StoredDisk;
      readonly partition: StoredPartition;
      readonly number: number;
    }
  | { readonly kind: 'raid'; readonly raid: StoredRaid }
  | { readonly kind: 'group'; readonly group: StoredGroup }
  | { readonly kind: 'volume'; readonly group: StoredGroup; readonly volume: StoredVolume };

/** All parts by their numbers. Pure. */
export function partsOf({ disks, raids, groups }: MachineStorage): ReadonlyMap<number, StoragePart> {
  const parts = new Map<number, StoragePart>();
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
