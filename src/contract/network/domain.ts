import Type, { type Static } from 'typebox';
import { Flag, Id, listQuery, page, strict, Ttl, text, WriteQuery } from '../common.ts';

const LeaseNames = Type.Boolean({ description: 'names that DHCP clients give themselves are published in it' });

const Force = Type.Boolean({
  description:
    'the name is meant though it is a public top-level domain, such as com: all other names below it are lost to the site',
});

/** A domain, served as a zone by every node that runs dns. */
export const Domain = strict({
  id: Id,
  name: Type.String(),
  ttl: Ttl,
  leaseNames: LeaseNames,
  isDefault: Type.Boolean({ description: 'nodes, and machines that name no domain, live here' }),
});
export type Domain = Static<typeof Domain>;

export const DomainCreate = strict({
  name: text(254),
  ttl: Type.Optional(Ttl),
  leaseNames: Type.Optional(LeaseNames),
  force: Type.Optional(Force),
});
export type DomainCreate = Static<typeof DomainCreate>;

export const DomainSet = strict({
  name: Type.Optional(text(254)),
  ttl: Type.Optional(Ttl),
  leaseNames: Type.Optional(LeaseNames),
  force: Type.Optional(Force),
});
export type DomainSet = Static<typeof DomainSet>;

export const DomainParams = strict({ domain: text(254, 'id or name') });
export const DomainDeleteQuery = strict({
  ...WriteQuery.properties,
  cascade: Type.Optional(Type.Boolean({ description: 'delete its records too; machines are never deleted this way' })),
});
export const DomainListQuery = listQuery(
  { name: Type.Optional(text(254, 'part of the name')), is_default: Type.Optional(Flag) },
  ['id', 'name'],
);
export const DomainPage = page(Domain);
