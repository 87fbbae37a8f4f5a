import { formatCount } from '../../../../core/count-text.ts';
import type { Inventory } from '../../../../contract/machines/machine-inventory.ts';
import { diskTags, tagsOfDisk } from '../../../../model/machines/deployment/candidate.ts';
import type { PutOn, ShownDisk, ShownPartition } from '../../../../model/machines/deployment/stored/view.ts';
import { showStorage, showUsual } from '../../../../model/machines/deployment/stored/view.ts';
import type { MachineStorage } from '../../../../model/machines/deployment/stored/storage.ts';
import { MAAS_PREFIX } from '../../prefix.ts';
import { digitsOf, numberOf } from '../base/uri.ts';

type InventoryDisk = NonNullable<Inventory['disks']>[number];
export type InstallableDisk = InventoryDisk & { readonly bytes: number };

const BLOCK_BYTES = 512;
/** Of devices that are made of others, as MAAS says. */
const VIRTUAL_BLOCK_BYTES = 4096;

/**
 * Numbers of disks begin here, and there are as many of them; below are those of parts, as the layout counts them: partitions are sorted by them. All have at most
 * six digits: clients in Go that read a number into no type of its own write longer ones as 1e+06.
 */
const DISK_NUMBERS = 500_000;

/**
 * Numbers of disks of a machine, in their order: they follow from serial numbers, and from names if there is none.
 * Unique in the machine. Pure.
 */
export function diskNumbers(
  machine: string,
  disks: readonly Pick<InstallableDisk, 'name' | 'serial'>[],
): readonly number[] {
  const keys = disks.map(({ name, serial }) => (serial ? `serial ${serial}` : `name ${name}`));
  const wanted = keys.map((key) => DISK_NUMBERS + (numberOf('disk', machine, key) % DISK_NUMBERS));
  if (wanted.every((number, at) => wanted.indexOf(number) === at)) return wanted;
  const numbers = new Map<string, number>();
  const taken = new Set<number>();
  for (const key of keys.toSorted()) {
    let number = numberOf('disk', machine, key) % DISK_NUMBERS;
    while (taken.has(number) && !numbers.has(key)) number = (number + 1) % DISK_NUMBERS;
    taken.add(number);
    numbers.set(key, number);
  }
  return keys.map((key) => DISK_NUMBERS + (numbers.get(key) ?? 0));
}

/** Disks that machines can be installed on. */
export function disksOf(inventory: Inventory | undefined): readonly InstallableDisk[] {
  return (inventory?.disks ?? []).filter(
    (disk): disk is InstallableDisk => disk.bytes !== undefined && disk.bytes > 0 && disk.removable !== true,
  );
}

/** A device or a part as MAAS shows it, and as changes of API v1 name it. */
type StorageEntry<V> = { readonly ref: string; readonly view: V };
/** `device`: its name in API v1. */
type DeviceEntry<V> = StorageEntry<V> & { readonly device: string };
type DiskEntry = DeviceEntry<ReturnType<typeof viewDisk>> & {
  readonly partitions: readonly StorageEntry<ReturnType<typeof viewPartition>>[];
};

export type PartitionView = ReturnType<typeof viewPartition>;
export type FileSystemView = NonNullable<ReturnType<typeof fileSystemOf>>;
/** A disk, a RAID or a volume. */
export type MaasBlockDevice = DiskEntry['view'] | ReturnType<typeof viewDevice>;

/** The storage of a machine as MAAS shows it. `isBoot` of one disk at most. */
export interface MaasStorage {
  readonly disks: readonly DiskEntry[];
  readonly bootDisk: DiskEntry['view'] | null;
  readonly devices: readonly DeviceEntry<ReturnType<typeof viewDevice>>[];
  readonly raids: readonly StorageEntry<ReturnType<typeof viewRaid>>[];
  readonly groups: readonly StorageEntry<ReturnType<typeof viewGroup>>[];
}

