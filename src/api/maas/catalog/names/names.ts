import type { ResourceText } from '../base/parse.ts';

/** Resources of MAAS's API about names: names and parameters are those of MAAS. `parse.ts` describes the form of a line. */
export const NAMES: readonly ResourceText[] = [
  {
    name: 'DNSResourceRecords',
    path: 'dnsresourcerecords/',
    about: 'DNS records.',
    operations: [
      'GET read | fqdn domain name rrtype | List DNS records.',
      'POST create | fqdn name domain rrtype rrdata dnsresource ttl:int address_ttl:int ip_addresses | Create a DNS record.',
    ],
  },
  {
    name: 'DNSResourceRecord',
    path: 'dnsresourcerecords/{id}/',
    about: 'DNS records.',
    operations: [
      'GET read |  | Show a DNS record.',
      'PUT update | rrtype rrdata dnsresource ttl:int | Change a DNS record.',
      'DELETE delete |  | Delete a DNS record.',
    ],
  },
  {
    name: 'DNSResources',
    path: 'dnsresources/',
    about: 'DNS names.',
    operations: [
      'GET read | fqdn domain name rrtype all:boolean | List DNS names.',
      'POST create | fqdn name domain address_ttl:int ip_addresses | Create a DNS name.',
    ],
  },
  {
    name: 'DNSResource',
    path: 'dnsresources/{id}/',
    about: 'DNS names.',
    operations: [
      'GET read |  | Show a DNS name.',
      'PUT update | fqdn name domain address_ttl:int ip_addresses | Change a DNS name.',
      'DELETE delete |  | Delete a DNS name.',
    ],
  },
  {
    name: 'Domains',
    path: 'domains/',
    about: 'Domains.',
    operations: [
      'GET read |  | List domains.',
      'POST create | name! authoritative:boolean forward_dns_servers ttl:int | Create a domain.',
      'POST set_serial | serial! | Set the serial number of all zones.',
    ],
  },
  {
    name: 'Domain',
    path: 'domains/{id}/',
    about: 'Domains.',
    operations: [
      'GET read |  | Show a domain.',
      'PUT update | name authoritative:boolean ttl:int forward_dns_servers | Change a domain.',
      'DELETE delete |  | Delete a domain.',
      'POST set_default |  | Make a domain the default one.',
    ],
  },
];
