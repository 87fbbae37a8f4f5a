import Type, { type Static } from 'typebox';
import { DhcpOptions, Flag, Id, listQuery, nullable, strict, text } from '../base/common.ts';
import { onOff, orNone, repeated, whole, textOption } from '../base/command-texts.ts';
import { DHCP_OPTION } from '../base/dhcp-option.ts';
import { entry } from '../base/entry.ts';
import { PoolUse } from './pool.ts';

const Resolvers = Type.Array(text(64), { maxItems: 8, description: 'what DHCP names instead of our own resolvers' });

/** A subnet. `dnsOn`, `proxyOn`: hosts with its addresses may ask our resolvers and our proxy. */
export const Subnet = strict({
  id: Id,
  name: Type.String(),
  cidr: Type.String(),
  vlan: Type.String({ description: 'name of the VLAN' }),
  vlanId: Id,
  gateway: nullable(Type.String()),
  resolvers: Type.Array(Type.String()),
  managed: Type.Boolean({
    description: 'Regent gives free addresses of it to machines; else nothing of it but its dynamic ranges',
  }),
  dnsOn: Type.Boolean(),
  proxyOn: Type.Boolean(),
  ...dhcpAnswers(),
  used: Type.Integer({ description: 'addresses that machines and reservations have' }),
  dynamic: Type.Integer({ description: 'addresses in dynamic ranges' }),
  // In lists; a region of an earlier release leaves it out.
  leased: Type.Optional(Type.Integer({ description: 'leases that clients hold now' })),
  // In the answer for one subnet; a region of an earlier release leaves it out.
  pools: Type.Optional(PoolUse),
  // A region of an earlier release leaves it out.
  reverse: Type.Optional(
    Type.String({ description: 'its reverse zones, and who answers for neighbours that are in no subnet' }),
  ),
});
export type Subnet = Static<typeof Subnet>;

const SubnetCreate = strict({
  cidr: text(64),
  name: Type.Optional(text(64, 'the CIDR when left out')),
  vlan: Type.Optional(
    text(
      140,
      'FABRIC/NAME, FABRIC/VID, or the name, VID or id that only one VLAN has. Default: the untagged VLAN of the first fabric',
    ),
  ),
  gateway: Type.Optional(text(64)),
  resolvers: Type.Optional(Resolvers),
  managed: Type.Optional(Type.Boolean()),
  dnsOn: Type.Optional(Type.Boolean()),
  proxyOn: Type.Optional(Type.Boolean()),
  ...dhcpInputs(),
});
export type SubnetCreate = Static<typeof SubnetCreate>;

const SubnetSet = strict({
  cidr: Type.Optional(text(64, 'holds all that the subnet holds: addresses, ranges, gateway, leases')),
  name: Type.Optional(text(64)),
  vlan: Type.Optional(text(140)),
  gateway: Type.Optional(nullable(text(64))),
  resolvers: Type.Optional(Resolvers),
  managed: Type.Optional(Type.Boolean()),
  dnsOn: Type.Optional(Type.Boolean()),
  proxyOn: Type.Optional(Type.Boolean()),
  ...dhcpInputs(),
});
export type SubnetSet = Static<typeof SubnetSet>;

const SubnetParams = strict({ subnet: text(64, 'id, CIDR (with "/" written %2F) or name') });
const SubnetListQuery = listQuery(
  {
    name: Type.Optional(text(64, 'part of the name')),
    cidr: Type.Optional(text(64)),
    vlan: Type.Optional(text(140)),
    dns_on: Type.Optional(Flag),
  },
  ['id', 'name', 'cidr'],
);

/** More DHCP settings of a subnet. A region of an earlier release does not know them. */
function dhcpAnswers() {
  return {
    dhcpOptions: Type.Optional(Type.Array(Type.String())),
    leaseTime: Type.Optional(nullable(Type.Integer({ description: "seconds; null: the site's" }))),
    bootServer: Type.Optional(nullable(Type.String())),
    bootFile: Type.Optional(nullable(Type.String())),
    ignoreUnknown: Type.Optional(Type.Boolean({ description: 'only hosts with a static lease get an answer' })),
  };
}

function dhcpInputs() {
  return {
    dhcpOptions: Type.Optional(DhcpOptions),
    leaseTime: Type.Optional(nullable(Type.Integer({ description: "seconds, 60 to 604800; null: the site's" }))),
    bootServer: Type.Optional(nullable(text(64, 'an IPv4 address; null: Regent'))),
    bootFile: Type.Optional(nullable(text(127, "a path or URL; null: Regent's own"))),
    ignoreUnknown: Type.Optional(Type.Boolean()),
  };
}

