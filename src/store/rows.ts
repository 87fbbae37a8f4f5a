import { type RawBuilder, sql } from 'kysely';
import { isRejected, type Rejected, rejected, show } from '../core/errors.ts';
import type { Tx } from './tx.ts';

/** A noun's data for the generic statements. Texts here come from the source code, never from a request. */
export interface Noun {
  readonly table: string;
  readonly key: string;
  /** Its name for operators: `domain`. */
  readonly label: string;
  /** What to read: a select list over `from`. */
  readonly columns: RawBuilder<unknown>;
  /** Tables to read from; the noun's own table has the alias `t`. */
  readonly from: RawBuilder<unknown>;
}

type Key = string | number;

/** A row in its noun's form; null: none. `where` is over the noun's `from`. */
export function findRow<R>(tx: Tx, noun: Noun, where: RawBuilder<unknown>): Promise<R | null> {
  return tx.one(
    sql<R>`select ${noun.columns} from ${noun.from} where ${where} order by t.${sql.ref(noun.key)} limit 1`,
  );
}

/** Inserts a row and gives it back in its noun's form. */
export async function insertRow<R>(tx: Tx, noun: Noun, values: Readonly<Record<string, unknown>>): Promise<R> {
  const key = await insertOnly(tx, noun, values);
  return required(await findRow<R>(tx, noun, isKey(noun, key)), noun);
}

/** Inserts a row that is read when all that belongs to it is there; gives its key. */
export async function insertOnly(tx: Tx, noun: Noun, values: Readonly<Record<string, unknown>>): Promise<Key> {
  const entries = setEntries(values);
  const inserted = await tx.one(sql<{ key: Key }>`
    insert into ${sql.table(noun.table)} (${sql.join(entries.map(([column]) => sql.ref(column)))})
    values (${sql.join(entries.map(([, value]) => sql`${value}`))}) returning ${sql.ref(noun.key)} as key`);
  return inserted?.key ?? '';
}

/** Which row, and the version that it must still have (null: any). */
export type VersionedKey = { readonly key: Key; readonly ifVersion?: number | null };

/** Changes the given columns (undefined ones stay) and gives the row back. */
export async function updateRow<R extends { readonly version: number }>(
  tx: Tx,
  noun: Noun,
  target: VersionedKey,
  values: Readonly<Record<string, unknown>>,
): Promise<R | Rejected> {
  const refusal = await lockRow(tx, noun, target);
  if (refusal) return refusal;
  const entries = setEntries(values);
  if (entries.length > 0) {
    const assignments = entries.map(([column, value]) => sql`${sql.ref(column)} = ${value}`);
    await tx.run(sql`update ${sql.table(noun.table)} t set ${sql.join(assignments)} where ${isKey(noun, target.key)}`);
  }
  return required(await findRow<R>(tx, noun, isKey(noun, target.key)), noun);
}

/** Deletes and gives the row back as it was. */
export async function deleteRow<R>(tx: Tx, noun: Noun, target: VersionedKey): Promise<R | Rejected> {
  const refusal = await lockRow(tx, noun, target);
  if (refusal) return refusal;
  const row = required(await findRow<R>(tx, noun, isKey(noun, target.key)), noun);
  await deleteOnly(tx, noun, target.key);
  return row;
}

/** Deletes a row that was locked and read. */
export async function deleteOnly(tx: Tx, noun: Noun, key: Key): Promise<void> {
  await tx.run(sql`delete from ${sql.table(noun.table)} t where ${isKey(noun, key)}`);
}

/** Locks the row until the transaction ends; refuses when it is gone or has another version. */
export async function lockRow(tx: Tx, noun: Noun, target: VersionedKey): Promise<Rejected | null> {
  const version = await lockedVersion(tx, noun, target);
  return isRejected(version) ? version : null;
}

/** Locks the row likewise, and gives its version. */
export async function lockedVersion(tx: Tx, noun: Noun, target: VersionedKey): Promise<number | Rejected> {
  const row = await tx.one(sql<{ version: number }>`
    select version from ${sql.table(noun.table)} t where ${isKey(noun, target.key)} for no key update`);
  if (!row) return notFound(noun.label, target.key);
  const wanted = target.ifVersion ?? null;
  if (wanted === null || wanted === row.version) return row.version;
  return rejected(
    'precondition_failed',
    `The ${noun.label} ${target.key} has version ${row.version}, not ${wanted}: somebody changed it after you read it. Read it again.`,
  );
}

/** The refusal for an object that is not there. */
function notFound(label: string, key: Key): Rejected {
  return rejected('not_found', `There is no ${label} ${typeof key === 'string' ? show(key) : key}.`);
}

function isKey(noun: Noun, key: Key): RawBuilder<unknown> {
  return sql`t.${sql.ref(noun.key)} = ${key}`;
}

function setEntries(values: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(values).filter(([, value]) => value !== undefined);
}

function required<R>(row: R | null, noun: Noun): R {
  if (row === null) throw new Error(`the ${noun.label} that was just written is not there`);
  return row;
}
