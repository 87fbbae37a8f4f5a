import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import type { Desired } from '../../../src/contract/cluster/agent.ts';
import { createJoiner } from '../../../src/contract/base/wire/body-parts.ts';
import { digestOf } from '../../../src/core/stable-json.ts';
import { rejected } from '../../../src/core/errors.ts';
import type { Database } from '../../../src/store/database.ts';
import { readDesired, readHeads, readPublication } from '../../../src/store/publication/heads.ts';
import { PUBLICATIONS_RETAINED } from '../../../src/store/publication/held.ts';
import { type KnownParts, readDesiredParts, readOwnParts, storeBodies } from '../../../src/store/publication/parts.ts';
import { publishSite } from '../../../src/store/publication/publish.ts';
import { purge } from '../../../src/store/purge.ts';
import { claimCompiler } from '../../../src/store/queries/cluster/compiler-gate.ts';
import { createNode, deleteNode } from '../../../src/store/queries/cluster/nodes.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, refusal, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

const postgres = usePostgres();
const NODES = ['n1', 'n2', 'n3'];
let db: Database;
let other: Database;
let revision = 0;

beforeEach(async () => {
  const connection = await postgres.get().createDatabase();
  db = postgres.get().open(connection);
  other = postgres.get().open(connection);
  revision = 0;
  value(await claimCompiler(db, '1'));
  for (const id of NODES)
    value(await change(db, (tx) => createNode(tx, { id, name: id, isRegion: true, isRack: false, addresses: [] })));
});

const run = (text: ReturnType<typeof sql>) => change(db, (tx) => tx.run(text));
const turnOn = async () => value(await run(sql`insert into features (name) values ('parts')`));

/** Zones of 40 records each: 100 of them are some 200 kB. */
const zoneOf = (index: number, text: string) => ({
  name: `zone${index}.test`,
  records: Array.from({ length: 40 }, (_, at) => ({ name: `n${at}`, data: `${text} of zone ${index}, record ${at}` })),
});
const zonesOf = (changed: Readonly<Record<number, string>> = {}, count = 100) =>
  Array.from({ length: count }, (_, index) => zoneOf(index, changed[index] ?? 'content'));
const bodyOf = (zones: readonly unknown[], own = ''): Desired['body'] => ({
  services: { dns: { desired: { own, zones }, restart: null } },
});

async function publish(bodies: Readonly<Record<string, Desired['body']>>, known?: KnownParts) {
  revision += 1;
  const nodes = new Map(Object.entries(bodies).map(([id, body]) => [id, { body, findings: [] }]));
  const numbers = { revision, observed: 0, versionsBefore: [], versions: [] };
  return value(await publishSite(db, { compiler: '1', process: 'p', ...numbers, nodes, ...(known ? { known } : {}) }));
}
const publishAll = (zones: readonly unknown[]) =>
  publish(Object.fromEntries(NODES.map((id) => [id, bodyOf(zones, id)])));
const desired = async (id = 'n1') => value(await db.read(async (tx) => ({ found: await readDesired(tx, id) }))).found;
const partial = async (id: string, held: { readonly generation: number; readonly digest: string }) =>
  value(await db.read(async (tx) => ({ found: await readDesiredParts(tx, id, held) }))).found;
/** So much time passes for all that has been published and purged. */
const pass = async (span: string) => {
  value(await run(sql`update publications set published_at = published_at - ${span}::interval`));
  value(await run(sql`update body_parts set named_at = named_at - ${span}::interval`));
  value(await run(sql`update chores set last_ran = last_ran - ${span}::interval where name = 'purge'`));
};
/** A purge when publications and parts have lain longer than any is kept for its age. */
const purgeNow = async () => {
  await pass('500 days');
  return value(await purge(db, 'p'))?.['body_parts'];
};
const stored = async () =>
  value(
    await db.read((tx) =>
      tx.one(sql<{ parts: number; bytes: number; whole: number }>`select
        (select count(*) from body_parts)::int as parts,
        (select coalesce(sum(length(content::text)), 0) from body_parts)::int as bytes,
        (select count(*) from publications where body is not null)::int as whole`),
    ),
  );

test('content is stored once for all nodes and generations; another one is what it adds', async () => {
  await turnOn();
  const zones = zonesOf();
  const size = JSON.stringify(zones).length;
  await publishAll(zones);
  const first = await stored();
  expect(first?.whole).toBe(0);
  expect(first?.bytes).toBeLessThan(size * 1.2);
  await publishAll(zonesOf({ 42: 'changed' }));
  const second = await stored();
  expect(Number(second?.bytes) - Number(first?.bytes)).toBeLessThan(size / 20);
  // Back to what it was: only what names the zone is new, if anything.
  await publishAll(zones);
  expect(await stored()).toEqual(second);
  const heads = value(await db.read((tx) => readHeads(tx)));
  for (const { nodeId, body, digest, generation } of heads) {
    expect(generation).toBe(3);
    expect(body).toEqual(bodyOf(zones, nodeId));
    expect(digestOf(body)).toBe(digest);
  }
  const old = value(await db.read((tx) => readPublication(tx, 'n2', { generation: 2 })));
  expect(old?.body).toEqual(bodyOf(zonesOf({ 42: 'changed' }), 'n2'));
});

