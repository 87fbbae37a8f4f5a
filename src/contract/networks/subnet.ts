import Type, { type Static } from 'typebox';
import { DhcpOptions, Flag, Id, listQuery, nullable, strict, text } from '../base/common.ts';
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

/** The noun, its calls and its tables. */
export const SUBNET = entry({
  noun: 'subnet',
  plural: 'subnets',
  one: 'a subnet',
  many: 'subnets',
  component: 'Subnet',
  tables: ['subnets'],
  schemas: { answer: Subnet, params: SubnetParams, query: SubnetListQuery, create: SubnetCreate, set: SubnetSet },
  names: (items) => items.map(({ cidr }) => cidr),
});
