import type { Inventory } from '../../../contract/nouns/machine-inventory.ts';
import { diskTags } from '../../../model/deployment/candidate.ts';
import { numberOf, uriOf } from './uri.ts';

export type Disk = NonNullable<Inventory['disks']>[number];

const BLOCK_BYTES = 512;

/** The number of a disk of a machine: it follows from its serial number where it has one, else from its name. Pure. */
export function diskNumber(machine: string, disk: Pick<Disk, 'name' | 'serial'>): number {
  return numberOf('disk', machine, disk.serial ? `serial ${disk.serial}` : `name ${disk.name}`);
}

/** Disks that machines can be installed on. */
export function disksOf(inventory: Inventory | undefined): readonly Disk[] {
  return (inventory?.disks ?? []).filter(({ bytes = 0, removable }) => bytes > 0 && removable !== true);
}

export function viewDisk(machine: string, disk: Disk) {
  const { name, bytes = 0, serial, model, firmware, path, blockBytes = BLOCK_BYTES } = disk;
  const id = diskNumber(machine, disk);
  return {
    system_id: machine,
    id,
    name,
    uuid: null,
    type: 'physical',
    path: `/dev/disk/by-dname/${name}`,
    model: model ?? '',
    serial: serial ?? '',
    id_path: path ?? null,
    size: bytes,
    block_size: blockBytes,
    available_size: bytes,
    used_size: 0,
    used_for: 'Unused',
    tags: [...diskTags(disk)],
    filesystem: null,
    partition_table_type: null,
    partitions: [],
    firmware_version: firmware ?? null,
    storage_pool: null,
    numa_node: 0,
    resource_uri: uriOf('nodes', machine, 'blockdevices', id),
  };
}
