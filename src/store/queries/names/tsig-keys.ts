import { sql } from 'kysely';
import { isRejected, accept } from '../../../core/errors.ts';
import { COPY_KEY, type SigningKey } from '../../../model/names/tsig-key.ts';
import { sealPlainParts } from '../../publication/sealed-parts.ts';
import { isSealing, sealOrThrow } from '../base/sealing.ts';
import type { Tx } from '../../tx.ts';

/** Stands for the racks' key, which is no row of `tsig_keys`. */
const COPY_KEY_ID = 0;

/** A secret as it is stored: in clear by an earlier release, sealed, or neither: it follows from the authority and its number. */
interface StoredSecret {
  readonly keyId: number;
  readonly number: number;
  readonly secret: string | null;
  readonly sealed: string | null;
}

const STORED = sql`s.key_id as "keyId", s.number, s.secret, s.sealed`;

/** Where a secret is sealed for. */
function placeOf({ keyId, number }: Pick<StoredSecret, 'keyId' | 'number'>): string {
  return `tsig/${keyId}/${number}`;
}

/**
 * All keys with their secrets in force, by name. For desired states of nodes, never for an answer. A key whose secret another authority sealed is left
 * out: nothing is transferred by it until it gets another secret.
 */
export async function readTsigKeys(tx: Tx): Promise<SigningKey[]> {
  const rows = await tx.all(sql<Omit<SigningKey, 'secret'> & StoredSecret>`select k.name, k.algorithm, ${STORED}
    from tsig_keys k join tsig_secrets s on s.key_id = k.id and s.number = k.secret_number order by k.name collate "C"`);
  const keys: SigningKey[] = [];
  for (const row of rows) {
    const { name, algorithm, number } = row;
    const secret = row.sealed === null ? row.secret : await tx.sealer.open(placeOf(row), row.sealed);
    if (secret !== null && !isRejected(secret)) keys.push({ name, algorithm, secret, number });
  }
  return keys;
}

/** The key by which racks copy the zones. A region that cannot read the authority's key gets none, and publishes nothing without it: it throws. */
export async function readCopyKey(tx: Tx): Promise<SigningKey | null> {
  const row = await tx.one(sql<StoredSecret>`
    select ${STORED} from tsig_secrets s where key_id = ${COPY_KEY_ID} order by number desc limit 1`);
  if (row === null) return null;
  const secret = row.secret ?? accept(await tx.sealer.derive(placeOf(row)));
  return { name: COPY_KEY, algorithm: 'hmac-sha256', secret, number: row.number };
}

/** Is this the secret of a key that is in force? False also where it cannot be opened. */
export async function isSecretInForce(tx: Tx, keyId: number, given: string): Promise<boolean> {
  const row = await tx.one(sql<StoredSecret>`select ${STORED}
    from tsig_keys k join tsig_secrets s on s.key_id = k.id and s.number = k.secret_number where k.id = ${keyId}`);
  if (row === null) return false;
  return (row.sealed === null ? row.secret : await tx.sealer.open(placeOf(row), row.sealed)) === given;
}

/** The secret of a new key, which is shown once. `given`: use this one instead of the generated one. */
export async function firstSecret(tx: Tx, keyId: number, given: string | null): Promise<string> {
  if (await isSealing(tx)) return await addSealed(tx, { keyId, number: 1 }, given ?? (await generate(tx)));
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
  if (await isSealing(tx)) {
    const last = await tx.one(sql<{ number: number }>`
      select coalesce(max(number), 0) as number from tsig_secrets where key_id = ${keyId}`);
    const number = (last?.number ?? 0) + 1;
    return { number, secret: await addSealed(tx, { keyId, number }, given ?? (await generate(tx))) };
  }
  const row = await tx.one(sql<{ number: number; secret: string }>`
    insert into tsig_secrets (key_id, number, secret)
    select ${keyId}, coalesce(max(number), 0) + 1, coalesce(${given}::text, new_tsig_secret()) from tsig_secrets where key_id = ${keyId}
    returning number, secret`);
  if (!row) throw new Error('the secret was not stored');
  return row;
}

async function addSealed(
  tx: Tx,
  at: { readonly keyId: number; readonly number: number },
  secret: string,
): Promise<string> {
  const sealed = await sealOrThrow(tx, placeOf(at), secret);
  await tx.run(sql`insert into tsig_secrets (key_id, number, sealed) values (${at.keyId}, ${at.number}, ${sealed})`);
  return secret;
}

/** The database draws it and does not store it. */
async function generate(tx: Tx): Promise<string> {
  const row = await tx.one(sql<{ secret: string }>`select new_tsig_secret() as secret`);
  if (!row) throw new Error('no secret was drawn');
  return row.secret;
}

/** Are there secrets in clear, of an earlier release? Fit for `autocommitRead`. */
export async function hasPlainTsig(tx: Tx): Promise<boolean> {
  const row = await tx.one(sql<{ has: boolean }>`
    select exists (select from tsig_secrets where secret is not null) and seals_secrets() as has`);
  return row?.has === true;
}

/**
 * Seals the secrets that earlier releases stored in clear. The racks' key gets another one that is stored nowhere, because its last one is in backups and
 * WAL. Gives how many it sealed.
 */
export async function sealPlainTsig(tx: Tx): Promise<number> {
  const rows = await tx.all(
    sql<StoredSecret>`select ${STORED} from tsig_secrets s where secret is not null for update`,
  );
  for (const row of rows.filter(({ keyId }) => keyId !== COPY_KEY_ID)) {
    const sealed = await sealOrThrow(tx, placeOf(row), row.secret ?? '');
    await tx.run(
      sql`update tsig_secrets set secret = null, sealed = ${sealed} where key_id = ${row.keyId} and number = ${row.number}`,
    );
  }
  if (rows.some(({ keyId }) => keyId === COPY_KEY_ID)) {
    await tx.run(sql`insert into tsig_secrets (key_id, number)
      select ${COPY_KEY_ID}, max(number) + 1 from tsig_secrets where key_id = ${COPY_KEY_ID}`);
    await tx.run(sql`delete from tsig_secrets where key_id = ${COPY_KEY_ID} and secret is not null`);
    await tx.one(sql`select raise_observed_by_one()`);
  }
  await sealPlainParts(
    tx,
    rows.flatMap(({ secret }) => secret ?? []),
  );
  return rows.length;
}
