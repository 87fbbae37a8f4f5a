import { type RawBuilder, sql } from 'kysely';
import type { LeaseEnd } from '../../../model/snapshot.ts';
import type { Tx } from '../../tx.ts';

/** A clock of a rack may be off by so much, seconds, before the doctor says so: a lease of just then is still the one that was meant. */
const SLACK = 10;

/** Is the lease of this row one that somebody may be using now? `row`: its name in the query. */
export function isLive(row: string): RawBuilder<unknown> {
  return sql`${sql.ref(`${row}.state`)} <> 'expired' and ${sql.ref(`${row}.expires_at`)} > now()`;
}

/** Does the address of the lease `t` lie in the subnet `s`? Written so that the index of the addresses serves. */
export const IS_IN_SUBNET = sql`t.address >= host(network(s.cidr))::inet and t.address <= host(broadcast(s.cidr))::inet`;

/**
 * Of several nodes' words of a lease `t` the newest counts: by when its client spoke last, so a rack that was away wins over nobody. Both racks of a pair
 * say the same time: then a live lease counts before one that ended, since somebody may use the address.
 */
export const IS_NEWEST = sql`not exists (select from leases o where o.address = t.address and o.node_id <> t.node_id
  and (o.starts_at, o.state <> 'expired', o.node_id) > (t.starts_at, t.state <> 'expired', t.node_id))`;

/** The same as an order of several nodes' words of an address. */
export const NEWEST_FIRST = sql`t.starts_at desc, t.state <> 'expired' desc, t.node_id desc`;

/** Is the lease `t` the one that the release `r` means? */
const IS_MEANT = sql`r.address = t.address and r.mac is not distinct from t.mac and r.client_id is not distinct from t.client_id
  and t.starts_at <= r.before + make_interval(secs => ${SLACK})`;

/** Who is to have which address: machines' interfaces, and reservations with a MAC. */
const HOLDERS = sql`(select a.address, i.mac from interface_addresses a join interfaces i on i.id = a.interface_id
  union all select address, mac from reservations where mac is not null)`;

/** The lease `t` was given up: whoever is given its address need not wait for its end. */
export const IS_GIVEN_UP = sql`exists (select from lease_releases r where ${IS_MEANT})`;

/**
 * Leases that DHCP servers are to end, in the order of their addresses: those of a static lease's address that another interface has, and
 * those whose end an operator asked for. Each node's word counts, also an older one: a server does not tell its partner of an end, and would give
 * what it kept back to it. By what is stored alone, not by the clock, so that equal rows make equal snapshots.
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

/** Does a change of these leases (address and MAC) make other ends? */
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
