import type { ResourceText } from '../base/parse.ts';

/** Resources of MAAS's API about addresses: names and parameters are those of MAAS. `parse.ts` describes the form of a line. */
export const ADDRESSES: readonly ResourceText[] = [
  {
    name: 'IPAddresses',
    path: 'ipaddresses/',
    about: 'Reserved addresses.',
    operations: [
      'GET read | ip all:boolean owner | List reserved addresses.',
      'POST release =204 | ip! force:boolean discovered:boolean address | Give a reserved address back.',
      'POST reserve | subnet ip ip_address hostname mac mac_address | Reserve an address.',
    ],
  },
  {
    name: 'IPRanges',
    path: 'ipranges/',
    about: 'Ranges of addresses.',
    operations: [
      'GET read |  | List ranges of addresses.',
      'POST create | type! start_ip! end_ip! subnet comment user | Create a range of addresses.',
    ],
  },
  {
    name: 'IPRange',
    path: 'ipranges/{id}/',
    about: 'Ranges of addresses.',
    operations: [
      'GET read |  | Show a range of addresses.',
      'PUT update | start_ip end_ip comment subnet type user | Change a range of addresses.',
      'DELETE delete |  | Delete a range of addresses.',
    ],
  },
  {
    name: 'StaticRoutes',
    path: 'static-routes/',
    about: 'Static routes.',
    operations: [
      'GET read |  | List static routes.',
      'POST create | source! destination! gateway_ip! metric:int | Create a static route.',
    ],
  },
  {
    name: 'StaticRoute',
    path: 'static-routes/{id}/',
    about: 'Static routes.',
    operations: [
      'GET read |  | Show a static route.',
      'PUT update | source destination gateway_ip metric:int | Change a static route.',
      'DELETE delete |  | Delete a static route.',
    ],
  },
  {
    name: 'DHCPSnippets',
    path: 'dhcp-snippets/',
    about: 'DHCP snippets.',
    operations: [
      'GET read |  | List DHCP snippets.',
      'POST create | name! value! description enabled:boolean node subnet iprange global_snippet:boolean | Create a DHCP snippet.',
    ],
  },
  {
    name: 'DHCPSnippet',
    path: 'dhcp-snippets/{id}/',
    about: 'DHCP snippets.',
    operations: [
      'GET read |  | Show a DHCP snippet.',
      'PUT update | name value description enabled:boolean node subnet global_snippet:boolean iprange | Change a DHCP snippet.',
      'DELETE delete |  | Delete a DHCP snippet.',
      'POST revert | to:int! | Go back to an earlier text of a DHCP snippet.',
    ],
  },
  {
    name: 'ReservedIps',
    path: 'reservedips/',
    about: 'Reserved addresses.',
    operations: [
      'GET read |  | List reserved addresses.',
      'POST create | ip! subnet mac_address comment | Create a reserved address.',
    ],
  },
  {
    name: 'ReservedIp',
    path: 'reservedips/{id}/',
    about: 'Reserved addresses.',
    operations: [
      'GET read |  | Show a reserved address.',
      'PUT update | comment ip subnet mac_address | Change a reserved address.',
      'DELETE delete |  | Delete a reserved address.',
    ],
  },
];
