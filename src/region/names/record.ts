import type { DnsRecord } from '../../contract/names/record.ts';
import { accept, invalid, refuse, type Rejected, rejected } from '../../core/errors.ts';
import { isInDomain, parseOwnerName, relativeName } from '../../model/names/names.ts';
import {
  checkRecordBeside,
  hostOfRecord,
  LATER_TYPES,
  parseDataIn,
  parseRecordType,
  type RecordType,
  writtenOf,
} from '../../model/names/record.ts';
import { findDomainOf, lockDomain } from '../../store/queries/names/domains.ts';
import { isFeatureOn } from '../../store/queries/base/features.ts';
import * as records from '../../store/queries/names/records.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody } from '../base/paging.ts';
import { domainText, noSuch, parseRecordRef } from '../base/refs.ts';
import { autocommitReading, type CaseContext, target, writing } from '../base/use-case.ts';
import { domainByRef, domainNames, optionalTtl } from './domain.ts';
import { usesOf } from './name-rules.ts';

type RecordRow = records.RecordRow;

function view({ id, fqdn, domain, name, type, data, ttl, written }: RecordRow): DnsRecord {
  return { id, fqdn, domain, name, type, data, ttl, ...(written === null ? {} : { written }) };
}

/** The record that an operator names by id, or by FQDN and type where these are enough. */
async function recordByRef(tx: Tx, text: string): Promise<RecordRow> {
  const ref = parseRecordRef(text);
  if ('kind' in ref) return accept(ref);
  if ('id' in ref) return (await records.findRecord(tx, ref.id)) ?? refuse(noSuch('record', text));
  const { fqdn, type, data } = ref;
  const found = await records.findRecords(tx, { fqdn, type, ...(data === null ? {} : { data }) });
  const [first, second] = found;
  if (!first) refuse(noSuch('record', text));
  if (!second) return first;
  const choices = found.slice(0, 5).map((row) => `${row.id} (${row.data.slice(0, 40)})`);
  refuse('conflict', `${fqdn} has ${found.length} ${type} records. Name one by its id: ${choices.join(', ')}.`);
}

interface WantedRecord {
  readonly id?: number;
  readonly domainId: number;
  readonly domain: string;
  readonly fqdn: string;
  readonly name: string;
  readonly type: RecordType;
  readonly data: string;
}

/** Holds the domain, so that what is read of its names stays true until the transaction ends. */
async function checkRecord(tx: Tx, wanted: WantedRecord, { origin }: CaseContext): Promise<Rejected | null> {
  if (wanted.type === 'CNAME' && wanted.data === wanted.fqdn)
    return invalid('data', `the CNAME ${wanted.fqdn} points at itself`, 'a CNAME names another name (RFC 1034 §3.6.2)');
  const refusal = await lockDomain(tx, wanted.domainId);
  if (refusal) return refusal;
  const isTaken = origin === 'maas' && (wanted.type === 'MX' || wanted.type === 'SRV');
  // As MAAS does: the zone leaves such a record out until the host has an address, and a finding says so.
  const lost = isTaken ? null : await checkHost(tx, wanted);
  return lost ?? checkRecordBeside(wanted, wanted.fqdn, await usesOf(tx, wanted, wanted.id));
}

/** A region node of the release before would serve the quotes of TXT data in presentation form as text. */
async function refuseEarlyTxt(tx: Tx, type: RecordType, data: string): Promise<Rejected | null> {
  if (type !== 'TXT' || !data.startsWith('"') || (await isFeatureOn(tx, 'txt-strings'))) return null;
  return rejected(
    'conflict',
    'TXT data of several strings, or with quotes or backslashes, are possible once every region node has this release.',
  );
}

