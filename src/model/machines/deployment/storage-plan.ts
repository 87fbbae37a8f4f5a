import { invalid, isRejected, type Rejected, show } from '../../../core/errors.ts';
import { type StorageDevices, planGroups, planRaids, use } from './storage-devices.ts';
import { diskNamed } from './storage-disks.ts';
import { checkFileSystems, checkRoot, madeKind } from './storage-file-systems.ts';
import { BIOS_MIB, EDGE_MIB, ESP_MIB, neededMib } from './storage-room.ts';
import {
  type CustomRequest,
  type DiskSeen,
  MIB,
  mibOf,
  type PlannedDisk,
  type PlannedPartition,
  type StorageLayout,
  type StoragePlan,
  type StorageUse,
} from './storage-types.ts';

/** Numbers of the boot loader's partitions, as images of clouds have them; a request's own come before. */
const BIOS_NUMBER = 14;
const ESP_NUMBER = 15;
export const MOST_PARTITIONS = BIOS_NUMBER - 1;
type PlanUse = StorageUse & { readonly layout: StorageLayout };

/** Partitions, RAIDs and volume groups as they are made. `devices`: all that something can be put on. */
export interface PlannedParts {
  readonly disks: readonly PlannedDisk[];
  readonly raids: StoragePlan['raids'];
  readonly volumeGroups: StoragePlan['volumeGroups'];
  readonly devices: StorageDevices;
}

/** Which disks get a boot loader, and whether it is one that needs an EFI system partition of its own. */
type BootPlaces = { readonly boot: readonly string[]; readonly hasEsp: boolean };

/** Plans what lies below the file systems, or says which part cannot be. Pure. */
export function planParts(
  seen: readonly DiskSeen[],
  request: CustomRequest,
  { boot, hasEsp }: BootPlaces,
): PlannedParts | Rejected {
  const devices: StorageDevices = new Map();
  const disks: PlannedDisk[] = [];
  for (const { name, partitions } of [...request.disks, ...wholeDisks(seen, request)]) {
    const disk = diskNamed(seen, name);
    if (isRejected(disk)) return disk;
    if (disks.some((other) => other.name === name))
      return invalid('disks', `${show(name)} is there twice`, 'each disk once');
    const isBoot = boot.includes(name);
    const planned = partitions && planPartitions(disk, partitions, { isBoot, hasEsp: isBoot && hasEsp });
    if (isRejected(planned)) return planned;
    disks.push({ name, bytes: disk.bytes, serial: disk.serial ?? '', isBoot, partitions: planned });
    const add = (device: string, mib: number) =>
      devices.set(device, { name: device, mib, disks: [name], usedAs: null });
    if (planned === null) add(name, mibOf(disk.bytes));
    for (const one of planned ?? []) if (one.number < BIOS_NUMBER) add(one.name, one.mib);
  }
  const raids = planRaids(request.raids ?? [], devices);
  if (isRejected(raids)) return raids;
  const volumeGroups = planGroups(request.volumeGroups ?? [], devices);
  return isRejected(volumeGroups) ? volumeGroups : { disks, raids, volumeGroups, devices };
}

/** Plans the requested layout part by part, or says which part is not possible. Pure. */
export function planCustom(seen: readonly DiskSeen[], request: CustomRequest, at: PlanUse): StoragePlan | Rejected {
  const boot = bootDisksOf(request);
  if (isRejected(boot)) return boot;
  const ownEsp =
    request.fileSystems.find(({ kind, mount }) => madeKind(kind) === 'vfat' && mount === '/boot/efi')?.device ?? '';
  const hasEsp = (at.layout !== 'custom' || at.firmware === 'uefi') && ownEsp === '';
  const parts = planParts(seen, request, { boot, hasEsp });
  if (isRejected(parts)) return parts;
  const { disks, raids, volumeGroups, devices } = parts;
  const fileSystems = checkFileSystems(request.fileSystems, (device, kind) => use(devices, device, kind));
  if (isRejected(fileSystems)) return fileSystems;
  const wrong = checkRoot(fileSystems) ?? checkBoot(disks) ?? checkRoom(fileSystems, devices, at.minBytes);
  if (wrong) return wrong;
  const named = disks.map((disk) => ({
    ...disk,
    partitions: disk.partitions && withKinds(disk.partitions, devices, ownEsp),
  }));
  const esps = named.flatMap(({ partitions }) => partitions ?? []).filter(({ number }) => number === ESP_NUMBER);
  const made = esps.map(({ name }, index) => ({
    device: name,
    kind: 'vfat' as const,
    mount: index === 0 ? '/boot/efi' : null,
    label: null,
    options: ESP_OPTIONS,
  }));
  const ordered = [...fileSystems, ...made].toSorted((one, other) => depth(one.mount) - depth(other.mount));
  return { layout: at.layout, firmware: at.firmware, disks: named, raids, volumeGroups, fileSystems: ordered };
}

/** The machine starts without it, for instance when its disk is dead. */
const ESP_OPTIONS = 'umask=0077,nofail';
/** What holds another comes before it; what is not mounted comes last. */
const depth = (mount: string | null) => (mount === null ? 99 : mount === '/' ? 0 : mount.split('/').length - 1);

/** Disks that are used as they are, without a partition table. */
function wholeDisks(seen: readonly DiskSeen[], request: CustomRequest) {
  const used = [
    ...(request.raids ?? []).flatMap(({ devices, spares = [] }) => [...devices, ...spares]),
    ...(request.volumeGroups ?? []).flatMap(({ devices }) => devices),
    ...request.fileSystems.map(({ device }) => device),
  ];
  const isWhole = (name: string) =>
    seen.some((disk) => disk.name === name) && !request.disks.some((disk) => disk.name === name);
  return [...new Set(used.filter(isWhole))].map((name) => ({ name, partitions: null }));
}