test('a reader that keeps what it read reads what is new, and forgets what is not published any more', async () => {
  await turnOn();
  const known: KnownParts = new Map();
  const read = async () => {
    const heads = value(await db.read((tx) => readHeads(tx, undefined, known)));
    expect(heads).toEqual(value(await db.read((tx) => readHeads(tx))));
    return new Set(known.keys());
  };
  await publishAll(zonesOf());
  const first = await read();
  await publishAll(zonesOf({ 42: 'changed' }));
  const second = await read();
  const less = (from: Set<string>, what: Set<string>) => [...from].filter((digest) => !what.has(digest)).length;
  for (const moved of [less(first, second), less(second, first)]) {
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(14);
  }
  expect(await read()).toEqual(second);
});

test('what a publisher keeps is no proof: parts of a transaction that came to nothing, or purged since, are stored again', async () => {
  await turnOn();
  const body = bodyOf(zonesOf({}, 10), 'n1');
  const known: KnownParts = new Map();
  const undone = await db.repeatable(async (tx) => {
    await storeBodies(tx, [body], known);
    return rejected('conflict', 'undone');
  });
  expect(refusal(undone).message).toBe('undone');
  expect(known.size).toBeGreaterThan(10);
  expect((await stored())?.parts).toBe(0);
  await publish({ n1: body }, known);
  expect((await desired())?.body).toEqual(body);
  value(await change(db, (tx) => deleteNode(tx, { key: 'n1' })));
  expect(await purgeNow()).toBe(known.size);
  await publish({ n2: body }, known);
  expect((await desired('n2'))?.body).toEqual(body);
});

test('an agent that holds an earlier generation gets the parts that it misses, and they make the body', async () => {
  await turnOn();
  await publishAll(zonesOf());
  const before = await desired();
  await publishAll(zonesOf({ 7: 'changed' }));
  const now = await desired();
  const answer = await partial('n1', { generation: 1, digest: before?.digest ?? '' });
  expect(answer).toMatchObject({ nodeId: 'n1', generation: 2, digest: now?.digest, revision: 2 });
  expect(JSON.stringify(answer).length).toBeLessThan(JSON.stringify(now).length / 20);
  const all = await partial('n1', { generation: 2, digest: now?.digest ?? '' });
  expect(all?.parts).toEqual({});
  // What it does not get it had before.
  const had = value(await db.read((tx) => readPublication(tx, 'n1', { generation: 1 })));
  expect(had?.digest).toBe(before?.digest);
  const missing = createJoiner((digest) => answer?.parts[digest])(answer?.root ?? '');
  const rest = missing.kind === 'missing' ? missing.digests : [];
  const own = value(await db.read(async (tx) => ({ parts: await readOwnParts(tx, 'n1', rest) }))).parts;
  expect(Object.keys(own).toSorted()).toEqual([...rest].toSorted());
});

test('what is held and not known by parts is answered whole: another content, another number, of before', async () => {
  await publishAll(zonesOf({}, 3));
  const before = await desired();
  await turnOn();
  await publishAll(zonesOf({ 1: 'changed' }, 3));
  const now = await desired();
  const held = { generation: 2, digest: now?.digest ?? '' };
  expect(await partial('n1', { generation: 1, digest: before?.digest ?? '' })).toBeNull();
  expect(await partial('n1', { ...held, digest: 'other' })).toBeNull();
  expect(await partial('n1', { ...held, generation: 9 })).toBeNull();
  expect(await partial('n9', held)).toBeNull();
  expect(await partial('n1', held)).not.toBeNull();
});

test('a node reads parts of its own body alone', async () => {
  await turnOn();
  const secret = 'k'.repeat(600);
  await publish({ n1: bodyOf([], secret), n2: bodyOf([]) });
  const rows = value(
    await db.read((tx) =>
      tx.all(sql<{ digest: string }>`select encode(digest, 'hex') as digest from body_parts
        where content::text like ${`%${secret}%`}`),
    ),
  );
  const digests = rows.map(({ digest }) => digest);
  expect(digests).toHaveLength(1);
  const read = async (id: string) =>
    Object.keys(value(await db.read(async (tx) => ({ parts: await readOwnParts(tx, id, digests) }))).parts);
  expect(await read('n1')).toEqual(digests);
  expect(await read('n2')).toEqual([]);
});

test('regions of an earlier release find whole bodies until all know parts; both kinds stand side by side', async () => {
  await publishAll(zonesOf({}, 5));
  expect(await stored()).toEqual({ parts: 0, bytes: 0, whole: 3 });
  expect((await desired())?.body).toEqual(bodyOf(zonesOf({}, 5), 'n1'));
  await turnOn();
  await publishAll(zonesOf({ 1: 'changed' }, 5));
  expect((await stored())?.whole).toBe(3);
  expect((await desired())?.body).toEqual(bodyOf(zonesOf({ 1: 'changed' }, 5), 'n1'));
  const old = value(await db.read((tx) => readPublication(tx, 'n1', { generation: 1 })));
  expect(old?.body).toEqual(bodyOf(zonesOf({}, 5), 'n1'));
});