/** The stored layout of a machine on the disks that it reported. `storage` undefined: no layout requested. Pure. */
export function viewStorage(
  machine: string,
  disks: readonly InstallableDisk[],
  storage: MachineStorage | undefined,
): MaasStorage {
  const shown = storage === undefined ? showUsual(disks) : showStorage(storage, disks);
  const members = new Map<number, object>();
  const numbers = diskNumbers(machine, shown.disks.map(identityOfDisk));
  const entries = shown.disks.map((disk, at): DiskEntry => {
    const id = numberOfDisk(disk, numbers[at] ?? 0);
    const partitions = disk.partitions.map((partition, index) => {
      const view = viewPartition({ machine, disk: id, name: `${disk.name}-part${index + 1}` }, partition);
      members.set(partition.id, view);
      return { ref: `#${partition.id}`, view };
    });
    const view = viewDisk(
      { machine, id },
      disk,
      partitions.map((one) => one.view),
    );
    if (disk.stored !== null) members.set(disk.stored.id, view);
    const ref = disk.stored === null ? disk.device : `#${disk.stored.id}`;
    return { ref, device: disk.device, view, partitions };
  });
  const named = (ids: readonly number[]) => ids.flatMap((id) => members.get(id) ?? []);
  const device = (one: VirtualDevice) => {
    const view = viewDevice(machine, { ...one, name: one.name.replace('/', '-') });
    members.set(one.id, view);
    return { ref: `#${one.id}`, device: one.name, view };
  };
  const raids = shown.raids.map((raid) => {
    const made = device(raid);
    return { made, ref: made.ref, view: viewRaid({ machine, ...raid }, named, made.view) };
  });
  const groups = shown.groups.map((group) => {
    const volumes = group.volumes.map(device);
    const views = volumes.map(({ view }) => view);
    return { volumes, ref: `#${group.id}`, view: viewGroup({ machine, ...group }, named(group.devices), views) };
  });
  return {
    disks: entries,
    bootDisk: entries[shown.disks.findIndex(({ isBoot }) => isBoot)]?.view ?? null,
    devices: [...raids.map(({ made }) => made), ...groups.flatMap(({ volumes }) => volumes)],
    raids,
    groups,
  };
}

/** A disk that an operator declared keeps its number when the machine also reports it. */
function numberOfDisk({ stored: storedDisk }: ShownDisk<InstallableDisk>, number: number): number {
  return storedDisk !== null && storedDisk.told !== null ? storedDisk.id : number;
}

/** What its number follows from. */
function identityOfDisk({
  stored: storedDisk,
  seen,
  device,
}: ShownDisk<InstallableDisk>): Pick<InstallableDisk, 'name' | 'serial'> {
  return seen ?? { name: device, ...(storedDisk?.serial ? { serial: storedDisk.serial } : {}) };
}

function viewDisk(
  { machine, id }: { readonly machine: string; readonly id: number },
  disk: ShownDisk<InstallableDisk>,
  partitions: readonly ReturnType<typeof viewPartition>[],
) {
  const { name, bytes, freeBytes, stored: storedDisk, seen } = disk;
  const { told: declared = null, tags = [] } = storedDisk ?? {};
  const hardware = seen === null ? [] : diskTags(seen);
  const count = partitions.length;
  return {
    system_id: machine,
    id,
    name,
    uuid: null,
    type: 'physical',
    path: `/dev/disk/by-dname/${name}`,
    model: seen?.model ?? declared?.model ?? '',
    serial: seen?.serial ?? storedDisk?.serial ?? '',
    id_path: seen?.path ?? declared?.path ?? null,
    size: bytes,
    block_size: seen?.blockBytes ?? declared?.blockBytes ?? BLOCK_BYTES,
    available_size: freeBytes,
    used_size: bytes - freeBytes,
    used_for: count === 0 ? useOf(disk) : `GPT partitioned with ${formatCount(count, 'partition')}`,
    tags: tagsOfDisk(hardware, tags),
    filesystem: fileSystemOf(disk, `disk ${machine} ${id}`),
    partition_table_type: count === 0 ? null : 'GPT',
    partitions,
    firmware_version: seen?.firmware ?? null,
    storage_pool: null,
    numa_node: 0,
    resource_uri: `${MAAS_PREFIX}/nodes/${machine}/blockdevices/${id}/`,
  };
}

function viewPartition(
  at: { readonly machine: string; readonly disk: number; readonly name: string },
  partition: ShownPartition,
) {
  const { id } = partition;
  return {
    system_id: at.machine,
    device_id: at.disk,
    id,
    uuid: uuidOf(at.machine, partition.id),
    path: `/dev/disk/by-dname/${at.name}`,
    type: 'partition',
    size: partition.bytes,
    bootable: partition.isBootable,
    filesystem: fileSystemOf(partition, `part ${at.machine} ${id}`),
    used_for: useOf(partition),
    tags: partition.tags,
    resource_uri: `${MAAS_PREFIX}/nodes/${at.machine}/blockdevices/${at.disk}/partition/${id}`,
  };
}

