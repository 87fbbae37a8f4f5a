import { type RawBuilder, sql } from 'kysely';
import type { Rejected } from '../../../core/errors.ts';
import type { DnsRecord, NameUse, RecordType } from '../../../model/names/record.ts';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import { deleteRow, findRow, insertRow, type Noun, type VersionedKey, updateRow } from '../../rows.ts';
import type { Tx } from '../../tx.ts';

/** `domain`: the domain's name; `fqdn`: the full name. */
export interface RecordRow extends DnsRecord {
  readonly domain: string;
  readonly fqdn: string;
  readonly version: number;
  /** The data as it was given; null: as `data`. */
  readonly written: string | null;
}

const FQDN = sql`case t.name when '@' then d.name else t.name || '.' || d.name end`;

const RECORDS: Noun = {
  table: 'records',
  key: 'id',
  label: 'record',
  columns: sql`t.id, t.domain_id as "domainId", t.name, t.type, t.data, t.ttl, t.written, t.version, d.name as domain, ${FQDN} as fqdn`,
  from: sql`records t join domains d on d.id = t.domain_id`,
};

export function findRecord(tx: Tx, id: number): Promise<RecordRow | null> {
  return findRow(tx, RECORDS, sql`t.id = ${id}`);
}

/** Records of a full name, in id order; of one type and data where those are given. */
export function findRecords(
  tx: Tx,
  by: { fqdn: string; type?: RecordType | undefined; data?: string | undefined },
): Promise<RecordRow[]> {
  const filters = [
    fqdnIs(by.fqdn),
    by.type === undefined ? sql`true` : sql`t.type = ${by.type}`,
    by.data === undefined ? sql`true` : sql`t.data = ${by.data}`,
  ];
  return tx.all(sql<RecordRow>`select ${RECORDS.columns} from ${RECORDS.from}
    where ${sql.join(filters, sql` and `)} order by t.id limit 1000`);
}

/** Full names that lead to an address, in their order; a hundred at most. */
export async function namesAt(tx: Tx, address: string): Promise<string[]> {
  const rows = await tx.all(sql<{ fqdn: string }>`select ${FQDN} as fqdn from ${RECORDS.from}
    where t.type in ('A', 'AAAA') and t.data = ${address} order by 1 limit 100`);
  return rows.map(({ fqdn }) => fqdn);
}

type NewRecord = Omit<DnsRecord, 'id'> & { readonly written?: string | null };

export function createRecord(tx: Tx, record: NewRecord): Promise<RecordRow> {
  const { domainId, name, type, data, ttl, written } = record;
  return insertRow(tx, RECORDS, { domain_id: domainId, name, type, data, ttl, written });
}

export function updateRecord(
  tx: Tx,
  target: VersionedKey,
  change: { data?: string | undefined; ttl?: number | null | undefined; written?: string | null | undefined },
): Promise<RecordRow | Rejected> {
  return updateRow(tx, RECORDS, target, { data: change.data, ttl: change.ttl, written: change.written });
}

export function deleteRecord(tx: Tx, target: VersionedKey): Promise<RecordRow | Rejected> {
  return deleteRow(tx, RECORDS, target);
}

/**
 * All owners of a name of a domain: records, the machine of that name (also without an address), and with `isNodeDomain` (the default domain) the
 * node of that name and reservations with it.
 */
export async function namesInUse(
  tx: Tx,
  at: { domainId: number; name: string; exceptRecordId?: number; isNodeDomain?: boolean },
): Promise<NameUse[]> {
  return tx.all(sql<NameUse>`
    select 'record' as kind, type, data, 'the record ' || type || ' ' || left(data, 60) as label, null as mac
      from records where domain_id = ${at.domainId} and name = ${at.name} and id <> ${at.exceptRecordId ?? 0}
    union all
    select 'machine', case family(a.address) when 6 then 'AAAA' else 'A' end, coalesce(host(a.address), ''), 'the machine ' || m.hostname, null
      from machines m
      left join lateral (select address from interfaces i join interface_addresses x on x.interface_id = i.id
        where i.machine_id = m.id order by x.id) a on true
      where m.domain_id = ${at.domainId} and m.hostname = ${at.name}
    union all
    select 'node', case family(a) when 4 then 'A' else 'AAAA' end, host(a), 'the node ' || n.name, null
      from nodes n, unnest(n.addresses) as a where ${at.isNodeDomain ?? false} and n.name = ${at.name}
    union all
    select 'reservation', case family(address) when 4 then 'A' else 'AAAA' end, host(address), 'the reserved address ' || host(address), mac
      from reservations where ${at.isNodeDomain ?? false} and hostname = ${at.name}`);
}

export interface RecordFilter extends PageQuery {
  readonly fqdn?: string | undefined;
  readonly domainId?: number | undefined;
  readonly type?: RecordType | undefined;
  readonly data?: string | undefined;
}

/** Sorts: id, fqdn, type. All filters are exact. */
export function listRecords(tx: Tx, query: RecordFilter = {}): Promise<ListPage<RecordRow>> {
  const filters = [
    query.fqdn === undefined ? undefined : fqdnIs(query.fqdn),
    query.domainId === undefined ? undefined : sql`t.domain_id = ${query.domainId}`,
    query.type === undefined ? undefined : sql`t.type = ${query.type}`,
    query.data === undefined ? undefined : sql`t.data = ${query.data}`,
  ];
  const sorts = { id: sql`t.id`, fqdn: sql`(${FQDN}) collate "C"`, type: sql`t.type collate "C"` };
  return listPage(tx, { ...RECORDS, id: sql`t.id`, sorts, defaultSort: 'id' }, filters, query);
}

/** Every division of the name into record and domain, so that an index serves the question. */
function fqdnIs(fqdn: string): RawBuilder<unknown> {
  const labels = fqdn.split('.');
  const domains = labels.map((_, cut) => labels.slice(cut).join('.'));
  const names = labels.map((_, cut) => labels.slice(0, cut).join('.') || '@');
  return sql`(d.name, t.name) in (select * from unnest(${domains}::text[], ${names}::text[]))`;
}
