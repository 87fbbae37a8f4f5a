import type { Machine } from '../../../../contract/machines/machine.ts';
import { floatText } from '../../answer.ts';
import { itemsText, listText, objectText, quoted, remembering, whole, unescapedText } from '../../json-text.ts';
import { diskText } from './disk-text.ts';
import type { viewHardware } from './hardware.ts';
import { interfaceText } from './interface-text.ts';
import type { MachineParts, MachineSurroundings } from './machines.ts';
import { bootCard, interfacesOf, NO_GATEWAYS, ownMembers, placeOf, SAME, storageOf } from './machines.ts';

/** What every machine has alike, as the end of its JSON. */
const SAME_TEXT = JSON.stringify(SAME).slice(1);
const NO_GATEWAYS_TEXT = JSON.stringify(NO_GATEWAYS);
const NOTHING_MADE = '"virtualblockdevice_set":[],"volume_groups":[],"raids":[]';

/**
 * The JSON of a machine as `viewMachine` shows it, in a fraction of the time of `JSON.stringify`: members are named in its text, what many machines show is text
 * that was made once (`textOf`), and what one machine shows twice is used again. Long lists are made of it: of 1,000 machines it takes 18 ms of a
 * processor, `fast-json-stringify` 38 and `JSON.stringify` 35, with what they read. Pure.
 */
export function machineText(machine: Machine, parts: MachineParts, around: MachineSurroundings): string {
  const { networks } = around;
  const { textOf } = networks;
  const set = interfacesOf(machine, parts);
  const interfaces = set.interfaces.map((one) => whole(interfaceText(one, set, networks)));
  const { domain, zone, pool } = placeOf(machine, around);
  return (
    `{${ownText(ownMembers(machine, parts, networks))}` +
    `,"domain":${textOf(domain)},"zone":${textOf(zone)},"pool":${textOf(pool)}` +
    `,"interface_set":[${itemsText(interfaces)}],"boot_interface":${interfaces[bootCard(set, parts)] ?? 'null'}` +
    `,${storageText(machine, parts)},${SAME_TEXT}`
  );
}

function storageText(machine: Machine, parts: MachineParts): string {
  const { physical, virtual, bootDisk, gigabytes, groups, raids } = storageOf(machine, parts);
  const disks = physical.map((disk) => whole(diskText(disk)));
  const made = virtual.map(diskText);
  const boot = disks[physical.findIndex((disk) => disk === bootDisk)] ?? 'null';
  const own = itemsText(disks);
  const virtuals = itemsText(made);
  const rest =
    made.length + groups.length + raids.length === 0
      ? NOTHING_MADE
      : `"virtualblockdevice_set":[${virtuals}],"volume_groups":${JSON.stringify(groups)},"raids":${JSON.stringify(raids)}`;
  return (
    `"boot_disk":${boot},"blockdevice_set":[${own}${own === '' || virtuals === '' ? '' : ','}${virtuals}]` +
    `,"physicalblockdevice_set":[${own}],"storage":${floatText(gigabytes)},${rest}`
  );
}

/** Members of the machine itself. */
function ownText(own: ReturnType<typeof ownMembers>): string {
  const data = objectText(own.owner_data);
  const gateways = own.default_gateways === NO_GATEWAYS ? NO_GATEWAYS_TEXT : JSON.stringify(own.default_gateways);
  const numa = own.numanode_set.length === 0 ? '[]' : JSON.stringify(own.numanode_set);
  return (
    `"system_id":"${own.system_id}","hostname":"${own.hostname}","fqdn":"${own.fqdn}"` +
    `,"description":${quoted(own.description)},"owner":${quoted(own.owner)}` +
    `,"owner_data":${data},"workload_annotations":${data},${stateText(own)}` +
    `,"tag_names":${listText(own.tag_names, quoted)},"address_ttl":${own.address_ttl}` +
    `,"ip_addresses":${listText(own.ip_addresses, unescapedText)},"default_gateways":${gateways}` +
    `,"architecture":${quoted(own.architecture)},"cpu_count":${own.cpu_count},"cpu_speed":${own.cpu_speed}` +
    `,"memory":${own.memory},"hardware_uuid":${unescapedText(own.hardware_uuid)},"bios_boot_method":${unescapedText(own.bios_boot_method)}` +
    `,"hardware_info":${hardwareText(own.hardware_info)},"numanode_set":${numa},"resource_uri":"${own.resource_uri}"`
  );
}

/** What machines of one state and one system have alike. */
const stateText = remembering<ReturnType<typeof ownMembers>>()(
  [
    'locked',
    'status',
    'status_name',
    'status_action',
    'status_message',
    'error_description',
    'node_type',
    'node_type_name',
    'osystem',
    'distro_series',
    'hwe_kernel',
    'min_hwe_kernel',
    'ephemeral_deploy',
    'netboot',
    'power_type',
    'power_state',
  ],
  (of) =>
    `"locked":${of.locked},"status":${of.status},"status_name":"${of.status_name}"` +
    `,"status_action":"${of.status_action}","status_message":${quoted(of.status_message)}` +
    `,"error_description":${quoted(of.error_description)},"node_type":${of.node_type}` +
    `,"node_type_name":"${of.node_type_name}","osystem":${quoted(of.osystem)}` +
    `,"distro_series":${quoted(of.distro_series)},"hwe_kernel":"${of.hwe_kernel}"` +
    `,"min_hwe_kernel":${quoted(of.min_hwe_kernel)},"ephemeral_deploy":${of.ephemeral_deploy},"netboot":${of.netboot}` +
    `,"power_type":"${of.power_type}","power_state":"${of.power_state}"`,
);

function hardwareText(of: ReturnType<typeof viewHardware>): string {
  return `{${vendorText(of)},"system_serial":${quoted(of.system_serial)},${boardText(of)}}`;
}

/** What machines of one make have alike: before the serial number, and behind it. */
const vendorText = remembering<ReturnType<typeof viewHardware>>()(
  ['system_vendor', 'system_product', 'system_family', 'system_version', 'system_sku'],
  (of) =>
    `"system_vendor":${quoted(of.system_vendor)},"system_product":${quoted(of.system_product)}` +
    `,"system_family":${quoted(of.system_family)},"system_version":${quoted(of.system_version)}` +
    `,"system_sku":"${of.system_sku}"`,
);
const boardText = remembering<ReturnType<typeof viewHardware>>()(
  [
    'cpu_model',
    'mainboard_vendor',
    'mainboard_product',
    'mainboard_serial',
    'mainboard_version',
    'mainboard_firmware_vendor',
    'mainboard_firmware_date',
    'mainboard_firmware_version',
    'chassis_vendor',
    'chassis_type',
    'chassis_serial',
    'chassis_version',
  ],
  (of) =>
    `"cpu_model":${quoted(of.cpu_model)},"mainboard_vendor":${quoted(of.mainboard_vendor)}` +
    `,"mainboard_product":${quoted(of.mainboard_product)},"mainboard_serial":"${of.mainboard_serial}"` +
    `,"mainboard_version":"${of.mainboard_version}","mainboard_firmware_vendor":${quoted(of.mainboard_firmware_vendor)}` +
    `,"mainboard_firmware_date":${quoted(of.mainboard_firmware_date)}` +
    `,"mainboard_firmware_version":${quoted(of.mainboard_firmware_version)},"chassis_vendor":"${of.chassis_vendor}"` +
    `,"chassis_type":"${of.chassis_type}","chassis_serial":"${of.chassis_serial}","chassis_version":"${of.chassis_version}"`,
);
