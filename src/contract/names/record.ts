import Type, { type Static } from 'typebox';
import { RECORD_TYPES } from '../../model/names/record.ts';
import { Id, LIMITS, listQuery, oneOf, strict, Ttl, text } from '../base/common.ts';
import { entry } from '../base/entry.ts';

/** A record that an operator wrote; PTR, NS and SOA are generated and not listed here. */
export const DnsRecord = strict({
  id: Id,
  fqdn: Type.String(),
  domain: Type.String(),
  name: Type.String({ description: 'relative to the domain; @ for the domain itself' }),
  type: oneOf(RECORD_TYPES),
  data: Type.String(),
  ttl: Ttl,
  written: Type.Optional(Type.String({ description: 'the data as it was given, where that is another text' })),
});
export type DnsRecord = Static<typeof DnsRecord>;

const RecordCreate = strict({
  fqdn: text(254, 'full name; the longest domain that holds it owns the record'),
  type: text(16, `one of ${RECORD_TYPES.join(', ')}`),
  data: text(LIMITS.text, 'a name in it without any dot is one of the domain'),
  ttl: Type.Optional(Ttl),
});
export type RecordCreate = Static<typeof RecordCreate>;

const RecordSet = strict({ data: Type.Optional(text(LIMITS.text)), ttl: Type.Optional(Ttl) });
export type RecordSet = Static<typeof RecordSet>;

const RecordParams = strict({
  record: text(LIMITS.param, 'id, or FQDN,TYPE, or FQDN,TYPE,DATA where several share name and type'),
});
const RecordListQuery = listQuery(
  {
    fqdn: Type.Optional(text(254, 'exact full name')),
    domain: Type.Optional(text(254, 'id or name of the domain')),
    type: Type.Optional(text(16)),
    data: Type.Optional(text(LIMITS.text, 'exact data')),
  },
  ['id', 'fqdn', 'type'],
);

/** The noun, its calls and its tables. */
export const RECORD = entry({
  noun: 'record',
  plural: 'records',
  one: 'a record',
  many: 'records',
  component: 'Record',
  tables: ['records'],
  schemas: { answer: DnsRecord, params: RecordParams, query: RecordListQuery, create: RecordCreate, set: RecordSet },
  names: (items) => items.map(({ fqdn }) => fqdn),
});
