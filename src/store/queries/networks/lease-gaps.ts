import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';
import { IS_IN_SUBNET, isLive } from './lease-ends.ts';

/** The racks of a pair on a VLAN, by name. */
export type PairOnVlan = { readonly vlanId: number; readonly primary: string; readonly secondary: string };

/** A lease that `node` has, and that `other` lacks (`otherMac` null) or has for another client. `seconds`: how long both reports have differed. */
export interface LeaseGap {
  readonly address: string;
  readonly node: string;
  readonly mac: string | null;
  readonly other: string;
  readonly otherMac: string | null;
  readonly isLacking: boolean;
  readonly seconds: number;
}

/** The largest number of gaps that are read; more would add nothing new. */
export const GAPS_MAX = 1000;

/**
 * Leases in which the racks of a pair differ, the longest first. If both have an address for different clients, it appears once, from the primary
 * rack. A declined address belongs to nobody and is not compared.
 */
export async function readLeaseGaps(tx: Tx, pairs: readonly PairOnVlan[]): Promise<LeaseGap[]> {
  if (pairs.length === 0) return [];
  const sides = pairs.flatMap(({ vlanId, primary, secondary }) => [
    { vlanId, has: primary, lacks: secondary, isFirst: true },
    { vlanId, has: secondary, lacks: primary, isFirst: false },
  ]);
  return tx.all(sql<LeaseGap>`
    with sides as (
      select d."vlanId", d."isFirst", h.id as has, h.name as node, l.id as lacks, l.name as other
      from jsonb_to_recordset(${JSON.stringify(sides)}::jsonb) as d ("vlanId" int, has text, lacks text, "isFirst" boolean)
      join nodes h on h.name = d.has join nodes l on l.name = d.lacks
    )
    select host(t.address) as address, d.node, t.mac, d.other, case when ${isLive('o')} then o.mac end as "otherMac",
      (o.address is null or not (${isLive('o')})) as "isLacking",
      extract(epoch from now() - greatest(t.named_since, case when ${isLive('o')} then o.named_since else o.reported_at end))::int as seconds
    from sides d join subnets s on s.vlan_id = d."vlanId" and family(s.cidr) = 4
      join leases t on t.node_id = d.has and ${IS_IN_SUBNET}
      left join leases o on o.node_id = d.lacks and o.address = t.address
    where t.state = 'active' and ${isLive('t')} and coalesce(o.state, '') <> 'declined' and (o.address is null or not (${isLive('o')}) or (o.mac is distinct from t.mac and d."isFirst"))
    order by seconds desc, t.address limit ${GAPS_MAX}`);
}
