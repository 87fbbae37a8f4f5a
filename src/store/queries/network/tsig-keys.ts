import { sql } from 'kysely';
import { COPY_KEY, type SigningKey } from '../../../model/nouns/tsig-key.ts';
import type { Tx } from '../../tx.ts';

/** Stands for the racks' key, which is no row of `tsig_keys`. */
const COPY_KEY_ID = 0;

/** All keys with their secrets in force, by name. For desired states of nodes, never for an answer. */
export function readTsigKeys(tx: Tx): Promise<SigningKey[]> {
  return tx.all(sql<SigningKey>`select k.name, k.algorithm, s.secret, s.number
    from tsig_keys k join tsig_secrets s on s.key_id = k.id and s.number = k.secret_number order by k.name collate "C"`);
}

/** The key by which racks copy the zones. */
export async function readCopyKey(tx: Tx): Promise<SigningKey | null> {
  const row = await tx.one(sql<Pick<SigningKey, 'secret' | 'number'>>`
    select secret, number from tsig_secrets where key_id = ${COPY_KEY_ID} order by number desc limit 1`);
  return row && { name: COPY_KEY, algorithm: 'hmac-sha256', ...row };
}

/** The secret of a new key, which is shown once. `given`: use this one instead of the generated one. */
export async function firstSecret(tx: Tx, keyId: number, given: string | null): Promise<string> {
  const row = await tx.one(sql<{ secret: string }>`update tsig_secrets set secret = coalesce(${given}::text, secret)
    where key_id = ${keyId} and number = 1 returning secret`);
  if (!row) throw new Error('the key that was just made has no secret');
  return row.secret;
}

/** Adds a secret to a key; null: the region makes it. It comes into force when the key has its number. Rivals come one after the other. */
export async function addSecret(
  tx: Tx,
  keyId: number,
  given: string | null,
): Promise<{ readonly number: number; readonly secret: string }> {
  await tx.all(sql`select id from tsig_keys where id = ${keyId} for no key update`);
  const row = await tx.one(sql<{ number: number; secret: string }>`
    insert into tsig_secrets (key_id, number, secret)
    select ${keyId}, coalesce(max(number), 0) + 1, coalesce(${given}::text, new_tsig_secret()) from tsig_secrets where key_id = ${keyId}
    returning number, secret`);
  if (!row) throw new Error('the secret was not stored');
  return row;
}
