import Type, { type Static } from 'typebox';
import { Flag, Id, listQuery, page, strict, text } from './common.ts';

/** A VLAN: a broadcast domain; VID 0 is untagged. */
export const Vlan = strict({ id: Id, name: Type.String(), vid: Type.Integer({ minimum: 0, maximum: 4094 }) });
export type Vlan = Static<typeof Vlan>;

export const VlanListQuery = listQuery({ name: Type.Optional(text(64)) }, ['id', 'name', 'vid']);
export const VlanPage = page(Vlan);

/** A subnet. `dnsOn`: hosts with its addresses may ask our resolvers. */
export const Subnet = strict({
  id: Id,
  name: Type.String(),
  cidr: Type.String(),
  vlan: Type.String({ description: 'name of the VLAN' }),
  vlanId: Id,
  dnsOn: Type.Boolean(),
  used: Type.Integer({ description: 'addresses that machines have' }),
});
export type Subnet = Static<typeof Subnet>;

export const SubnetCreate = strict({
  cidr: text(64),
  name: Type.Optional(text(64, 'the CIDR when left out')),
  vlan: Type.Optional(text(64, 'id, name or VID; the untagged VLAN when left out')),
  dnsOn: Type.Optional(Type.Boolean()),
});
export type SubnetCreate = Static<typeof SubnetCreate>;

export const SubnetSet = strict({
  name: Type.Optional(text(64)),
  vlan: Type.Optional(text(64)),
  dnsOn: Type.Optional(Type.Boolean()),
});
export type SubnetSet = Static<typeof SubnetSet>;

export const SubnetParams = strict({ subnet: text(64, 'id, CIDR (with "/" written %2F) or name') });
export const SubnetListQuery = listQuery(
  {
    name: Type.Optional(text(64, 'part of the name')),
    cidr: Type.Optional(text(64)),
    vlan: Type.Optional(text(64)),
    dns_on: Type.Optional(Flag),
  },
  ['id', 'name', 'cidr'],
);
export const SubnetPage = page(Subnet);