test('parts that no generation names are purged, and no others', async () => {
  await turnOn();
  await publishAll(zonesOf({}, 20));
  for (let turn = 0; turn < PUBLICATIONS_RETAINED + 5; turn += 1) {
    await publish({ n1: bodyOf(zonesOf({ 3: `turn ${turn}` }, 20), 'n1') });
  }
  expect(await purgeNow()).toBeGreaterThan(0);
  expect(await purgeNow()).toBe(0);
  const generations = value(
    await db.read((tx) =>
      tx.all(sql<{ nodeId: string; generation: number; digest: string }>`
        select node_id as "nodeId", generation, digest from publications`),
    ),
  );
  expect(generations).toHaveLength(PUBLICATIONS_RETAINED + 2);
  for (const { nodeId, generation, digest } of generations) {
    const found = value(await db.read((tx) => readPublication(tx, nodeId, { generation })));
    expect(digestOf(found?.body)).toBe(digest);
  }
  for (const key of NODES) value(await change(db, (tx) => deleteNode(tx, { key })));
  await purgeNow();
  expect((await stored())?.parts).toBe(0);
});

test('publications and their parts stay as long as changes do, also those that came back meanwhile', async () => {
  await turnOn();
  const texts = Array.from(
    { length: PUBLICATIONS_RETAINED + 20 },
    (_, turn) => `text ${turn % 7 === 0 ? 'again' : turn}`,
  );
  const purgeDue = async () => value(await purge(db, 'p'))?.['body_parts'];
  for (const [turn, text] of texts.entries()) {
    await publish({ n1: bodyOf(zonesOf({ 3: text, 4: turn % 3 === 0 ? 'x' : 'y' }, 6), 'n1') });
    await pass('40 minutes');
    if (turn % 3 === 0) await purgeDue();
  }
  const readable = async () => {
    const rows = value(
      await db.read((tx) =>
        tx.all(
          sql<{ generation: number; digest: string }>`select generation, digest from publications order by generation`,
        ),
      ),
    );
    for (const { generation, digest } of rows) {
      const found = value(await db.read((tx) => readPublication(tx, 'n1', { generation })));
      expect(digestOf(found?.body)).toBe(digest);
    }
    return rows.length;
  };
  await pass('2 hours');
  expect(await purgeDue()).toBe(0);
  expect(await readable()).toBe(texts.length);
  await pass('390 days');
  expect(await purgeDue()).toBe(0);
  expect(await readable()).toBe(texts.length);
  await pass('20 days');
  expect(await purgeDue()).toBeGreaterThan(0);
  expect(await readable()).toBe(PUBLICATIONS_RETAINED);
});

test('a purge waits for a publisher, and takes nothing that it has just named', async () => {
  await turnOn();
  await publish({ n1: bodyOf(zonesOf({ 0: 'once' }, 3)) });
  // Nothing names what only this body has, when its node is gone.
  value(await change(db, (tx) => deleteNode(tx, { key: 'n1' })));
  await pass('500 days');
  const hold = Promise.withResolvers<void>();
  const isAtIt = Promise.withResolvers<void>();
  let names = 0;
  const publisher = other.repeatable(async (tx) => {
    await tx.run(sql`select from gates where name = 'compiler' for no key update`);
    isAtIt.resolve();
    await hold.promise;
    names =
      await tx.run(sql`insert into publications (node_id, generation, digest, revision, after_revision, root, compiler, process)
      select 'n2', 1, 'd', 1, 0, digest, '1', 'p' from body_parts
      where digest not in (select unnest(names) from body_parts)`);
    return { names };
  });
  await isAtIt.promise;
  let isPurged = false;
  const purging = purge(db, 'p').then((purged) => {
    isPurged = true;
    return value(purged)?.['body_parts'];
  });
  await until('the purge waits', async () => {
    const rows = await postgres
      .get()
      .admin<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and query like '%from gates%'",
      );
    return Number(rows[0]?.n) > 0;
  });
  expect(isPurged).toBe(false);
  hold.resolve();
  value(await publisher);
  expect(names).toBe(1);
  expect(await purging).toBe(0);
  expect((await stored())?.parts).toBeGreaterThan(0);
});

test('a row without a body is refused, and a root that is not there', async () => {
  await turnOn();
  await publish({ n1: bodyOf([]) });
  await expect(db.repeatable(async (tx) => tx.run(sql`update desired set body = null, root = null`))).rejects.toThrow(
    /desired_has_body/,
  );
  const root = sql`decode(${'00'.repeat(32)}, 'hex')`;
  await expect(db.repeatable(async (tx) => tx.run(sql`update desired set root = ${root}`))).rejects.toThrow(
    /desired_root/,
  );
});
