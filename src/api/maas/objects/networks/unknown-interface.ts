import { type MaasSubnet, MTU } from './networks.ts';
import { numberOf } from '../base/uri.ts';

/** An interface that belongs to nothing: somebody named its MAC address with an address that was reserved for it. */
export function viewUnknown(mac: string, address: string, subnet: MaasSubnet | null) {
  const id = numberOf('unknown interface', mac);
  return {
    system_id: null,
    id,
    name: 'eth0',
    type: 'unknown',
    mac_address: mac,
    vlan: subnet?.vlan ?? null,
    links: [{ id: numberOf('unknown link', mac, address), mode: 'static', ip_address: address, subnet }],
    parents: [],
    children: [],
    tags: [],
    enabled: true,
    params: {},
    discovered: null,
    effective_mtu: subnet?.vlan?.mtu ?? MTU,
    vendor: null,
    product: null,
    firmware_version: null,
    link_connected: true,
    interface_speed: 0,
    link_speed: 0,
    numa_node: null,
    sriov_max_vf: 0,
    resource_uri: '',
  };
}
