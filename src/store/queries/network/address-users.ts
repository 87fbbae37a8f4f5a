import { sql } from 'kysely';
import type { AddressSpan } from '../../../core/ip.ts';
import { type Claim, spanOf } from '../../../model/ip-range.ts';
import type { Tx } from '../../tx.ts';

/** Addresses that nodes have or report to have: a machine must not get the address of its own resolver. */
const NODE_ADDRESSES = sql`
  select id as node_id, a as address from nodes, unnest(addresses) as a
  union select node_id, case when pg_input_is_valid(reported, 'inet') then host(reported::inet)::inet end
    from node_observations, jsonb_path_query(facts, '$.interfaces[*].addresses[*]') as value,
    lateral (select value #>> '{}' as reported) as text`;

/**
 * Everything in a subnet that automatic allocation stays away from: ranges of both kinds, reservations, the gateway, addresses of
 * machines and nodes, and addresses that records name. Unsorted. Hold the subnet (`lockSubnet`) before, so that two requests
 * for the next free address do not find the same one.
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
      union all select n.address, n.address from (${NODE_ADDRESSES}) as n, subnet where n.address <<= subnet.cidr
      union all select data::inet, data::inet from records, subnet where type in ('A', 'AAAA') and data::inet <<= subnet.cidr
    ) as taken`);
  return rows.map(spanOf);
}

/** Name of the node that has the address or reports to have it; null without one. */
export async function nodeOfAddress(tx: Tx, address: string): Promise<string | null> {
  const row = await tx.one(sql<{ name: string }>`
    select nodes.name from (${NODE_ADDRESSES}) as n join nodes on nodes.id = n.node_id
    where n.address = ${address}::inet order by nodes.name limit 1`);
  return row?.name ?? null;
}

/** Somebody who has addresses for himself: the row of `source` with this id, in words that operators know, and its addresses. */
export interface ClaimRow extends Claim {
  readonly source: 'ip_ranges' | 'reservations' | 'subnets' | 'interface_addresses';
  readonly id: number;
}

/**
 * Who has addresses between these two (both included) for himself: dynamic ranges, reservations, gateways, machines. The lowest first, at
 * most `limit`.
 */
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
