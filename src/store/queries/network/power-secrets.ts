import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** Sealed secrets of a BMC. `number`: as `bmcs.secret_number` names them. */
export interface SealedSecrets {
  readonly number: number;
  readonly sealed: string;
}

/** The secrets in force; null: it has none. */
export function readSealed(tx: Tx, bmcId: number): Promise<SealedSecrets | null> {
  return tx.one(sql<SealedSecrets>`select s.number, s.sealed
    from bmcs b join power_secrets s on s.bmc_id = b.id and s.number = b.secret_number where b.id = ${bmcId}`);
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