/** A RAID or a volume as the device that it is. */
interface VirtualDevice extends PutOn {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  readonly tags: readonly string[];
}

function viewDevice(machine: string, device: VirtualDevice) {
  const { id, name, bytes, tags, fileSystem, partOf } = device;
  const free = fileSystem === null && partOf === null ? bytes : 0;
  return {
    system_id: machine,
    id,
    name,
    uuid: uuidOf(machine, device.id),
    type: 'virtual',
    path: `/dev/disk/by-dname/${name}`,
    model: null,
    serial: null,
    id_path: null,
    size: bytes,
    block_size: VIRTUAL_BLOCK_BYTES,
    available_size: free,
    used_size: bytes - free,
    used_for: useOf(device),
    tags,
    filesystem: fileSystemOf(device, `device ${machine} ${id}`),
    partition_table_type: null,
    partitions: [],
    firmware_version: null,
    storage_pool: null,
    numa_node: null,
    resource_uri: `${MAAS_PREFIX}/nodes/${machine}/blockdevices/${id}/`,
  };
}

function viewRaid(
  raid: ReturnType<typeof showStorage>['raids'][number] & { readonly machine: string },
  named: (ids: readonly number[]) => readonly object[],
  device: ReturnType<typeof viewDevice>,
) {
  const { machine, id, name, level, bytes } = raid;
  return {
    system_id: machine,
    id,
    uuid: uuidOf(machine, raid.id),
    name,
    level: `raid-${level}`,
    devices: named(raid.devices),
    spare_devices: named(raid.spares),
    size: bytes,
    human_size: humanBytes(bytes),
    virtual_device: device,
    resource_uri: `${MAAS_PREFIX}/nodes/${machine}/raid/${id}/`,
  };
}

function viewGroup(
  group: ReturnType<typeof showStorage>['groups'][number] & { readonly machine: string },
  devices: readonly object[],
  volumes: readonly ReturnType<typeof viewDevice>[],
) {
  const { machine, id, name, bytes, freeBytes } = group;
  const used = bytes - freeBytes;
  return {
    system_id: machine,
    id,
    uuid: uuidOf(machine, group.id),
    name,
    devices,
    size: bytes,
    human_size: humanBytes(bytes),
    available_size: freeBytes,
    human_available_size: humanBytes(freeBytes),
    used_size: used,
    human_used_size: humanBytes(used),
    logical_volumes: volumes,
    resource_uri: `${MAAS_PREFIX}/nodes/${machine}/volume-group/${id}/`,
  };
}

/**
 * `holder`: the permanent name of the device that it lies on. Its UUID is a text even before the file system exists,
 * because gomaasapi accepts nothing else.
 */
function fileSystemOf({ fileSystem }: PutOn, holder: string) {
  if (fileSystem === null) return null;
  const { kind, label, mount, options } = fileSystem;
  const path = kind === 'swap' ? 'none' : mount;
  return {
    fstype: kind,
    label: label || null,
    uuid: uuidOf('file system', holder),
    mount_point: path,
    mount_options: options || null,
  };
}

/** The use of a device, as MAAS names it. */
function useOf({ fileSystem, partOf }: PutOn): string {
  if (partOf !== null) {
    if (partOf.kind === 'group') return `LVM volume for ${partOf.name}`;
    return `${partOf.kind === 'raid' ? 'Active' : 'Spare'} raid-${partOf.level ?? 0} device for ${partOf.name}`;
  }
  if (fileSystem === null) return 'Unused';
  const { kind, mount } = fileSystem;
  if (mount === null && kind !== 'swap') return `Unmounted ${kind} formatted filesystem`;
  return `${kind} formatted filesystem${mount === null ? '' : ` mounted at ${mount}`}`;
}

/** A name for life of what has no UUID before it is made. */
function uuidOf(machine: string, id: number | string): string {
  return `72656765-6e74-4000-8000-${digitsOf('storage uuid', machine, String(id))}`;
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes as people read them, in steps of a thousand. */
function humanBytes(bytes: number): string {
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return step === 0 ? `${bytes} bytes` : `${(bytes / 1000 ** step).toFixed(1)} ${UNITS[step] ?? ''}`;
}
