import { readdirSync, readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { textDigest } from '../core/stable-json.ts';
import { AppError, isRejected, type Rejected, rejected } from '../core/errors.ts';
import { FEATURES, SITE_FEATURES } from '../model/cluster/cluster.ts';
import type { Database } from './database.ts';
import { readFeatures } from './queries/base/features.ts';
import type { Tx } from './tx.ts';

/** A numbered SQL file. Forward only; `isBreaking`: a process that does not have it must not work on the database. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly digest: string;
  readonly isBreaking: boolean;
}

type Applied = Pick<Migration, 'number' | 'name' | 'digest'> & { readonly breaking: boolean };

const FILE = /^(\d{3})_([a-z0-9_]+)\.sql$/;
/** Holds only for the migrating transaction; the number is arbitrary and Regent's. */
const LOCK = 5_240_001;

/** Reads the migrations of this version: numbered from 1 without gaps. */
export function readMigrations(folder: URL = new URL('sql/', import.meta.url)): Migration[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort();
  return files.map((file, index) => {
    const [, number, name] = FILE.exec(file) ?? [];
    if (name === undefined || Number(number) !== index + 1)
      throw new AppError('migration', `${file} is not number ${index + 1}`);
    const text = readFileSync(new URL(file, folder), 'utf8');
    return { number: index + 1, name, text, digest: textDigest(text), isBreaking: text.startsWith('--! breaking') };
  });
}

/**
 * Applies what is missing, all in one transaction; gives the numbers that it applied. Any number of processes may do
 * this at once: one works, the others wait and find nothing left.
 */
export function migrate(db: Database, migrations: readonly Migration[]): Promise<readonly number[] | Rejected> {
  const apply = async (tx: Tx): Promise<readonly number[] | Rejected> => {
    await tx.run(sql`set local lock_timeout = 0`);
    await tx.run(sql`select pg_advisory_xact_lock(${LOCK})`);
    await tx.run(sql`create table if not exists migrations (
      number int primary key, name text not null, digest text not null, breaking boolean not null,
      applied_at timestamptz not null default now())`);
    const applied = await readApplied(tx);
    const refusal = judge(applied, migrations);
    if (refusal) return refusal;
    const missing = migrations.filter(({ number }) => !applied.some((row) => row.number === number));
    for (const { number, name, text, digest, isBreaking } of missing) {
      await tx.run(sql`select set_config('regent.operation', ${`migration ${number}`}, true)`);
      await tx.run(sql.raw(text));
      await tx.run(
        sql`insert into migrations (number, name, digest, breaking) values (${number}, ${name}, ${digest}, ${isBreaking})`,
      );
    }
    return missing.map(({ number }) => number);
  };
  return db.repeatable(apply, { deadlineMs: 600_000, queryMs: 600_000 });
}

/**
 * May this process work on the database? Null, or a sentence that says why not. Ask at the start and with each health check. Additive migrations that
 * this version does not know do not matter; an unknown feature that is on does.
 */
export async function checkSchema(
  db: Database,
  migrations: readonly Migration[],
  features: readonly string[] = [...FEATURES, ...SITE_FEATURES],
): Promise<Rejected | null> {
  const checked = await db.read(async (tx) => {
    const table = await tx.one(sql<{ name: string | null }>`select to_regclass('migrations')::text as name`);
    const applied = table?.name ? await readApplied(tx) : [];
    const refusal = judge(applied, migrations) ?? judgeMissing(applied, migrations);
    return { refusal: refusal ?? judgeFeatures(await readFeatures(tx), features) };
  });
  return isRejected(checked) ? checked : checked.refusal;
}

/** An installation waits no longer for a database that may be away. */
const CHECK_MS = 10_000;

/**
 * May this release work on the database, once it has applied what is missing? Called before an installation changes anything, of an older release as of a
 * newer one. Null, or the reason why not.
 */
export async function checkRelease(
  db: Database,
  migrations: readonly Migration[],
  features: readonly string[] = [...FEATURES, ...SITE_FEATURES],
): Promise<Rejected | null> {
  const checked = await db.read(
    async (tx) => {
      const table = await tx.one(sql<{ name: string | null }>`select to_regclass('migrations')::text as name`);
      if (!table?.name) return { refusal: null };
      const refusal = judge(await readApplied(tx), migrations);
      if (refusal !== null) return { refusal };
      const known = await tx.one(sql<{ name: string | null }>`select to_regclass('features')::text as name`);
      return { refusal: known?.name ? judgeFeatures(await readFeatures(tx), features) : null };
    },
    { deadlineMs: CHECK_MS },
  );
  return isRejected(checked) ? checked : checked.refusal;
}

function judgeMissing(applied: readonly Applied[], known: readonly Migration[]): Rejected | null {
  const missing = known.find(({ number }) => !applied.some((row) => row.number === number));
  if (!missing) return null;
  return rejected('conflict', `The database lacks migration ${missing.number} (${missing.name}). Run: regent migrate`);
}

/** Pure: features that the cluster uses and this version does not know. */
function judgeFeatures(on: readonly string[], known: readonly string[]): Rejected | null {
  const unknown = on.filter((name) => !known.includes(name));
  if (unknown.length === 0) return null;
  return rejected(
    'conflict',
    `This version of Regent is too old for the cluster, which uses ${unknown.join(', ')} since every region node knew it. Install a newer version.`,
  );
}

/** Pure: refuses a file that changed after it was applied, and a breaking migration that this version does not know. */
function judge(applied: readonly Applied[], known: readonly Migration[]): Rejected | null {
  for (const row of applied) {
    const file = known.find(({ number }) => number === row.number);
    const label = `migration ${row.number} (${row.name})`;
    if (file && file.digest !== row.digest)
      return rejected(
        'conflict',
        `The file of ${label} has changed since it was applied. Rule: an applied migration is never edited; add a new one.`,
      );
    if (!file && row.breaking)
      return rejected(
        'conflict',
        `This version of Regent is too old for the database: a newer version applied the breaking ${label}. Install that version.`,
      );
  }
  return null;
}

function readApplied(tx: Tx): Promise<Applied[]> {
  return tx.all(sql<Applied>`select number, name, digest, breaking from migrations order by number`);
}
