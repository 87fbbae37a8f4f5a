import Type, { type Static } from 'typebox';
import { RECORD_TYPES } from '../../model/names/record.ts';
import { Id, LIMITS, listQuery, oneOf, strict, Ttl, text } from '../base/common.ts';
import { whole, textOption } from '../base/command-texts.ts';
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

const ttl = whole(
  'seconds',
  'how long answers may be cached; "default" for the domain\'s',
  'a whole number of seconds, or "default"',
  'default',
);

/** The noun, its calls and its tables. */
export const RECORD = entry({
  noun: 'record',
  plural: 'records',
  one: 'a record',
  many: 'records',
  tables: ['records'],
  // A host that a record names has its address first.
  file: { identity: ['fqdn', 'type', 'data'], refersTo: {}, after: ['domain', 'machine', 'device', 'reservation'] },
  schemas: { answer: DnsRecord, params: RecordParams, query: RecordListQuery, create: RecordCreate, set: RecordSet },
  commands: {
    summary: 'DNS records (A, AAAA, CNAME, MX, NS, SRV, SSHFP, TXT; PTR follows from addresses)',
    which: 'full name, such as www.example.test',
    example: 'www.example.test',
    title: ({ fqdn, type, data }) => `${fqdn},${type},${data}`,
    columns: ['fqdn', 'type', 'data', 'ttl'],
    wide: ['domain', 'id'],
    headers: { fqdn: 'name' },
    cells: { ttl: (record) => record.ttl ?? 'default' },
    list: {
      options: {
        domain: textOption('name', 'only those of this domain'),
        type: textOption('type', 'only those of this type', RECORD_TYPES),
        fqdn: { ...textOption('fqdn', 'only those of this full name'), flag: 'name' },
      },
    },
    show: { summary: 'show the records of a name' },
    create: {
      summary: 'create a record; the longest domain that holds the name owns it',
      args: {
        fqdn: { name: 'name', help: 'full name, such as www.example.test' },
        type: { help: RECORD_TYPES.join(', '), values: RECORD_TYPES },
        data: { help: 'an address, a name, a text, or several parts in quotes' },
      },
      options: { ttl },
      examples: [
        'regent record create www.example.test A 10.10.10.20 --dry-run',
        'regent record create www.example.test A 10.10.10.20 --ttl 300 --wait',
        "regent record create example.test TXT 'v=spf1 -all'",
        `regent record create k1._domainkey.example.test TXT '"v=DKIM1; k=rsa; " "p=MIGf..."'`,
        "regent record create example.test MX '10 mail.example.test'",
        "regent record create _sip._tcp.example.test SRV '0 5 5060 sip.example.test'",
      ],
      done,
    },
    set: {
      summary: "change a record's data or TTL",
      options: { data: textOption('data', 'new data'), ttl },
      examples: ['regent record set www.example.test A --data 10.10.10.21', 'regent record set --id 12 --ttl default'],
      done,
    },
    delete: {
      examples: ['regent record delete www.example.test', 'regent record delete www.example.test A 10.10.10.20'],
      done,
    },
  },
  names: (items) => items.map(({ fqdn }) => fqdn),
});

function done({ fqdn, type, data }: DnsRecord, verb: string): string {
  return `record ${fqdn} ${type} ${data} ${verb}`;
}
