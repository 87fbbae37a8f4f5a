import type { ResourceText } from '../base/parse.ts';

/** Resources of MAAS's API about storage: names and parameters are those of MAAS. `parse.ts` describes the form of a line. */
export const STORAGE: readonly ResourceText[] = [
  {
    name: 'BlockDevices',
    path: 'nodes/{system_id}/blockdevices/',
    about: 'The disks of a machine.',
    operations: [
      'GET read |  | List the disks of a machine.',
      'POST create | name model serial id_path size:bytes! block_size:bytes numa_node:int | Create a disk of a machine.',
    ],
  },
  {
    name: 'BlockDevice',
    path: 'nodes/{system_id}/blockdevices/{id}/',
    about: 'The disks of a machine.',
    operations: [
      'GET read |  | Show a disk of a machine.',
      'PUT update 409 | name model serial id_path size:bytes block_size:bytes uuid numa_node:int partition_table_type | Change a disk of a machine.',
      'DELETE delete 409 |  | Delete a disk of a machine.',
      'POST add_tag 409 | tag! | Add a tag to a disk of a machine.',
      'POST format 409 | fstype! uuid label | Give a disk of a machine a file system.',
      'POST mount 409 | mount_point mount_options | Say where the file system of a disk of a machine is mounted.',
      'POST remove_tag 409 | tag! | Take a tag from a disk of a machine.',
      'POST set_boot_disk 409 |  | Let the machine start from this disk.',
      'POST unformat 409 |  | Take the file system from a disk of a machine.',
      'POST unmount 409 |  | Take the mount point from a disk of a machine.',
    ],
  },
  {
    name: 'Partitions',
    path: 'nodes/{system_id}/blockdevices/{device_id}/partitions/',
    about: 'The partitions of a disk.',
    operations: [
      'GET read |  | List the partitions of a disk.',
      'POST create 409 | size:bytes uuid bootable:boolean | Create a partition.',
    ],
  },
  {
    name: 'Partition',
    path: 'nodes/{system_id}/blockdevices/{device_id}/partition/{id}',
    aliases: ['nodes/{system_id}/blockdevices/{device_id}/partitions/{id}'],
    about: 'The partitions of a disk.',
    operations: [
      'GET read |  | Show a partition.',
      'DELETE delete 409 |  | Delete a partition.',
      'POST add_tag | tag! | Add a tag to a partition.',
      'POST format | fstype! uuid label | Give a partition a file system.',
      'POST mount | mount_point mount_options | Say where the file system of a partition is mounted.',
      'POST remove_tag | tag! | Take a tag from a partition.',
      'POST unformat |  | Take the file system from a partition.',
      'POST unmount |  | Take the mount point from a partition.',
    ],
  },
  {
    name: 'VolumeGroups',
    path: 'nodes/{system_id}/volume-groups/',
    about: 'The volume groups of a machine.',
    operations: [
      'GET read |  | List the volume groups of a machine.',
      'POST create 409 | name! uuid block_devices partitions | Create a volume group.',
    ],
  },
  {
    name: 'VolumeGroup',
    path: 'nodes/{system_id}/volume-group/{id}/',
    aliases: ['nodes/{system_id}/volume-groups/{id}/'],
    about: 'The volume groups of a machine.',
    operations: [
      'GET read |  | Show a volume group.',
      'PUT update 409 | name uuid add_block_devices remove_block_devices add_partitions remove_partitions | Change a volume group.',
      'DELETE delete 409 |  | Delete a volume group.',
      'POST create_logical_volume 409 | name! uuid size | Create a logical volume in a volume group.',
      'POST delete_logical_volume =204 409 | id! | Delete a logical volume of a volume group.',
    ],
  },
  {
    name: 'Raids',
    path: 'nodes/{system_id}/raids/',
    about: 'The RAIDs of a machine.',
    operations: [
      'GET read |  | List the RAIDs of a machine.',
      'POST create 409 | name uuid level! block_devices spare_devices partitions spare_partitions | Create a RAID.',
    ],
  },
  {
    name: 'Raid',
    path: 'nodes/{system_id}/raid/{id}/',
    about: 'The RAIDs of a machine.',
    operations: [
      'GET read |  | Show a RAID.',
      'PUT update 409 | name uuid add_block_devices remove_block_devices add_spare_devices remove_spare_devices add_partitions remove_partitions add_spare_partitions remove_spare_partitions | Change a RAID.',
      'DELETE delete 409 |  | Delete a RAID.',
    ],
  },
  {
    name: 'Bcaches',
    path: 'nodes/{system_id}/bcaches/',
    about: 'The bcache devices of a machine.',
    operations: [
      'GET read |  | List the bcache devices of a machine.',
      'POST create 409 | name uuid cache_set backing_device backing_partition cache_mode | Create a bcache device.',
    ],
  },
  {
    name: 'Bcache',
    path: 'nodes/{system_id}/bcache/{id}/',
    about: 'The bcache devices of a machine.',
    operations: [
      'GET read |  | Show a bcache device.',
      'PUT update 409 | name uuid cache_set backing_device backing_partition cache_mode | Change a bcache device.',
      'DELETE delete 409 |  | Delete a bcache device.',
    ],
  },
  {
    name: 'BcacheCacheSets',
    path: 'nodes/{system_id}/bcache-cache-sets/',
    about: 'The cache sets of a machine.',
    operations: [
      'GET read |  | List the cache sets of a machine.',
      'POST create 409 | cache_device cache_partition | Create a cache set.',
    ],
  },
  {
    name: 'BcacheCacheSet',
    path: 'nodes/{system_id}/bcache-cache-set/{id}/',
    about: 'The cache sets of a machine.',
    operations: [
      'GET read |  | Show a cache set.',
      'PUT update 409 | cache_device cache_partition | Change a cache set.',
      'DELETE delete 409 |  | Delete a cache set.',
    ],
  },
  {
    name: 'VmfsDatastores',
    path: 'nodes/{system_id}/vmfs-datastores/',
    about: 'The datastores of a machine.',
    operations: [
      'GET read |  | List the datastores of a machine.',
      'POST create 409 | name! uuid block_devices partitions | Create a datastore.',
    ],
  },
  {
    name: 'VmfsDatastore',
    path: 'nodes/{system_id}/vmfs-datastore/{id}/',
    about: 'The datastores of a machine.',
    operations: [
      'GET read |  | Show a datastore.',
      'PUT update 409 | name uuid add_block_devices add_partitions remove_partitions remove_block_devices | Change a datastore.',
      'DELETE delete 409 |  | Delete a datastore.',
    ],
  },
];