/** The disks that get a boot loader: the one that is named, and those behind what holds the kernel. */
function bootDisksOf(request: CustomRequest): readonly string[] | Rejected {
  const tables = request.disks.map(({ name }) => name);
  const { bootDisk } = request;
  if (bootDisk !== undefined && !tables.includes(bootDisk))
    return invalid(
      'bootDisk',
      `${show(bootDisk)} has no partitions`,
      `one of ${tables.join(', ') || 'the disks with partitions'}`,
    );
  const holder = ['/boot', '/'].map((path) => request.fileSystems.find(({ mount }) => mount === path)).find(Boolean);
  const raidOf = (device: string) => (request.raids ?? []).find(({ name }) => name === device);
  const diskOf = (device: string) => tables.filter((name) => device.startsWith(`${name}-part`));
  const group = (request.volumeGroups ?? []).find(({ name }) => holder?.device.startsWith(`${name}/`));
  const below = group?.devices ?? (holder ? [holder.device] : []);
  const mirrors = below.map(raidOf).filter((raid) => raid !== undefined && raid.level !== 0);
  const mirrored = mirrors.flatMap((raid) => raid?.devices.flatMap(diskOf) ?? []);
  const single = below
    .flatMap((device) => raidOf(device)?.devices ?? [device])
    .flatMap(diskOf)
    .slice(0, 1);
  return [
    ...new Set([...(bootDisk === undefined ? [] : [bootDisk]), ...mirrored, ...(bootDisk === undefined ? single : [])]),
  ];
}

/** Where they lie: the boot loader's first, then the request's own in their order, each from a whole MiB. */
function planPartitions(
  disk: DiskSeen,
  wanted: readonly { readonly bytes: number | null }[],
  { isBoot, hasEsp }: { isBoot: boolean; hasEsp: boolean },
): readonly PlannedPartition[] | Rejected {
  const { name } = disk;
  if (wanted.length > MOST_PARTITIONS)
    return invalid('partitions', `${name} would have ${wanted.length}`, `at most ${MOST_PARTITIONS} on a disk`);
  const small = wanted.findIndex(({ bytes }) => bytes !== null && (!Number.isSafeInteger(bytes) || bytes < MIB));
  if (small >= 0) return invalid('partitions', `${name}-part${small + 1} is smaller than 1 MiB`, 'at least 1 MiB');
  if (wanted.filter(({ bytes }) => bytes === null).length > 1)
    return invalid('partitions', `two partitions of ${name} take all that is left`, 'one at most');
  const own = [
    ...(isBoot ? [{ number: BIOS_NUMBER, mib: BIOS_MIB, kind: 'bios' as const }] : []),
    ...(hasEsp ? [{ number: ESP_NUMBER, mib: ESP_MIB, kind: 'esp' as const }] : []),
  ];
  const taken = [...own.map(({ mib }) => mib), ...wanted.map(({ bytes }) => mibOf(bytes ?? 0))].reduce(
    (sum, mib) => sum + mib,
    0,
  );
  const left = mibOf(disk.bytes) - 2 * EDGE_MIB - taken;
  const needsRest = wanted.some(({ bytes }) => bytes === null) ? 1 : 0;
  if (left < needsRest) {
    const parts = `${taken + 2 * EDGE_MIB + needsRest} MiB with partition table${isBoot ? ' and boot loader' : ''}`;
    return invalid(
      'partitions',
      `those of ${name} need ${parts}`,
      `at most ${mibOf(disk.bytes)} MiB, the size of the disk`,
    );
  }
  const requested = wanted.map(({ bytes }, index) => ({
    number: index + 1,
    mib: bytes === null ? left : mibOf(bytes),
    kind: 'linux' as const,
  }));
  let start = EDGE_MIB;
  return [...own, ...requested].map((part) => {
    const placed = { name: `${name}-part${part.number}`, ...part, start };
    start += part.mib;
    return placed;
  });
}

/** What is put on a partition says its type. */
function withKinds(
  partitions: readonly PlannedPartition[],
  devices: StorageDevices,
  ownEsp: string,
): readonly PlannedPartition[] {
  return partitions.map((one) => ({
    ...one,
    kind: one.name === ownEsp ? 'esp' : (devices.get(one.name)?.usedAs ?? one.kind),
  }));
}

function checkBoot(disks: readonly PlannedDisk[]): Rejected | null {
  if (disks.some(({ isBoot }) => isBoot)) return null;
  return invalid(
    'bootDisk',
    'no disk with partitions is behind /',
    'name a disk with partitions: the boot loader has no place elsewhere',
  );
}

/** The image has to go in; what is mounted below / takes a part of it. */
function checkRoom(
  fileSystems: StoragePlan['fileSystems'],
  devices: StorageDevices,
  minBytes: number,
): Rejected | null {
  const holders = fileSystems.filter(({ mount, kind }) => mount !== null && kind !== 'vfat');
  const room = holders.reduce((sum, { device }) => sum + (devices.get(device)?.mib ?? 0), 0);
  const needed = neededMib(minBytes);
  if (room >= needed) return null;
  return invalid(
    'fileSystems',
    `those for / and below have ${room} MiB`,
    `at least ${needed} MiB, which the image needs`,
  );
}
