import { sql } from 'kysely';
import type { AddressSpan } from '../../../core/ip.ts';
import { type AddressClaim, spanOf } from '../../../model/networks/ip-range.ts';
import type { Tx } from '../../tx.ts';
import { IS_IN_SUBNET, IS_NEWEST, isLive } from './lease-ends.ts';

/** How long what was seen on the wire counts. */
const PROBE_LASTS = sql`interval '10 minutes'`;

/**
 * Everything in a subnet that automatic allocation avoids: ranges of both kinds, reservations, the gateway, addresses of machines and nodes, the
 * floating address, addresses in records, what the configuration names (resolvers, routers, BMCs), what systems still have, and what answered on the
 * wire of late, unless a card with one of `macs` did. Unsorted. Lock the subnet first (`lockSubnet`), so that two requests for the next free address do not
 * find the same one.
 */
export async function takenSpans(tx: Tx, subnetId: number, macs: readonly string[] = []): Promise<AddressSpan[]> {
  const rows = await tx.all(sql<{ first: string; last: string }>`
    with subnet as (select id, cidr, gateway from subnets where id = ${subnetId}),
    own as (
      select address from reservations where subnet_id = ${subnetId}
      union select address from interface_addresses where subnet_id = ${subnetId}),
    -- Neighbours come as one span: of IPv4 addresses in a row, address less place is the same number.
    rows as (
      select address, case family(address) when 4 then address - '0.0.0.0'::inet - row_number() over (order by address) end as run
      from own)
    select host(first) as first, host(last) as last from (
      select first, last from ip_ranges where subnet_id = ${subnetId}
      union all select min(address), max(address) from rows where run is not null group by run
      union all select address, address from rows where run is null
      union all select gateway, gateway from subnet where gateway is not null
      union all select o.address, o.address from own_addresses o, subnet where o.address <<= subnet.cidr
      union all select data::inet, data::inet from records, subnet where type in ('A', 'AAAA') and data::inet <<= subnet.cidr
      union all select n.address, n.address from subnet, named_addresses(subnet.cidr) as n
      union all select h.address, h.address from held_addresses h, subnet where h.address <<= subnet.cidr
      union all select p.address, p.address from probed_addresses p, subnet
        where p.mac is not null and p.mac <> all(${[...macs]}::text[]) and p.at > now() - ${PROBE_LASTS} and p.address <<= subnet.cidr
    ) as taken`);
  return rows.map(spanOf);
}

/** An address of a node, configured or reported, or the floating one (`isFloating`); `words` name its owner. */
export type OwnAddress = { readonly address: string; readonly isFloating: boolean; readonly words: string };

/** The cluster's own addresses between these two (both included), the lowest first, at most `limit`. */
export function ownAddressesBetween(
  tx: Tx,
  span: { readonly first: string; readonly last: string },
  limit = 3,
): Promise<OwnAddress[]> {
  return tx.all(sql<OwnAddress>`
    select host(address) as address, node_id is null as "isFloating", words from own_addresses
    where address between ${span.first}::inet and ${span.last}::inet
    order by own_addresses.address, node_id nulls first, words limit ${limit}`);
}

/** An owner of addresses: the row of `source` with this id, a description for operators, and its addresses. */
export interface ClaimRow extends AddressClaim {
  readonly source: 'ip_ranges' | 'reservations' | 'subnets' | 'interface_addresses';
  readonly id: number;
}

/** Owners of addresses between these two (both included): dynamic ranges, reservations, gateways, machines. The lowest first, at most `limit`. */
export async function claimsBetween(
  tx: Tx,
  span: { readonly first: string; readonly last: string },
  limit = 3,
): Promise<ClaimRow[]> {
  const rows = await tx.all(sql<{ source: ClaimRow['source']; id: number; what: string; first: string; last: string }>`
    select source, source_id as id, claim_words(c) as what, host(lower(span)) as first, host(upper(span)) as last from address_claims c
    where span && inetrange(${span.first}::inet, ${span.last}::inet, '[]') order by span limit ${limit}`);
  return rows.map(({ first, last, ...claim }) => ({ ...claim, span: spanOf({ first, last }) }));
}

/** Neighbouring addresses of a subnet that one thing has. `mac`, `until`: of a lease or a fixed address. */
export interface AddressRunRow {
  readonly first: string;
  readonly last: string;
  readonly use: 'node' | 'gateway' | 'machine' | 'reservation' | 'dynamic' | 'reserved' | 'record' | 'lease';
  readonly what: string;
  readonly mac: string | null;
  readonly until: string | null;
}

/** Whose the addresses of a subnet are, the lowest first, the most particular use of an address first; at most `limit` runs. */
export function addressRuns(tx: Tx, subnetId: number, limit: number): Promise<AddressRunRow[]> {
  return tx.all(sql<AddressRunRow>`
    with subnet as (select id, cidr, gateway from subnets where id = ${subnetId})
    select host(first) as first, host(last) as last, use, what, mac, until from (
      select o.address as first, o.address as last, 'node' as use, 1 as place, o.words as what, null as mac, null::timestamptz as until
        from own_addresses o, subnet where o.address <<= subnet.cidr
      union all select gateway, gateway, 'gateway', 2, '', null, null from subnet where gateway is not null
      union all select a.address, a.address, 'machine', 3, m.hostname || '.' || d.name || ' ' || i.name, i.mac, null
        from interface_addresses a join interfaces i on i.id = a.interface_id join machines m on m.id = i.machine_id join domains d on d.id = m.domain_id
        where a.subnet_id = ${subnetId}
      union all select r.address, r.address, 'reservation', 4, concat_ws(' ', r.hostname, nullif(r.comment, '')), r.mac, null
        from reservations r where r.subnet_id = ${subnetId}
      union all select h.address, h.address, 'machine', 4, 'still of the system on ' || h.machine, null, null
        from held_addresses h, subnet where h.address <<= subnet.cidr
      union all select t.address, t.address, 'lease', 5, t.hostname, t.mac, t.expires_at
        from subnet s join leases t on ${IS_IN_SUBNET} where ${isLive('t')} and ${IS_NEWEST}
      union all select c.data::inet, c.data::inet, 'record', 6, case c.name when '@' then d.name else c.name || '.' || d.name end, null, null
        from records c join domains d on d.id = c.domain_id, subnet where c.type in ('A', 'AAAA') and c.data::inet <<= subnet.cidr
      union all select first, last, kind, 7, comment, null, null from ip_ranges where subnet_id = ${subnetId}
    ) as runs order by runs.first, place, runs.last, what limit ${limit}`);
}

/** How many leases clients hold now in each subnet, by its id; those without any are left out. */
export async function countLeasesBySubnet(tx: Tx): Promise<ReadonlyMap<number, number>> {
  const rows = await tx.all(sql<{ id: number; count: number }>`
    select s.id, count(*)::int as count from subnets s join leases t on ${IS_IN_SUBNET}
    where family(s.cidr) = 4 and t.state = 'active' and ${isLive('t')} and ${IS_NEWEST} group by s.id`);
  return new Map(rows.map(({ id, count }) => [id, count]));
}
