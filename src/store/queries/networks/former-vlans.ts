import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** A rack takes a change over within seconds; one that was away gets so long. */
const FORMER = sql`interval '10 minutes'`;

/**
 * VLANs whose rack this node was until a moment ago, by the history of the configuration. A VLAN that lost its rack, its relay or its DHCP counts, and one that a
 * subnet came from.
 */
export async function listFormerVlans(tx: Tx, nodeId: string): Promise<number[]> {
  const rows = await tx.all(sql<{ id: number }>`
    with recent as (select h.table_name, h.old_row from changes c join history h on h.operation = c.operation
      where c.at > clock_timestamp() - ${FORMER} and h.table_name in ('vlans', 'subnets') and h.old_row is not null),
    own as (select uuid from racks where node_id = ${nodeId} and state = 'accepted'),
    former as (select (old_row ->> 'id')::int as id, (old_row ->> 'relay_vlan_id')::int as relay from recent
      where table_name = 'vlans' and (old_row ->> 'primary_rack_id' in (select uuid from own) or old_row ->> 'secondary_rack_id' in (select uuid from own)))
    select id from former
    union select v.id from vlans v where v.relay_vlan_id in (select id from former)
    union select n.vlan_id from recent r join subnets n on n.id = (r.old_row ->> 'id')::int join vlans v on v.id = (r.old_row ->> 'vlan_id')::int
      where r.table_name = 'subnets' and (v.primary_rack_id in (select uuid from own) or v.secondary_rack_id in (select uuid from own))`);
  return rows.map(({ id }) => id);
}
