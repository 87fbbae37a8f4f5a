import { sql } from 'kysely';
import type { AddressSpan } from '../../../core/ip.ts';
import { type Claim, spanOf } from '../../../model/ip-range.ts';
import type { Tx } from '../../tx.ts';

/**
 * Everything in a subnet that automatic allocation avoids: ranges of both kinds, reservations, the gateway, addresses of machines and nodes, the
 * floating address, and addresses in records. Unsorted. Lock the subnet first (`lockSubnet`), so that two requests for the next free address do not
 * find the same one.
 */
export async function takenSpans(tx: Tx, subnetId: number): Promise<AddressSpan[]> {
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
    ) as taken`);
  return rows.map(spanOf);
}

/** An address of a node, configured or reported, or the floating one (`isFloating`); `words` name its owner. */
export interface OwnAddress {
  readonly address: string;
  readonly isFloating: boolean;
  readonly words: string;
}

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
export interface ClaimRow extends Claim {
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
