import { expect, test } from 'vitest';
import { textDigest } from '../../../src/core/stable-json.ts';
import { checkRelease, checkSchema, type Migration, migrate, readMigrations } from '../../../src/store/migrate.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
const known = readMigrations();

function migration(number: number, text: string): Migration {
  const isBreaking = text.startsWith('--! breaking');
  return { number, name: `test_${number}`, text, digest: textDigest(text), isBreaking };
}

async function open(kind: 'migrated' | 'empty') {
  return postgres.get().open(await postgres.get().createDatabase(kind));
}

test('files are numbered from 1 without a gap', () => {
  expect(known.map(({ number }) => number)).toEqual(known.map((_, index) => index + 1));
  expect(known[0]).toMatchObject({ number: 1, name: 'names', isBreaking: false });
});

test('twenty processes migrate an empty database at once: one does the work, all end well', async () => {
  const connection = await postgres.get().createDatabase('empty');
  const runners = Array.from({ length: 20 }, () => postgres.get().open(connection, { poolSize: 1 }));
  const results = await Promise.all(runners.map(async (db) => value(await migrate(db, known))));
  expect(results.filter((applied) => applied.length > 0)).toEqual([known.map(({ number }) => number)]);
  const rows = await postgres.get().admin('select number from migrations order by number', connection.database);
  expect(rows).toHaveLength(known.length);
  await Promise.all(runners.map((db) => db.close()));
});

test('a second run changes nothing; a new file is applied alone', async () => {
  const db = await open('migrated');
  expect(value(await migrate(db, known))).toEqual([]);
  const next = migration(known.length + 1, 'create table extra (id int)');
  expect(value(await migrate(db, [...known, next]))).toEqual([known.length + 1]);
});

test('a migration that fails leaves nothing behind', async () => {
  const db = await open('migrated');
  const bad = [...known, migration(known.length + 1, 'create table half (id int); select 1/0')];
  await expect(migrate(db, bad)).rejects.toThrow(/division by zero/);
  const repaired = [...known, migration(known.length + 1, 'create table half (id int)')];
  expect(value(await migrate(db, repaired))).toEqual([known.length + 1]);
});

test('an applied file that was edited is refused by name', async () => {
  const db = await open('migrated');
  const edited = known.map((file, index) => (index === 1 ? { ...file, digest: 'other' } : file));
  for (const result of [await migrate(db, edited), await checkSchema(db, edited)]) {
    expect(refusal(result).message).toMatch(/migration 2 \(operations\) has changed since it was applied/);
  }
});

test('a process that does not know a breaking migration refuses; one that is not breaking is no matter', async () => {
  const db = await open('migrated');
  const number = known.length + 1;
  value(await migrate(db, [...known, migration(number, 'create table gentle (id int)')]));
  expect(await checkSchema(db, known)).toBeNull();
  value(
    await migrate(db, [
      ...known,
      migration(number, 'create table gentle (id int)'),
      migration(number + 1, '--! breaking\nalter table gentle drop column id'),
    ]),
  );
  const sentence = /too old for the database: a newer version applied the breaking migration \d+ \(test_\d+\)/;
  expect(refusal(await checkSchema(db, known)).message).toMatch(sentence);
  expect(refusal(await migrate(db, known)).message).toMatch(sentence);
});

test('a database that lacks a migration says which, and what to do', async () => {
  const db = await open('empty');
  expect(refusal(await checkSchema(db, known)).message).toBe(
    'The database lacks migration 1 (names). Run: regent migrate',
  );
});

test('an installation is told beforehand whether its release may work on the database; nothing is changed by the question', async () => {
  const db = await open('migrated');
  const number = known.length + 1;
  const [gentle, hard] = [
    migration(number, 'create table gentle (id int)'),
    migration(number + 1, '--! breaking\nalter table gentle drop column id'),
  ];
  // A newer release: what it lacks it will apply.
  expect(await checkRelease(db, [...known, gentle, hard])).toBeNull();
  expect(await checkRelease(db, known)).toBeNull();
  value(await migrate(db, [...known, gentle]));
  // One that is put back, after a migration that breaks nothing.
  expect(await checkRelease(db, known)).toBeNull();
  value(await migrate(db, [...known, gentle, hard]));
  expect(refusal(await checkRelease(db, known)).message).toMatch(
    /too old for the database: a newer version applied the breaking/,
  );
  expect(await checkRelease(db, [...known, gentle, hard])).toBeNull();
  expect(await checkRelease(await open('empty'), known)).toBeNull();
});

test('an older release is not put back where the cluster uses what it does not know', async () => {
  const connection = await postgres.get().createDatabase('migrated');
  const db = postgres.get().open(connection);
  await postgres
    .get()
    .admin(
      "insert into features (name) values ('recovered'), ('of-tomorrow') on conflict do nothing",
      connection.database,
    );
  expect(refusal(await checkRelease(db, known)).message).toContain('which uses of-tomorrow');
  expect(refusal(await checkRelease(db, known, ['of-tomorrow'])).message).toContain('which uses recovered');
});
