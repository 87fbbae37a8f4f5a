import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';
import { IS_IN_SUBNET, IS_NEWEST, isLive } from './lease-ends.ts';

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
