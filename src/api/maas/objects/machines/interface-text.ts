import type { MachineInterface } from '../../../../contract/machines/machine-interface.ts';
import { listText, objectText, quoted, remembering, unescapedText } from '../../json-text.ts';
import { type InterfaceSet, type MachineLink, ownLink, ownMembers } from './interfaces.ts';
import type { Networks } from '../networks/networks.ts';

/** The JSON of an interface as `viewInterface` shows it. VLANs and subnets are most of it, and the same for many: their text is made once. Pure. */
export function interfaceText(one: MachineInterface, set: InterfaceSet, networks: Networks): string {
  const own = ownMembers(one, set, networks);
  const links = listText(one.links ?? NO_LINKS, (link) => linkText(link, networks));
  return (
    `{"system_id":"${own.system_id}","id":${own.id},"name":${quoted(own.name)},"type":"${own.type}"` +
    `,"mac_address":"${own.mac_address}","parents":${listText(own.parents, quoted)}` +
    `,"children":${listText(own.children, quoted)},"tags":${listText(own.tags, quoted)},"enabled":${own.enabled}` +
    `,"params":${objectText(own.params)},${cardText(own)},"resource_uri":"${own.resource_uri}"` +
    `,"vlan":${networks.textOf(networks.vlan(one.vlanId))},"links":${links}}`
  );
}

/** What cards of one kind have alike. */
const cardText = remembering<ReturnType<typeof ownMembers>>()(
  ['effective_mtu', 'vendor', 'product', 'firmware_version', 'link_connected', 'interface_speed', 'link_speed'],
  (of) =>
    `"discovered":null,"effective_mtu":${of.effective_mtu},"vendor":${quoted(of.vendor)},"product":${quoted(of.product)}` +
    `,"firmware_version":${quoted(of.firmware_version)},"link_connected":${of.link_connected}` +
    `,"interface_speed":${of.interface_speed},"link_speed":${of.link_speed},"numa_node":0,"sriov_max_vf":0`,
);

const NO_LINKS: readonly MachineLink[] = [];

function linkText(link: MachineLink, { subnet, textOf }: Networks): string {
  const { id, mode, ip_address } = ownLink(link);
  const address = ip_address === undefined ? '' : `,"ip_address":${unescapedText(ip_address)}`;
  const of = link.subnetId === null ? '' : `,"subnet":${textOf(subnet(link.subnetId))}`;
  return `{"id":${id},"mode":"${mode}"${address}${of}}`;
}
