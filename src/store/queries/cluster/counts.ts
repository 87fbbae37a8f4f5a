import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** Numbers of rows of the nouns, of leases, and of racks that wait. */
export interface Counts {
  readonly domains: number;
  readonly records: number;
  readonly machines: number;
  readonly vlans: number;
  readonly subnets: number;
  /** Addresses with a lease in force: both racks of a pair have it. */
  readonly leases: number;
  /** Racks that an admin has neither accepted nor rejected. */
  readonly racksWaiting: number;
}

/** Counts the nouns of the configuration. */
export async function readCounts(tx: Tx): Promise<Counts> {
  const row =
    await tx.one(sql<Counts>`select (select count(*) from domains) as domains, (select count(*) from records) as records,
    (select count(*) from machines where not is_device) as machines, (select count(*) from vlans) as vlans,
    (select count(*) from subnets) as subnets, (select count(*) from racks where state = 'waiting') as "racksWaiting",
    (select count(distinct address) from leases where state <> 'expired' and expires_at > now()) as leases`);
  return row ?? { domains: 0, records: 0, machines: 0, vlans: 0, subnets: 0, leases: 0, racksWaiting: 0 };
}
