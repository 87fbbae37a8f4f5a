import { expect, test } from 'vitest';
import { FEATURES } from '../../../src/model/cluster/cluster.ts';
import type { Database } from '../../../src/store/database.ts';
import { checkSchema, readMigrations } from '../../../src/store/migrate.ts';
import { enableFeatures, isFeatureOn } from '../../../src/store/queries/base/features.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();

/** A database with region nodes; `alive` writes a process's row as it would, `age` seconds ago. */
async function site(...regions: string[]) {
  const connection = await postgres.get().createDatabase('migrated');
  const db = postgres.get().open(connection);
  const admin = (text: string) => postgres.get().admin(text, connection.database);
  for (const name of regions)
    await admin(`begin; set local regent.operation = 0; set local session_replication_role = replica;
      insert into nodes (id, name, is_region, is_rack) values ('${name}', '${name}', true, true); commit`);
  const alive = (node: string, features: readonly string[], age = 0) =>
    admin(`insert into heartbeats (process, node, version, started_at, at, features)
      values ('${node}:${features.join('+')}', '${node}', '1.0.0', now(), now() - interval '${age} s', '{${features.join(',')}}')
      on conflict (process) do update set at = excluded.at`);
  return { db, alive };
}

const enable = async (db: Database, known?: readonly string[]) =>
  value(await db.repeatable(async (tx) => ({ names: await enableFeatures(tx, known) }))).names;

test('a feature comes on when the last region node knows it, once, and stays on whatever comes then', async () => {
  const { db, alive } = await site('r1', 'r2', 'r3');
  await alive('r1', ['drain']);
  await alive('r2', ['drain', 'later']);
  expect(await enable(db)).toEqual([]);
  await alive('r3', ['drain']);
  expect(await enable(db)).toEqual(['drain']);
  expect(await enable(db)).toEqual([]);
  await alive('r3', []);
  expect(await enable(db)).toEqual([]);
  const isOn = await db.read(async (tx) => ({ isOn: await isFeatureOn(tx, 'drain') }));
  expect(value(isOn)).toEqual({ isOn: true });
});

test('it does not come on while a process of an earlier release lives beside a newer one of the same node', async () => {
  const { db, alive } = await site('r1');
  await alive('r1', []);
  await alive('r1', ['drain']);
  expect(await enable(db)).toEqual([]);
  await alive('r1', [], 61);
  expect(await enable(db)).toEqual(['drain']);
});

test('a region node that is away holds it back, however long', async () => {
  const { db, alive } = await site('r1', 'r2');
  await alive('r1', ['drain']);
  await alive('r2', ['drain'], 3600);
  expect(await enable(db)).toEqual([]);
});

test('an empty ledger enables nothing', async () => {
  const { db, alive } = await site();
  await alive('r1', ['drain']);
  expect(await enable(db)).toEqual([]);
});

test('twenty regions at once turn it on once', async () => {
  const { db, alive } = await site('r1');
  await alive('r1', ['drain']);
  const all = await Promise.all(Array.from({ length: 20 }, () => enable(db)));
  expect(all.flat()).toEqual(['drain']);
});

test('a process that does not know what is on must not work; one that knows more may', async () => {
  const { db, alive } = await site('r1');
  await alive('r1', [...FEATURES, 'later']);
  expect(await enable(db, [...FEATURES, 'later'])).toEqual([...FEATURES, 'later']);
  expect(refusal(await checkSchema(db, readMigrations())).message).toBe(
    'This version of Regent is too old for the cluster, which uses later since every region node knew it. Install a newer version.',
  );
  expect(await checkSchema(db, readMigrations(), [...FEATURES, 'later', 'latest'])).toBeNull();
});
