import Type, { type Static } from 'typebox';
import { Flag, Id, listQuery, nullable, strict, Ttl, text, WriteQuery } from '../base/common.ts';
import { commaList, onOff, orNone, switchOf, whole, textOption } from '../base/command-texts.ts';
import { entry } from '../base/entry.ts';

const LeaseNames = Type.Boolean({ description: 'names that DHCP clients give themselves are published in it' });

const TransferTo = Type.Array(text(64), {
  maxItems: 8,
  description: 'addresses of other name servers that may copy it, and get a notice of each change',
});

const TransferKey = nullable(text(64, 'id or name of the key (tsig-key) that signs that; null: the address is enough'));

const Authoritative = Type.Boolean({
  description: 'this site answers for it; off: others do, and no zone of it is served here',
});

const ForwardTo = Type.Array(text(64), {
  maxItems: 8,
  description:
    'name servers that questions about it go to, ADDRESS or ADDRESS:PORT, where the site does not answer for it; none: as for any foreign name',
});

const Force = Type.Boolean({
  description:
    'the name is meant though it is a public top-level domain, such as com: all other names below it are lost to the site',
});

/** A domain, served as a zone by every node that runs dns, unless others answer for it. */
export const Domain = strict({
  id: Id,
  name: Type.String(),
  ttl: Ttl,
  leaseNames: LeaseNames,
  transferTo: Type.Array(Type.String(), { description: 'other name servers that may copy it' }),
  transferKey: nullable(Type.String({ description: 'name of the key that they need' })),
  authoritative: Authoritative,
  forwardTo: Type.Array(Type.String(), { description: 'name servers that questions about it go to' }),
  isDefault: Type.Boolean({ description: 'nodes, and machines that name no domain, live here' }),
});
export type Domain = Static<typeof Domain>;

const DomainCreate = strict({
  name: text(254),
  ttl: Type.Optional(Ttl),
  leaseNames: Type.Optional(LeaseNames),
  transferTo: Type.Optional(TransferTo),
  transferKey: Type.Optional(TransferKey),
  authoritative: Type.Optional(Authoritative),
  forwardTo: Type.Optional(ForwardTo),
  force: Type.Optional(Force),
});
export type DomainCreate = Static<typeof DomainCreate>;

const DomainSet = strict({
  name: Type.Optional(text(254)),
  ttl: Type.Optional(Ttl),
  leaseNames: Type.Optional(LeaseNames),
  transferTo: Type.Optional(TransferTo),
  transferKey: Type.Optional(TransferKey),
  authoritative: Type.Optional(Authoritative),
  forwardTo: Type.Optional(ForwardTo),
  force: Type.Optional(Force),
});
export type DomainSet = Static<typeof DomainSet>;

const DomainParams = strict({ domain: text(254, 'id or name') });
const DomainDeleteQuery = strict({
  ...WriteQuery.properties,
  cascade: Type.Optional(Type.Boolean({ description: 'delete its records too; machines are never deleted by it' })),
});
const DomainListQuery = listQuery(
  { name: Type.Optional(text(254, 'part of the name')), is_default: Type.Optional(Flag) },
  ['id', 'name'],
);

const options = {
  ttl: whole(
    'seconds',
    'TTL of records that name none; "default" for the site\'s',
    'a whole number of seconds, or "default"',
    'default',
  ),
  leaseNames: onOff('publish the names that DHCP clients give themselves'),
  transferTo: commaList('addresses', 'other name servers that may copy it, with commas; "none": nobody'),
  transferKey: orNone('key', 'the tsig-key that they need; "none": their address is enough'),
  authoritative: onOff('off: others answer for it, and no zone of it is served here'),
  forwardTo: commaList(
    'servers',
    'with --authoritative off: name servers that questions about it go to, ADDRESS or ADDRESS:PORT, with commas; "none"',
  ),
  force: switchOf('allow a public top-level domain, such as com'),
};

/** The noun, its calls and its tables. */
export const DOMAIN = entry({
  noun: 'domain',
  plural: 'domains',
  one: 'a domain',
  many: 'domains',
  tables: ['domains'],
  file: { identity: ['name'], refersTo: { transferKey: 'tsig-key' } },
  schemas: {
    answer: Domain,
    params: DomainParams,
    query: DomainListQuery,
    create: DomainCreate,
    set: DomainSet,
    remove: DomainDeleteQuery,
  },
  commands: {
    summary: 'domains, each served as a DNS zone',
    which: 'domain name or id',
    example: 'example.test',
    columns: ['name', 'ttl', 'isDefault', 'leaseNames'],
    wide: ['answered', 'transferTo', 'transferKey', 'id'],
    headers: { isDefault: 'default' },
    cells: {
      ttl: ({ ttl }) => ttl ?? 'default',
      isDefault: ({ isDefault }) => (isDefault ? 'yes' : 'no'),
      answered: ({ authoritative, forwardTo }) => (authoritative ? 'here' : forwardTo.join(', ') || 'elsewhere'),
    },
    list: { options: { name: textOption('text', 'only those whose name holds this') } },
    create: {
      options,
      examples: [
        'regent domain create example.test',
        'regent domain create example.test --ttl 300 --dry-run',
        'regent domain create corp.example.net --authoritative off --forward-to 192.0.2.53,192.0.2.54:5353',
      ],
    },
    set: {
      options: { name: textOption('name', 'new name'), ...options },
      examples: [
        'regent domain set lab.example.test --lease-names on',
        'regent domain set example.test --transfer-to 192.0.2.5,192.0.2.6 --transfer-key ns-partner',
      ],
    },
    delete: { options: { cascade: switchOf('delete its records too (machines are never deleted by it)') } },
  },
});
