import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** What a machine that is to be made would be the only one to have. `names`: full ones; `hostnames`: those of reservations. */
export interface Newcomer {
  readonly id: string;
  readonly names: readonly string[];
  readonly hostnames: readonly string[];
  readonly macs: readonly string[];
  readonly addresses: readonly string[];
}

/**
 * Does nobody have any of that, and nobody ever had a lease there? One statement, where the rules take one each. Not alone: the rules say who has what, and whether
 * that is a refusal.
 */
export async function isAlone(tx: Tx, { id, names, hostnames, macs, addresses }: Newcomer): Promise<boolean> {
  const row = await tx.one(sql<{ isAlone: boolean }>`
    with wanted as materialized (select ${[...addresses]}::inet[] as addresses)
    select not exists (select from machines where id = ${id})
      and not exists (select from name_claims where fqdn = any(${[...names]}::text[]))
      and not exists (select from reservations where hostname = any(${[...hostnames]}::text[]) or mac = any(${[...macs]}::text[]))
      and not exists (select from interfaces where mac = any(${[...macs]}::text[]) and kind = 'physical')
      and not exists (select from interface_addresses where address = any((select addresses from wanted)::inet[]))
      and not exists (select from leases where address = any((select addresses from wanted)::inet[]))
      and not exists (select from own_addresses where address = any((select addresses from wanted)::inet[]))
      and not exists (select from unnest((select addresses from wanted)) as a, address_claims c where c.span && inetrange(a, a, '[]')) as "isAlone"`);
  return row?.isAlone ?? false;
}

/**
 * Does nothing keep a machine from its deletion, or stay of it: no system that runs or may run, no job, no device that is a part of it, no address that is
 * occupied? One statement, where the rules take one each.
 */
export async function isUnbound(tx: Tx, machineId: string): Promise<boolean> {
  const row = await tx.one(sql<{ isUnbound: boolean }>`
    select running_system(${machineId}) is null and not is_maybe_running(${machineId})
      and not exists (select from job_targets where target = ${`machine:${machineId}`})
      and not exists (select from machines where parent_id = ${machineId})
      and not exists (select from held_addresses where machine_id = ${machineId}) as "isUnbound"`);
  return row?.isUnbound ?? false;
}
