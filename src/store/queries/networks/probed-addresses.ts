import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** How long an address that nobody answered at counts as probed. */
const FRESH = sql`interval '60 s'`;
/** A node that reported within this stands where it says. */
const LIVE = sql`interval '15 s'`;

/** What the last probe of an address says: nobody answered or nobody could probe it, another host answered, or there is no fresh probe. */
export type ProbeState = 'free' | 'occupied' | 'unknown';

/** Reads the last probe of an address; an answer of a card with one of `macs` leaves it free. */
export async function readProbeState(tx: Tx, address: string, macs: readonly string[] = []): Promise<ProbeState> {
  const row = await tx.one(
    sql<{
      mac: string | null;
    }>`select mac from probed_addresses where address = ${address}::inet and at > now() - ${FRESH}`,
  );
  if (row === null) return 'unknown';
  return row.mac === null || macs.includes(row.mac) ? 'free' : 'occupied';
}

/** A node that has an address in the network, and can be queried. */
export type Prober = { readonly id: string; readonly name: string };

/** A live node that stands in a network, a rack before a region node; null: none does. */
export function findProber(tx: Tx, cidr: string): Promise<Prober | null> {
  return tx.one(sql<Prober>`select n.id, n.name from reported_addresses r join nodes n on n.id = r.node_id
    join node_observations o on o.node_id = n.id
    where r.address <<= ${cidr}::cidr and o.reported_at > clock_timestamp() - ${LIVE}
    order by n.is_rack desc, o.reported_at desc limit 1`);
}

/** Stores what answered at each address; `nodeId` null: no node could be queried, and an answer that is fresh stays. */
export async function storeProbes(
  tx: Tx,
  nodeId: string | null,
  answers: readonly { readonly address: string; readonly mac: string | null }[],
): Promise<void> {
  await tx.run(sql`delete from probed_addresses where at < now() - interval '1 hour'`);
  await tx.run(sql`insert into probed_addresses (address, mac, node_id)
    select a::inet, m, ${nodeId}::text from unnest(${answers.map(({ address }) => address)}::text[], ${answers.map(({ mac }) => mac)}::text[]) as t (a, m)
    on conflict (address) do update set mac = excluded.mac, node_id = excluded.node_id, at = clock_timestamp()
      where excluded.node_id is not null or probed_addresses.node_id is null or probed_addresses.at < now() - ${FRESH}`);
}
