import { listText, quoted, remembering, unescapedText } from '../../json-text.ts';
import type { FileSystemView, MaasBlockDevice, PartitionView } from './disks.ts';

/** The JSON of a disk, or of what is made of disks, as `viewStorage` shows it. Pure. */
export function diskText(of: MaasBlockDevice): string {
  return (
    `{"system_id":"${of.system_id}","id":${of.id},"name":${quoted(of.name)},"uuid":${unescapedText(of.uuid)}` +
    `,"type":"${of.type}","path":${quoted(of.path)},"model":${quoted(of.model)},"serial":${quoted(of.serial)}` +
    `,"id_path":${quoted(of.id_path)},${roomText(of)},"tags":${listText(of.tags, quoted)}` +
    `,"filesystem":${fileSystemText(of.filesystem)},"partition_table_type":${unescapedText(of.partition_table_type)}` +
    `,"partitions":${listText(of.partitions, partitionText)},${kindText(of)},"resource_uri":"${of.resource_uri}"}`
  );
}

/** What disks of one size and use have alike. */
const roomText = remembering<MaasBlockDevice>()(
  ['size', 'block_size', 'available_size', 'used_size', 'used_for'],
  (of) =>
    `"size":${of.size},"block_size":${of.block_size},"available_size":${of.available_size}` +
    `,"used_size":${of.used_size},"used_for":${quoted(of.used_for)}`,
);

const kindText = remembering<MaasBlockDevice>()(
  ['firmware_version', 'storage_pool', 'numa_node'],
  (of) =>
    `"firmware_version":${quoted(of.firmware_version)},"storage_pool":${of.storage_pool},"numa_node":${of.numa_node}`,
);

function partitionText(of: PartitionView): string {
  return (
    `{"system_id":"${of.system_id}","device_id":${of.device_id},"id":${of.id},"uuid":"${of.uuid}"` +
    `,"path":${quoted(of.path)},"type":"${of.type}","size":${of.size},"bootable":${of.bootable}` +
    `,"filesystem":${fileSystemText(of.filesystem)},"used_for":${quoted(of.used_for)}` +
    `,"tags":${listText(of.tags, quoted)},"resource_uri":"${of.resource_uri}"}`
  );
}

function fileSystemText(of: FileSystemView | null): string {
  if (of === null) return 'null';
  return (
    `{"fstype":"${of.fstype}","label":${quoted(of.label)},"uuid":"${of.uuid}"` +
    `,"mount_point":${quoted(of.mount_point)},"mount_options":${quoted(of.mount_options)}}`
  );
}
