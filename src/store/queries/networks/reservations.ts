import { sql } from 'kysely';
import { isRejected, type Rejected } from '../../../core/errors.ts';
import type { Reservation } from '../../../model/networks/reservation.ts';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import { deleteRow, findRow, insertRow, type Noun, type VersionedKey, updateRow } from '../../rows.ts';
import { canonicalAddress } from '../../snapshot.ts';
import type { Tx } from '../../tx.ts';

/** `subnet`: CIDR; `machine`: full name of the machine that has an interface with the MAC. */
export interface ReservationRow extends Reservation {
  readonly subnet: string;
  readonly machine: string | null;
  readonly version: number;
}

const RESERVATIONS: Noun = {
  table: 'reservations',
  key: 'id',
  label: 'reservation',
  columns: sql`t.id, t.subnet_id as "subnetId", host(t.address) as address, t.mac, t.hostname, t.comment, t.dhcp_options as "dhcpOptions", t.version,
    text(s.cidr) as subnet, (select m.hostname || '.' || d.name from interfaces i join machines m on m.id = i.machine_id
      join domains d on d.id = m.domain_id where i.mac = t.mac and i.kind = 'physical') as machine`,
  from: sql`reservations t join subnets s on s.id = t.subnet_id`,
};

/** Finds by id, by address, or by what DHCP goes by: subnet and MAC. */
export async function findReservation(
  tx: Tx,
  by: { id: number } | { address: string } | { subnetId: number; mac: string },
): Promise<ReservationRow | null> {
  const row = await findRow<ReservationRow>(tx, RESERVATIONS, whereOf(by));
  return row && canonical(row);
}

export async function createReservation(
  tx: Tx,
  reservation: Omit<Reservation, 'id' | 'comment' | 'dhcpOptions'> & {
    readonly comment?: string | undefined;
    readonly dhcpOptions?: readonly string[] | undefined;
  },
): Promise<ReservationRow> {
  const { subnetId, address, mac, hostname, comment, dhcpOptions } = reservation;
  const columns = { subnet_id: subnetId, address, mac, hostname, comment, dhcp_options: listOf(dhcpOptions) };
  return canonical(await insertRow(tx, RESERVATIONS, columns));
}

export async function updateReservation(
  tx: Tx,
  target: VersionedKey,
  change: {
    readonly mac?: string | null | undefined;
    readonly hostname?: string | null | undefined;
    readonly comment?: string | undefined;
    readonly dhcpOptions?: readonly string[] | undefined;
  },
): Promise<ReservationRow | Rejected> {
  const { mac, hostname, comment, dhcpOptions } = change;
  const columns = { mac, hostname, comment, dhcp_options: listOf(dhcpOptions) };
  const row = await updateRow<ReservationRow>(tx, RESERVATIONS, target, columns);
  return isRejected(row) ? row : canonical(row);
}

export async function deleteReservation(tx: Tx, target: VersionedKey): Promise<ReservationRow | Rejected> {
  const row = await deleteRow<ReservationRow>(tx, RESERVATIONS, target);
  return isRejected(row) ? row : canonical(row);
}

/**
 * A reservation whose name would collide with a CNAME, or with a machine that its MAC does not belong to, if this were the default domain; null:
 * none. `label`: what it would collide with.
 */
export function reservedNameClash(tx: Tx, domainId: number): Promise<{ hostname: string; label: string } | null> {
  return tx.one(sql<{ hostname: string; label: string }>`
    select r.hostname, coalesce('the machine ' || m.hostname, 'the record CNAME ' || c.data) as label from reservations r
      left join machines m on m.domain_id = ${domainId} and m.hostname = r.hostname
        and not exists (select from interfaces i where i.machine_id = m.id and i.mac = r.mac)
      left join records c on c.domain_id = ${domainId} and c.name = r.hostname and c.type = 'CNAME'
    where r.hostname is not null and (m.id is not null or c.id is not null) order by r.hostname collate "C" limit 1`);
}

export interface ReservationFilter extends PageQuery {
  readonly subnetId?: number | undefined;
  readonly mac?: string | undefined;
  readonly address?: string | undefined;
}

/** Sorts: id, address. All filters are exact. */
export async function listReservations(tx: Tx, query: ReservationFilter = {}): Promise<ListPage<ReservationRow>> {
  const filters = [
    query.subnetId === undefined ? undefined : sql`t.subnet_id = ${query.subnetId}`,
    query.mac === undefined ? undefined : sql`t.mac = ${query.mac}`,
    query.address === undefined ? undefined : sql`t.address = ${query.address}::inet`,
  ];
  const sorts = { id: sql`t.id`, address: sql`t.address` };
  const spec = { ...RESERVATIONS, id: sql`t.id`, sorts, defaultSort: 'address' };
  const page = await listPage<ReservationRow>(tx, spec, filters, query);
  return { ...page, items: page.items.map(canonical) };
}

function whereOf(by: { id: number } | { address: string } | { subnetId: number; mac: string }) {
  if ('id' in by) return sql`t.id = ${by.id}`;
  if ('address' in by) return sql`t.address = ${by.address}::inet`;
  return sql`t.subnet_id = ${by.subnetId} and t.mac = ${by.mac}`;
}

function listOf(texts: readonly string[] | undefined): string[] | undefined {
  return texts === undefined ? undefined : [...texts];
}

const canonical = (row: ReservationRow): ReservationRow => ({ ...row, address: canonicalAddress(row.address) });
