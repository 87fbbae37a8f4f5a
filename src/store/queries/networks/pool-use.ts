import { sql } from 'kysely';
import type { PoolCount } from '../../../model/networks/pool.ts';
import type { Tx } from '../../tx.ts';
import { leftFirst } from './lease-reports.ts';
import { isLive, NEWEST_FIRST } from './lease-ends.ts';

/** A dynamic range with its leases. `sides`: how many live leases each node knows there. */
export interface PoolRow extends PoolCount {
  readonly subnetId: number;
  readonly cidr: string;
  readonly first: string;
  readonly last: string;
  readonly sides: readonly { readonly node: string; readonly used: number }[];
}

/** A pool in the view of one of its nodes. */
type SideRow = PoolRow & { readonly node: string | null; readonly known: number };

/** How far back leases count. */
const BACK = sql`interval '1 hour'`;

/**
 * Dynamic ranges of a subnet, of a VLAN, or of all VLANs with DHCP, in order of their addresses. Rows show the earlier use: since when a client has
 * an address, and when leases ended. A client that left and came back within the hour left no trace in its row; the event of its leaving shows that
 * it was there.
 */
export async function readPools(
  tx: Tx,
  of: { readonly subnetId: number } | { readonly vlanId: number } | 'served',
): Promise<PoolRow[]> {
  const rows = await tx.all(sql<SideRow>`
    with pools as (
      select r.id, r.subnet_id, text(s.cidr) as cidr, r.first, r.last, (r.last - r.first + 1)::bigint as size
      from ip_ranges r join subnets s on s.id = r.subnet_id join vlans v on v.id = s.vlan_id where r.kind = 'dynamic' and ${whereOf(of)}
    ), lease_rows as materialized (
      select p.id, t.address, t.node_id, t.mac, t.named_since, t.expires_at, ${isLive('t')} as is_live,
        row_number() over newest as place, first_value(t.mac) over newest as head
      from pools p join leases t on t.address between p.first and p.last
      window newest as (partition by t.address order by ${NEWEST_FIRST})
    ), heads as (
      select id, address, bool_or(is_live) filter (where place = 1) as is_live, min(expires_at) filter (where place = 1) as expires_at,
        min(named_since) filter (where mac is not distinct from head) as began
      from lease_rows group by id, address
    ), spans as (
      select id, greatest(min(began), now() - ${BACK}) as since from heads group by id
    ), left_first as (
      ${leftFirst(BACK)}
    ), counts as (
      select h.id, count(*) filter (where h.is_live) as used, count(*) filter (where
        (h.began <= s.since and (h.is_live or h.expires_at > s.since))
        or host(h.address) in (select subject from left_first)) as before
      from heads h join spans s using (id) group by h.id
    ), sides as (
      select w.id, n.name as node, count(*) filter (where w.is_live) as known from lease_rows w join nodes n on n.id = w.node_id group by w.id, n.name
    )
    select p.subnet_id as "subnetId", p.cidr, host(p.first) as first, host(p.last) as last, p.size, coalesce(c.used, 0) as used,
      coalesce(c.before, 0) as before, coalesce(extract(epoch from now() - s.since), 0)::int as seconds, d.node, coalesce(d.known, 0) as known
    from pools p left join counts c using (id) left join spans s using (id) left join sides d using (id) order by p.first, d.node`);
  return [...Map.groupBy(rows, (row) => row.first).values()].flatMap(([row, ...more]) =>
    row ? [poolOf(row, more)] : [],
  );
}

function poolOf(row: SideRow, more: readonly SideRow[]): PoolRow {
  const { subnetId, cidr, first, last, seconds } = row;
  const sides = [row, ...more].flatMap(({ node, known }) => (node === null ? [] : [{ node, used: Number(known) }]));
  const [size, used, before] = [Number(row.size), Number(row.used), Number(row.before)];
  return { subnetId, cidr, first, last, size, used, before, seconds, sides };
}

function whereOf(of: Parameters<typeof readPools>[1]) {
  if (of === 'served') return sql`v.dhcp_on`;
  return 'subnetId' in of ? sql`s.id = ${of.subnetId}` : sql`v.id = ${of.vlanId}`;
}