const RESOLVER = 'resolvers that DHCP names instead of our own';
const options = {
  name: textOption('name', 'a free name'),
  vlan: textOption('vlan', 'its VLAN: FABRIC/NAME or FABRIC/VID; name, VID or id'),
  managed: onOff('Regent gives its free addresses to machines ("auto")'),
  dnsOn: onOff('its hosts may use our resolvers (where the VLAN allows it too)', 'dns'),
  proxyOn: onOff('its hosts may use our proxy', 'proxy'),
  dhcpOptions: DHCP_OPTION,
  leaseTime: whole(
    'seconds|default',
    'how long a lease lasts; "default": as the setting dhcp_lease_time says',
    'a whole number of seconds, or "default"',
    'default',
  ),
  bootServer: orNone('ip', 'where its hosts load their boot file from; "none": from Regent'),
  bootFile: orNone('file', 'the boot file of all its hosts, a path or URL; "none": the one that Regent has for them'),
  ignoreUnknown: onOff('only hosts with a static lease get an address by DHCP'),
};

/** The noun, its calls and its tables. */
export const SUBNET = entry({
  noun: 'subnet',
  plural: 'subnets',
  one: 'a subnet',
  many: 'subnets',
  tables: ['subnets'],
  file: { identity: ['cidr'], refersTo: { vlan: 'vlan' } },
  schemas: { answer: Subnet, params: SubnetParams, query: SubnetListQuery, create: SubnetCreate, set: SubnetSet },
  commands: {
    summary: 'subnets, DHCP settings of their hosts, and their reverse zones',
    which: 'CIDR, name or id',
    example: '10.10.20.0/24',
    title: ({ cidr }) => cidr,
    columns: ['cidr', 'name', 'vlan', 'gateway', 'dnsOn', 'proxyOn', 'dynamic', 'used'],
    wide: ['resolvers', 'managed', 'reverse', 'id'],
    headers: { dnsOn: 'dns', proxyOn: 'proxy' },
    cells: { managed: ({ managed }) => (managed ? 'yes' : 'no') },
    list: {
      options: {
        name: textOption('text', 'only those whose name holds this'),
        vlan: textOption('vlan', 'only those of this VLAN'),
      },
      examples: ['regent subnet list --vlan web', 'regent subnet list -o wide'],
    },
    show: { summary: 'show a subnet, its ranges and whether DHCP serves it' },
    create: {
      summary: 'create a subnet; its reverse zones are served from then on',
      args: { cidr: { help: 'such as 10.10.20.0/24' } },
      options: {
        gateway: textOption('ip', 'the router that DHCP names'),
        resolvers: repeated('ip', `${RESOLVER}; may be repeated`, 'resolver'),
        ...options,
      },
      examples: [
        'regent subnet create 10.10.20.0/24 --vlan web --gateway 10.10.20.254',
        'regent subnet create 10.10.20.0/24 --vlan 20 --resolver 192.0.2.53 --resolver 192.0.2.54 --proxy off',
      ],
      done: ({ cidr, reverse }) =>
        `subnet ${cidr} created${reverse === undefined ? '' : `\nReverse names: ${reverse}.`}`,
    },
    set: {
      options: {
        cidr: textOption('cidr', 'another size, which holds all that the subnet holds'),
        gateway: orNone('ip', 'the router that DHCP names; "none" removes it'),
        resolvers: repeated('ip|none', `${RESOLVER}; may be repeated; "none": our own again`, 'resolver'),
        ...options,
      },
      examples: [
        'regent subnet set 10.10.20.0/24 --gateway 10.10.20.1 --dry-run',
        'regent subnet set 10.10.20.0/24 --resolver none --proxy on',
        'regent subnet set 10.10.20.0/24 --cidr 10.10.20.0/23',
        "regent subnet set 10.10.20.0/24 --dhcp-option log-servers=192.0.2.14 --dhcp-option '224:string=hall 2' --lease-time 3600",
      ],
    },
    delete: {
      summary: 'delete a subnet that nothing uses',
      next: (subnet) => ({
        in_use: [
          `Its machines: regent machine list --subnet ${subnet}`,
          `Its ranges and reservations: regent range list --subnet ${subnet}; regent reservation list --subnet ${subnet}`,
          `Its leases, which end by themselves: regent lease list --subnet ${subnet}`,
        ],
      }),
    },
  },
});