/** A host of the same zone that a record names has an address there: named refuses the zone otherwise. */
async function checkHost(tx: Tx, { type, data, domain, domainId, fqdn }: WantedRecord): Promise<Rejected | null> {
  const host = hostOfRecord({ type, data });
  if (host === null || !isInDomain(host, domain)) return null;
  // Below a name that has NS records already, the record comes before the address: that is glue only once a record names its host.
  if (type === 'NS' && isInDomain(host, fqdn) && (await records.findRecords(tx, { fqdn, type })).length > 0)
    return null;
  if ((await findDomainOf(tx, host))?.id !== domainId) return null;
  const uses = await usesOf(tx, { domainId, domain, name: relativeName(host, domain) });
  if (uses.some((use) => use.data !== '' && (use.type === 'A' || use.type === 'AAAA'))) return null;
  return invalid('data', `${host} has no address`, `${type} names a host; one of ${domain} gets its address first`);
}

export const recordCases = {
  'record.list': autocommitReading('record.list', async (tx, { query }) => {
    const domain = query?.domain === undefined ? undefined : await domainByRef(tx, query.domain);
    const type = accept(query?.type === undefined ? undefined : parseRecordType(query.type));
    const page = await records.listRecords(tx, {
      limit: query?.limit,
      cursor: query?.cursor,
      sort: query?.sort,
      fqdn: query?.fqdn === undefined ? undefined : domainText(query.fqdn),
      domainId: domain?.id,
      type,
      data: query?.data,
    });
    return pageBody(page, view, query);
  }),

  'record.show': autocommitReading('record.show', async (tx, { params }) => {
    const row = await recordByRef(tx, params.record);
    return { body: view(row), version: row.version };
  }),

  'record.create': writing(
    'record.create',
    ({ body }) => `record create ${body.fqdn} ${body.type}`,
    async (tx, { body }, context) => {
      const fqdn = accept(parseOwnerName(body.fqdn));
      const type = accept(parseRecordType(body.type));
      if (LATER_TYPES.includes(type) && !(await isFeatureOn(tx, 'record-types')))
        refuse('conflict', `${type} records are possible once every region node has this release.`);
      const ttl = optionalTtl(body.ttl);
      const domain = await findDomainOf(tx, fqdn);
      if (!domain) {
        const known = await domainNames(tx);
        const rule =
          known.length === 0
            ? 'create a domain first'
            : `it lies in one of ${known.slice(0, 10).join(', ')}${known.length > 10 ? ', …' : ''}`;
        refuse(invalid('fqdn', `no domain holds ${fqdn}`, rule));
      }
      const data = accept(parseDataIn(domain.name, type, body.data));
      accept(await refuseEarlyTxt(tx, type, data));
      const wanted = {
        domainId: domain.id,
        domain: domain.name,
        fqdn,
        name: relativeName(fqdn, domain.name),
        type,
        data,
      };
      accept(await checkRecord(tx, wanted, context));
      const { domainId, name } = wanted;
      const written = writtenOf(type, body.data, data);
      const row = await records.createRecord(tx, { domainId, name, type, data, ttl: ttl ?? null, written });
      tx.emit({ kind: 'record.created', subject: row.fqdn, data: { ...view(row) } });
      return { body: view(row), version: row.version };
    },
  ),

  'record.set': writing(
    'record.set',
    ({ params }) => `record set ${params.record}`,
    async (tx, { params, body }, context) => {
      const old = await recordByRef(tx, params.record);
      const data = accept(body.data === undefined ? old.data : parseDataIn(old.domain, old.type, body.data));
      accept(body.data === undefined ? null : await refuseEarlyTxt(tx, old.type, data));
      const ttl = optionalTtl(body.ttl);
      accept(await checkRecord(tx, { ...old, data }, context));
      const written = body.data === undefined ? old.written : writtenOf(old.type, body.data, data);
      const row = accept(await records.updateRecord(tx, target(old.id, context), { data, ttl, written }));
      tx.emit({ kind: 'record.changed', subject: row.fqdn, data: { ...view(row) } });
      return { body: view(row), version: row.version };
    },
  ),

  'record.delete': writing(
    'record.delete',
    ({ params }) => `record delete ${params.record}`,
    async (tx, { params }, context) => {
      const old = await recordByRef(tx, params.record);
      const row = accept(await records.deleteRecord(tx, target(old.id, context)));
      tx.emit({ kind: 'record.deleted', subject: row.fqdn, data: { ...view(row) } });
      return { body: view(row) };
    },
  ),
};
