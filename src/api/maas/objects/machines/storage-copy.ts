import type { StorageChangeBody } from '../../../../contract/machines/machine-storage.ts';
import { deviceNames } from '../../../../model/machines/deployment/stored/request.ts';
import type { MachineStorage } from '../../../../model/machines/deployment/stored/storage.ts';

/** Changes that one call takes. */
const CHANGES_MAX = 64;

/**
 * The changes that lay out the disks of another machine as those of this one: from nothing, and by names, so that its disk `sda` becomes what `sda` is here. In
 * parts of what one call takes. What is known of a disk itself, such as its tags, is the other machine's own. Pure.
 */
export function copyOf(storage: MachineStorage): readonly (readonly StorageChangeBody[])[] {
  const changes = changesOf(storage);
  return Array.from({ length: Math.ceil(changes.length / CHANGES_MAX) }, (_, index) =>
    changes.slice(index * CHANGES_MAX, (index + 1) * CHANGES_MAX),
  );
}

function changesOf({ bootDisk, disks, raids, groups, fileSystems, ...rest }: MachineStorage): StorageChangeBody[] {
  const names = deviceNames({ bootDisk, disks, raids, groups, fileSystems, ...rest }, []);
  const nameOf = (id: number) => names.get(id) ?? `#${id}`;
  const sized = (bytes: number | null) => (bytes === null ? {} : { bytes });
  const tagged = (id: number, tags: readonly string[]): StorageChangeBody[] =>
    tags.length === 0 ? [] : [{ do: 'tag', device: nameOf(id), add: [...tags] }];
  return [
    { do: 'lay-out', layout: 'blank' },
    ...disks.flatMap(({ id: disk, partitions }) =>
      partitions.flatMap(({ id, bytes, isBootable, tags }): StorageChangeBody[] => [
        { do: 'add-partition', device: nameOf(disk), ...sized(bytes), bootable: isBootable },
        ...tagged(id, tags),
      ]),
    ),
    ...raids.flatMap(({ id, name, level, devices, spares, tags }): StorageChangeBody[] => [
      { do: 'add-raid', name, level, devices: devices.map(nameOf), spares: spares.map(nameOf) },
      ...tagged(id, tags),
    ]),
    ...groups.flatMap(({ id, name, devices, volumes }): StorageChangeBody[] => [
      { do: 'add-group', name, devices: devices.map(nameOf) },
      ...volumes.flatMap((volume): StorageChangeBody[] => [
        { do: 'add-volume', device: nameOf(id), name: volume.name, ...sized(volume.bytes) },
        ...tagged(volume.id, volume.tags),
      ]),
    ]),
    ...fileSystems.flatMap(({ device, kind, mount, label, options }): StorageChangeBody[] => [
      { do: 'format', device: nameOf(device), kind, ...(label === '' ? {} : { label }) },
      ...(mount === null
        ? []
        : [{ do: 'mount' as const, device: nameOf(device), mount, ...(options === '' ? {} : { options }) }]),
    ]),
    ...(bootDisk === null ? [] : [{ do: 'boot-from' as const, device: nameOf(bootDisk) }]),
  ];
}
