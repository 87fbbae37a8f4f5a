import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import type { ServiceObservation } from '../../../src/contract/cluster/agent.ts';
import type { Database } from '../../../src/store/database.ts';
import { compileOf, findingsOfCompile } from '../../../src/store/publication/compiles.ts';
import type { StoredFinding } from '../../../src/store/publication/findings.ts';
import { publicationsOf } from '../../../src/store/publication/heads.ts';
import { publishSite } from '../../../src/store/publication/publish.ts';
import { readRefusals } from '../../../src/store/publication/refusals.ts';
import { purge } from '../../../src/store/purge.ts';
import { claimCompiler } from '../../../src/store/queries/cluster/compiler-gate.ts';
import { createNode, deleteNode } from '../../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';

/** What past compiles found is told of each change, as long as its compile is kept. */

const postgres = usePostgres();
let db: Database;
let database: string;

beforeEach(async () => {
  const connection = await postgres.get().createDatabase();
  database = connection.database;
  db = postgres.get().open(connection);
  value(await claimCompiler(db, '1.0.0'));
  for (const [id, name] of [
    ['n1', 'r1'],
    ['n2', 'r2'],
  ] as const)
    value(await change(db, (tx) => createNode(tx, { id, name, isRegion: true, isRack: true, addresses: [] })));
});

const finding = (subject: string, sentence = 'Bad.', severity: 'error' | 'warning' = 'warning'): StoredFinding => ({
  service: 'dns',
  code: 'c',
  severity,
  subject,
  sentence,
  remedy: 'Mend it.',
});

/** Compiles a revision, with what is found on `r1` and `r2`. `text`: what both are to have. */
async function compile(revision: number, r1: readonly StoredFinding[], r2: readonly StoredFinding[] = [], text = 'a') {
  const body = { services: { dns: { desired: { text }, restart: null } } };
  const nodes = new Map([
    ['n1', { body, findings: r1 }],
    ['n2', { body: { services: {} }, findings: r2 }],
  ]);
  const rest = { compiler: '1.0.0', process: 'p', observed: 0, versionsBefore: [], versions: [] };
  return value(await publishSite(db, { ...rest, revision, nodes }));
}

/** What is told of a change. */
async function told(revision: number, most = 100) {
  return value(
    await db.read(async (tx) => {
      const at = await compileOf(tx, revision);
      if (typeof at === 'string') return at;
      const { items, gone, isCut } = await findingsOfCompile(tx, at, most);
      const text = (row: (typeof items)[number]) =>
        `${row.node} ${row.severity} ${row.subject}: ${row.sentence} ${row.remedy}${row.isNew ? ' new' : ''}${row.untilAt === null ? '' : ' ended'}`;
      return { after: at.afterRevision, revision: at.revision, items: items.map(text), gone: gone.map(text), isCut };
    }),
  );
}

const rows = async (table: string) =>
  (await postgres.get().admin<{ n: number }>(`select count(*)::int as n from ${table}`, database))[0]?.n;

test('each change tells what its compile found: new, standing, mended, also when later ones find otherwise', async () => {
  await compile(2, [finding('zone a'), finding('zone b')], [finding('zone a', 'Bad.', 'error')]);
  await compile(5, [finding('zone b', 'Bad, in other words.'), finding('zone c')]);
  await compile(6, []);
  await compile(7, []);
  expect(await told(1)).toEqual({
    after: 0,
    revision: 2,
    items: [
      'r2 error zone a: Bad. Mend it. new ended',
      'r1 warning zone a: Bad. Mend it. new ended',
      'r1 warning zone b: Bad. Mend it. new ended',
    ],
    gone: [],
    isCut: false,
  });
  // Changes 3 to 5 were compiled together. The same finding in other words is no new one, and the old one is not gone.
  const fifth = {
    after: 2,
    revision: 5,
    items: ['r1 warning zone b: Bad, in other words. Mend it. ended', 'r1 warning zone c: Bad. Mend it. new ended'],
    gone: ['r2 error zone a: Bad. Mend it. ended', 'r1 warning zone a: Bad. Mend it. ended'],
    isCut: false,
  };
  expect(await told(3)).toEqual(fifth);
  expect(await told(5)).toEqual(fifth);
  expect(await told(7)).toMatchObject({ after: 6, revision: 7, items: [], gone: [] });
  expect(await told(8)).toBe('waiting');
  expect(await told(1, 2)).toMatchObject({ isCut: true, items: { length: 2 } });
});

