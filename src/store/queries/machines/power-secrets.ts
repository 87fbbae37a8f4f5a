import { sql } from 'kysely';
import { type BmcPlace, comparedAddress } from '../../../model/machines/bmc-hosts.ts';
import type { Tx } from '../../tx.ts';

/** Sealed secrets of a BMC. `number`: as `bmcs.secret_number` names them. */
export type SealedSecrets = { readonly number: number; readonly sealed: string };

/** The secrets in force; null: it has none. */
export function readSealed(tx: Tx, bmcId: number): Promise<SealedSecrets | null> {
  return tx.one(sql<SealedSecrets>`select s.number, s.sealed
    from bmcs b join power_secrets s on s.bmc_id = b.id and s.number = b.secret_number where b.id = ${bmcId}`);
}

/** Where all BMCs are, by name. */
export function listBmcPlaces(tx: Tx): Promise<BmcPlace[]> {
  return tx.all(sql<BmcPlace>`select name, power_type as "powerType", parameters from bmcs
    where power_type <> 'manual' order by name collate "C"`);
}

/** The number of the next secrets. Rivals come one after the other. */
export async function nextNumber(tx: Tx, bmcId: number): Promise<number> {
  await tx.all(sql`select id from bmcs where id = ${bmcId} for no key update`);
  const row = await tx.one(sql<{ number: number }>`
    select coalesce(max(number), 0) + 1 as number from power_secrets where bmc_id = ${bmcId}`);
  return row?.number ?? 1;
}

/** Stores new secrets. They come into force when the BMC has their number. */
export async function addSealed(tx: Tx, bmcId: number, { number, sealed }: SealedSecrets): Promise<void> {
  await tx.run(sql`insert into power_secrets (bmc_id, number, sealed) values (${bmcId}, ${number}, ${sealed})`);
}

/** An address of the cluster. `words`: whose, such as `an address of the node k1`. */
export type OwnAddress = { readonly address: string; readonly words: string };

/**
 * Addresses of nodes, as configured and as reported, and the floating one, as they are compared: nothing goes there, whatever name leads there. Without
 * those of loopback and link-local, which are closed anyway.
 */
export async function listClosedAddresses(tx: Tx): Promise<string[]> {
  const rows = await tx.all(sql<
    Pick<OwnAddress, 'address'>
  >`select distinct on (address) host(address) as address from own_addresses
    where not address <<= any(array['127.0.0.0/8', '169.254.0.0/16', '::1/128', 'fe80::/10']::inet[]) order by address`);
  return [...new Set(rows.flatMap(({ address }) => comparedAddress(address) ?? []))];
}

/** Whose of the cluster's these addresses are. */
export function findOwnAddresses(tx: Tx, addresses: readonly string[]): Promise<OwnAddress[]> {
  return tx.all(sql<OwnAddress>`select distinct on (address) host(address) as address, words from own_addresses
    where host(address) = any(${[...addresses]}::text[]) order by address, words`);
}
