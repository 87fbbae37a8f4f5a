import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/**
 * An address that the configuration names, such as a resolver's, and that something else has. `use`: a pool has it; a machine or device got it
 * automatically; somebody entered it for a machine, a device or a reservation; a system still has it. `named`, `holder`: as text.
 */
export interface NamedClash {
  readonly address: string;
  readonly named: string;
  readonly use: 'pool' | 'auto' | 'entered' | 'held';
  readonly holder: string;
}

/** How many addresses the configuration names, and those that something else has, the lowest first. */
export type NamedAddresses = { readonly count: number; readonly clashes: readonly NamedClash[] };

/** Rows that the doctor gets at most. */
const CLASHES_MAX = 100;

/**
 * Reads the named addresses. A snippet may name a pool by its addresses; the gateway of a static route is usually the
 * gateway of a subnet.
 */
export async function readNamedAddresses(tx: Tx): Promise<NamedAddresses> {
  const named = sql`named as (
    select n.address, n.words from named_addresses('0.0.0.0/0') as n union select n.address, n.words from named_addresses('::/0') as n)`;
  const row = await tx.one(
    sql<{ count: number }>`with ${named} select count(distinct address)::int as count from named`,
  );
  const clashes = await tx.all(sql<NamedClash>`with ${named}
    select host(address) as address, words as named, use, holder from (
      select n.address, n.words, case when c.source = 'ip_ranges' then 'pool' when a.mode = 'auto' then 'auto' else 'entered' end as use,
          claim_words(c) as holder
        from named n join address_claims c on c.span && inetrange(n.address, n.address, '[]')
          left join interface_addresses a on c.source = 'interface_addresses' and a.id = c.source_id
        where c.source <> 'subnets' and not (c.source = 'ip_ranges' and n.words like 'in the DHCP snippet %')
      union all select n.address, n.words, 'held', format('the system on %s', h.machine) from named n join held_addresses h on h.address = n.address
    ) as clashes order by clashes.address, words collate "C", holder collate "C" limit ${CLASHES_MAX}`);
  return { count: row?.count ?? 0, clashes };
}