test('a finding that stands is one row, and a compile that found the same has none', async () => {
  for (let revision = 1; revision <= 5; revision += 1) await compile(revision, [finding('zone a')]);
  await compile(5, [finding('zone a')]);
  expect([await rows('compile_findings'), await rows('compiles')]).toEqual([1, 5]);
  // Without a change it was found later: that is told of no change.
  await compile(5, [finding('zone a'), finding('zone b')]);
  expect(await rows('compiles')).toBe(6);
  expect(await told(5)).toMatchObject({ items: ['r1 warning zone a: Bad. Mend it.'] });
  await compile(6, [finding('zone a'), finding('zone b')]);
  expect(await told(6)).toMatchObject({ items: { length: 2 } });
});

test('what was found on a node is told when it is gone, by the name that it had; a renamed one has its new name', async () => {
  await compile(1, [finding('zone a')], [finding('zone b')]);
  value(await change(db, (tx) => deleteNode(tx, { key: 'n2' })));
  value(await change(db, (tx) => tx.run(sql`update nodes set name = 'r9' where id = 'n1'`)));
  expect(await told(1)).toMatchObject({
    items: ['r2 warning zone b: Bad. Mend it. new', 'r9 warning zone a: Bad. Mend it. new'],
  });
});

test('a change that a release without this record compiled is lost, not without findings', async () => {
  await compile(1, []);
  await postgres.get().admin('update desired set compiled_revision = 4', database);
  expect(await told(3)).toBe('lost');
  await compile(6, []);
  expect(await told(3)).toBe('lost');
  expect(await told(5)).toMatchObject({ after: 4, revision: 6 });
});

test('a node to which a change gave nothing is not among those that it changed', async () => {
  await compile(1, [], [], 'a');
  await compile(2, [], [], 'a');
  await compile(3, [], [], 'b');
  const changed = async (revision: number) => {
    const at = value(await db.read((tx) => compileOf(tx, revision)));
    const compiledAs = typeof at === 'string' ? null : at.revision;
    const found = value(await db.read((tx) => publicationsOf(tx, revision, compiledAs)));
    return found.map(({ nodeId, generation }) => `${nodeId} ${generation}`);
  };
  expect(await changed(1)).toEqual(['n1 1', 'n2 1']);
  expect(await changed(2)).toEqual([]);
  expect(await changed(3)).toEqual(['n1 2']);
});

test('old compiles go, with what ended before those that are kept; what stands stays', async () => {
  await compile(1, [finding('zone a'), finding('zone b')]);
  await compile(2, [finding('zone b'), finding('zone c')]);
  await compile(3, [finding('zone b')]);
  await compile(4, [finding('zone b')]);
  await postgres.get().admin(
    `update compiles set at = now() - interval '401 days' where revision < 3;
     update chores set last_ran = '-infinity' where name = 'purge'`,
    database,
  );
  expect(value(await purge(db, 'p'))).toMatchObject({ compiles: 2, compile_findings: 1 });
  expect([await told(1), await told(2)]).toEqual(['lost', 'lost']);
  expect(await told(3)).toMatchObject({
    items: ['r1 warning zone b: Bad. Mend it.'],
    gone: ['r1 warning zone c: Bad. Mend it. ended'],
  });
});

test('what checkers said of a publication stays with it, and goes with it', async () => {
  await compile(1, [], [], 'a');
  const report = async (wanted: number, service: Partial<ServiceObservation>) => {
    const services = [{ ...aServiceReport('dns'), wanted, ...service }];
    const observation = anObservation('n1', { generation: wanted, digest: 'd', services });
    value(await db.repeatable((tx) => storeObservation(tx, { id: 'n1', name: 'r1' }, observation)));
  };
  const said = async (generation: number) =>
    value(await db.read((tx) => readRefusals(tx, [{ nodeId: 'n1', generation }]))).map(
      ({ service, state, why, held }) => `${service} ${state} ${why} ${held.map(({ name }) => name).join()}`,
    );
  await report(1, { state: 'check_failed', why: 'named-checkconf: line 7' });
  await report(1, { state: 'healthy', why: 'it answers' });
  expect(await said(1)).toEqual(['dns check_failed named-checkconf: line 7 ']);
  await compile(2, [], [], 'b');
  await report(2, { why: 'it answers', held: [{ name: 'zone x', why: 'w', remedy: 'r' }] });
  expect(await said(2)).toEqual(['dns healthy it answers zone x']);
  // Of a publication that nobody knows nothing is kept.
  await report(77, { state: 'rejected', why: 'w' });
  expect(await said(77)).toEqual([]);
  await postgres.get().admin('delete from publications where generation = 1', database);
  expect([await said(1), await said(2)]).toEqual([[], ['dns healthy it answers zone x']]);
});
