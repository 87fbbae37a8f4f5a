import { sql } from 'kysely';
import { isRejected, type Rejected } from '../../../core/errors.ts';
import type { IpRange, RangeKind } from '../../../model/networks/ip-range.ts';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import { deleteRow, findRow, insertRow, type Noun, type VersionedKey, updateRow } from '../../rows.ts';
import { canonicalAddress } from '../../snapshot.ts';
import type { Tx } from '../../tx.ts';

/** `subnet`: CIDR. */
export type RangeRow = IpRange & { readonly subnet: string; readonly version: number };

const RANGES: Noun = {
  table: 'ip_ranges',
  key: 'id',
  label: 'range',
  columns: sql`t.id, t.subnet_id as "subnetId", t.kind, host(t.first) as first, host(t.last) as last, t.comment, t.version,
    text(s.cidr) as subnet`,
  from: sql`ip_ranges t join subnets s on s.id = t.subnet_id`,
};

/** Finds by id, or by both ends. */
export async function findRange(
  tx: Tx,
  by: { id: number } | { first: string; last: string },
): Promise<RangeRow | null> {
  const where = 'id' in by ? sql`t.id = ${by.id}` : sql`t.first = ${by.first}::inet and t.last = ${by.last}::inet`;
  const row = await findRow<RangeRow>(tx, RANGES, where);
  return row && canonical(row);
}

/** All ranges of a subnet, in order of addresses. */
export async function rangesOf(tx: Tx, subnetId: number): Promise<RangeRow[]> {
  const rows = await tx.all(
    sql<RangeRow>`select ${RANGES.columns} from ${RANGES.from} where t.subnet_id = ${subnetId} order by t.first`,
  );
  return rows.map(canonical);
}

/** Dynamic ranges of all subnets of a VLAN, in order of addresses. */
export async function dynamicRangesOnVlan(tx: Tx, vlanId: number): Promise<RangeRow[]> {
  return tx.all(sql<RangeRow>`select ${RANGES.columns} from ${RANGES.from}
    where s.vlan_id = ${vlanId} and t.kind = 'dynamic' order by t.first`);
}

export async function createRange(
  tx: Tx,
  range: Omit<IpRange, 'id' | 'comment'> & { readonly comment?: string | undefined },
): Promise<RangeRow> {
  const { subnetId, kind, first, last, comment } = range;
  return canonical(await insertRow<RangeRow>(tx, RANGES, { subnet_id: subnetId, kind, first, last, comment }));
}

export async function updateRange(
  tx: Tx,
  target: VersionedKey,
  change: Partial<Pick<IpRange, 'kind' | 'first' | 'last'>> & { readonly comment?: string | undefined },
): Promise<RangeRow | Rejected> {
  const { kind, first, last, comment } = change;
  const row = await updateRow<RangeRow>(tx, RANGES, target, { kind, first, last, comment });
  return isRejected(row) ? row : canonical(row);
}

export async function deleteRange(tx: Tx, target: VersionedKey): Promise<RangeRow | Rejected> {
  const row = await deleteRow<RangeRow>(tx, RANGES, target);
  return isRejected(row) ? row : canonical(row);
}

export type RangeFilter = PageQuery & { readonly subnetId?: number | undefined; readonly kind?: RangeKind | undefined };

/** Sorts: id, first. */
export async function listRanges(tx: Tx, query: RangeFilter = {}): Promise<ListPage<RangeRow>> {
  const filters = [
    query.subnetId === undefined ? undefined : sql`t.subnet_id = ${query.subnetId}`,
    query.kind === undefined ? undefined : sql`t.kind = ${query.kind}`,
  ];
  const sorts = { id: sql`t.id`, first: sql`t.first` };
  const page = await listPage<RangeRow>(tx, { ...RANGES, id: sql`t.id`, sorts, defaultSort: 'first' }, filters, query);
  return { ...page, items: page.items.map(canonical) };
}

function canonical(row: RangeRow): RangeRow {
  return { ...row, first: canonicalAddress(row.first), last: canonicalAddress(row.last) };
}
