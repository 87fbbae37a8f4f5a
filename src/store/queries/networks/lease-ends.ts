import { type RawBuilder, sql } from 'kysely';
import type { LeaseEnd } from '../../../model/networks/lease.ts';
import type { Tx } from '../../tx.ts';

/** A rack's clock may be off by so many seconds before the doctor reports it. A lease of about that time is still the one that was meant. */
const SLACK = 10;

/** May a client be using the lease of this row now? `row`: its name in the query. */
export function isLive(row: string): RawBuilder<unknown> {
  return sql`${sql.ref(`${row}.state`)} <> 'expired' and ${sql.ref(`${row}.expires_at`)} > now()`;
}

/** Does the address of the lease `t` lie in the subnet `s`? Written so that the index on addresses serves. */
export const IS_IN_SUBNET = sql`t.address >= host(network(s.cidr))::inet and t.address <= host(broadcast(s.cidr))::inet`;

/**
 * If several nodes report a lease `t`, the newest report counts: the one with the latest contact of its client. So a rack that was away does not win.
 * Both racks of a pair have the same time; then a live lease counts before one that ended, since a client may use the address.
 */
export const IS_NEWEST = sql`not exists (select from leases o where o.address = t.address and o.node_id <> t.node_id
  and (o.starts_at, o.state <> 'expired', o.node_id) > (t.starts_at, t.state <> 'expired', t.node_id))`;

/** The same as a sort order of several nodes' reports of an address. */
export const NEWEST_FIRST = sql`t.starts_at desc, t.state <> 'expired' desc, t.node_id desc`;

/** Is the lease `t` the one that the release `r` means? */
const IS_MEANT = sql`r.address = t.address and r.mac is not distinct from t.mac and r.client_id is not distinct from t.client_id
  and t.starts_at <= r.before + make_interval(secs => ${SLACK})`;

/** The configured owners of addresses: machines' interfaces, and reservations with a MAC. */
const HOLDERS = sql`(select a.address, i.mac from interface_addresses a join interfaces i on i.id = a.interface_id
  union all select address, mac from reservations where mac is not null)`;

/** The lease `t` was given up: the next owner of the address need not wait for its end. */
export const IS_GIVEN_UP = sql`exists (select from lease_releases r where ${IS_MEANT})`;

/**
 * Leases that DHCP servers must end, in the order of their addresses: those of a static lease's address with another interface, and those whose end
 * an operator requested. Each node's report counts, also an older one, because a server does not report an end to its partner, and would get the lease
 * back from it. Only stored data count, not the clock, so that equal rows make equal snapshots.
 */
export function readLeaseEnds(tx: Tx): Promise<LeaseEnd[]> {
  return tx.all(sql<LeaseEnd>`
    select host(e.address) as address, e."keptFor", e.mac, e.before, array_agg(e.node_id order by e.node_id) as "heldBy" from (
      select t.address, h.mac as "keptFor", t.mac, null::bigint as before, t.node_id
        from leases t join ${HOLDERS} h on h.address = t.address
        where t.state = 'active' and t.mac is distinct from h.mac
      union all
      select t.address, null, t.mac, ceil(extract(epoch from r.before))::bigint + ${SLACK}::int, t.node_id
        from leases t join lease_releases r on ${IS_MEANT} where r.is_asked and t.state <> 'expired'
        and not exists (select from ${HOLDERS} h where h.address = t.address and t.state = 'active' and h.mac is distinct from t.mac)
    ) e group by e.address, e."keptFor", e.mac, e.before order by e.address, e.mac`);
}

/** Does a change of these leases (address and MAC) change the leases to end? */
export async function touchesLeaseEnds(
  tx: Tx,
  leases: readonly { readonly address: string; readonly mac: string | null }[],
): Promise<boolean> {
  const rows = JSON.stringify(leases.map(({ address, mac }) => ({ address, mac })));
  const row = await tx.one(sql<{ touched: boolean }>`
    select exists (select from jsonb_to_recordset(${rows}::jsonb) as c (address inet, mac text)
      where exists (select from ${HOLDERS} h where h.address = c.address and h.mac is distinct from c.mac)
        or exists (select from lease_releases r where r.address = c.address and r.is_asked)) as touched`);
  return row?.touched ?? false;
}

/** Asks for the end of an address's lease as it is now. */
export async function requestLeaseEnd(
  tx: Tx,
  lease: { readonly address: string; readonly mac: string | null; readonly clientId: string | null },
): Promise<void> {
  await tx.run(sql`insert into lease_releases (address, mac, client_id, before, is_asked)
    values (${lease.address}::inet, ${lease.mac}, ${lease.clientId}, now(), true)
    on conflict (address) do update set mac = excluded.mac, client_id = excluded.client_id, before = excluded.before,
      is_asked = true, at = now()`);
}
