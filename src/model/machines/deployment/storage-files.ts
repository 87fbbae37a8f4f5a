import type { PartitionKind, StoragePlan } from './storage-types.ts';

/** Types of partitions as GPT has them (UEFI 2.10 table 5.7; the Discoverable Partitions Specification). */
const TYPES: Readonly<Record<PartitionKind, string>> = {
  linux: '0FC63DAF-8483-4772-8E79-3D69D8477DE4',
  raid: 'A19D880F-05FC-4D3B-A006-743F0F84911E',
  lvm: 'E6D6D379-F507-44C2-A23C-238F2A3DF928',
  swap: '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F',
  esp: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  bios: '21686148-6449-6E6F-744E-656564454649',
};
/** Stands for nothing: an empty member would be lost between tabs. */
const NOTHING = '-';

/**
 * A plan as the scripts of a deployment read it (`scripts/machine/deploying`): texts below `storage/`, a line each, members between tabs. Sizes in MiB.
 * `disks`: name, bytes, boot or -, gpt or -, = and the serial number. `partitions`: name, disk, number, begin, size, kind, GUID of its type.
 * `raids`: name, level, devices, spares. `groups`: name, devices. `volumes`: group, name, size or -. `file-systems`: device, kind, path, label, options. Pure.
 */
export function storageFiles(plan: StoragePlan): Readonly<Record<string, string>> {
  const { disks, raids, volumeGroups, fileSystems } = plan;
  const partitions = disks.flatMap((disk) => (disk.partitions ?? []).map((one) => ({ ...one, disk: disk.name })));
  return {
    'storage/layout': lines([[plan.layout]]),
    'storage/firmware': lines([[plan.firmware]]),
    'storage/disks': lines(
      disks.map((disk) => [disk.name, disk.bytes, disk.isBoot && 'boot', disk.partitions && 'gpt', `=${disk.serial}`]),
    ),
    'storage/partitions': lines(
      partitions.map((one) => [one.name, one.disk, one.number, one.start, one.mib, one.kind, TYPES[one.kind]]),
    ),
    'storage/raids': lines(raids.map((one) => [one.name, one.level, one.devices.join(' '), one.spares.join(' ')])),
    'storage/groups': lines(volumeGroups.map((one) => [one.name, one.devices.join(' ')])),
    'storage/volumes': lines(
      volumeGroups.flatMap(({ name, volumes }) => volumes.map((one) => [name, one.name, one.mib])),
    ),
    'storage/file-systems': lines(fileSystems.map((one) => [one.device, one.kind, one.mount, one.label, one.options])),
  };
}

type TableCell = string | number | false | null;

/** A control character in a serial number would be read as another member. */
function lines(rows: readonly (readonly TableCell[])[]): string {
  const text = (member: TableCell) => (member === false || member === null || member === '' ? NOTHING : String(member));
  // oxlint-disable-next-line no-control-regex
  return rows
    .map((row) => `${row.map((member) => text(member).replaceAll(/[\u0000-\u001f\u007f]/g, '?')).join('\t')}\n`)
    .join('');
}
