import type { ResourceText } from '../base/parse.ts';

/** Resources of MAAS's API about networks: names and parameters are those of MAAS. `parse.ts` describes the form of a line. */
export const NETWORKS: readonly ResourceText[] = [
  {
    name: 'Discoveries',
    path: 'discovery/',
    about: 'Neighbours that racks have seen.',
    operations: [
      'GET read |  | List neighbours that racks have seen.',
      'GET by_unknown_ip |  | List neighbours with addresses that nothing of ours has.',
      'GET by_unknown_ip_and_mac |  | List neighbours that nothing of ours is.',
      'GET by_unknown_mac |  | List neighbours with MAC addresses that nothing of ours has.',
      'POST clear =204 | mdns:boolean neighbours:boolean all:boolean | Forget neighbours.',
      'POST clear_by_mac_and_ip =204 | ip! mac! | Forget one neighbour.',
      'POST scan | cidr force:boolean always_use_ping:boolean slow:boolean threads:float | Let racks search for neighbours now.',
    ],
  },
  {
    name: 'Discovery',
    path: 'discovery/{discovery_id}/',
    about: 'Neighbours that racks have seen.',
    operations: ['GET read |  | Show a neighbour.'],
  },
  {
    name: 'Network',
    path: 'networks/{name}/',
    about: 'Networks of the old kind.',
    operations: [
      'GET read |  | Show a network of the old kind.',
      'PUT update | name ip netmask vlan_tag description | Change a network of the old kind.',
      'DELETE delete =200 |  | Delete a network of the old kind.',
      'POST connect_macs |  | Connect network cards.',
      'POST disconnect_macs |  | Disconnect network cards.',
      'GET list_connected_macs |  | List network cards.',
    ],
  },
  {
    name: 'Networks',
    path: 'networks/',
    about: 'Networks of the old kind.',
    operations: [
      'GET read | node | List networks of the old kind.',
      'POST create |  | Create a network of the old kind.',
    ],
  },
  {
    name: 'Fabrics',
    path: 'fabrics/',
    about: 'Fabrics.',
    operations: ['GET read |  | List fabrics.', 'POST create | name description class_type | Create a fabric.'],
  },
  {
    name: 'Fabric',
    path: 'fabrics/{id}/',
    about: 'Fabrics.',
    operations: [
      'GET read |  | Show a fabric.',
      'PUT update | name description class_type | Change a fabric.',
      'DELETE delete |  | Delete a fabric.',
    ],
  },
  {
    name: 'Vlans',
    path: 'fabrics/{fabric_id}/vlans/',
    about: 'The VLANs of a fabric.',
    operations: [
      'GET read |  | List the VLANs of a fabric.',
      'POST create | name description vid:int! mtu:int space dhcp_on:boolean primary_rack secondary_rack relay_vlan fabric | Create a VLAN.',
    ],
  },
  {
    name: 'Vlan',
    path: 'vlans/{vlan_id}/',
    isHidden: true,
    about: 'The VLANs of a fabric.',
    operations: [
      'GET read |  | Show a VLAN.',
      'PUT update | name description mtu:int dhcp_on:boolean primary_rack secondary_rack relay_vlan space vid:int fabric | Change a VLAN.',
      'DELETE delete |  | Delete a VLAN.',
    ],
  },
  {
    name: 'Vlan',
    path: 'fabrics/{fabric_id}/vlans/{vid}/',
    about: 'The VLANs of a fabric.',
    operations: [
      'GET read |  | Show a VLAN.',
      'PUT update | name description mtu:int dhcp_on:boolean primary_rack secondary_rack relay_vlan space vid:int fabric | Change a VLAN.',
      'DELETE delete |  | Delete a VLAN.',
    ],
  },
  {
    name: 'Spaces',
    path: 'spaces/',
    about: 'Spaces.',
    operations: ['GET read |  | List spaces.', 'POST create | name! description | Create a space.'],
  },
  {
    name: 'Space',
    path: 'spaces/{id}/',
    about: 'Spaces.',
    operations: [
      'GET read |  | Show a space.',
      'PUT update | name description | Change a space.',
      'DELETE delete |  | Delete a space.',
    ],
  },
  {
    name: 'Subnets',
    path: 'subnets/',
    about: 'Subnets.',
    operations: [
      'GET read |  | List subnets.',
      'POST create | cidr! name description vlan fabric vid:int gateway_ip rdns_mode:int allow_dns:boolean allow_proxy:boolean dns_servers active_discovery:boolean managed:boolean disabled_boot_architectures | Create a subnet.',
    ],
  },
  {
    name: 'Subnet',
    path: 'subnets/{id}/',
    about: 'Subnets.',
    operations: [
      'GET read |  | Show a subnet.',
      'PUT update | cidr name description vlan fabric vid:int gateway_ip rdns_mode:int allow_dns:boolean allow_proxy:boolean dns_servers managed:boolean disabled_boot_architectures active_discovery:boolean | Change a subnet.',
      'DELETE delete | force:boolean | Delete a subnet.',
      'GET ip_addresses | with_username:boolean with_summary:boolean with_node_summary:boolean | List the addresses of a subnet that are used.',
      'GET reserved_ip_ranges |  | List the ranges of a subnet that are not free.',
      'GET statistics | include_ranges:boolean include_suggestions:boolean | Count the addresses of a subnet.',
      'GET unreserved_ip_ranges |  | List the ranges of a subnet that are free.',
    ],
  },
];
