import fc from 'fast-check';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Desired } from '../../../src/contract/cluster/agent.ts';
import { digestOf } from '../../../src/core/stable-json.ts';
import type { Version } from '../../../src/model/snapshot.ts';
import type { Database } from '../../../src/store/database.ts';
import { claimCompiler, readCompiler } from '../../../src/store/queries/cluster/compiler-gate.ts';
import { readFindings, type StoredFinding } from '../../../src/store/publication/findings.ts';
import { readDesired, readHeads, readPublication } from '../../../src/store/publication/heads.ts';
import { HELD_AHEAD_MAX, needsGeneration, nextGeneration, recordHeld } from '../../../src/store/publication/held.ts';
import { publishSite, type SitePublication } from '../../../src/store/publication/publish.ts';
import { createDomain, updateDomain } from '../../../src/store/queries/names/domains.ts';
import { readEvents } from '../../../src/store/queries/base/events.ts';
import { createNode, deleteNode } from '../../../src/store/queries/cluster/nodes.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;

beforeEach(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  value(await claimCompiler(db, '1.0.0'));
  // As on every site whose regions are all of this release; whole bodies: body-parts.test.ts.
  value(await change(db, (tx) => tx.run(sql`insert into features (name) values ('parts')`)));
  value(
    await change(db, (tx) => createNode(tx, { id: 'n1', name: 'r1', isRegion: true, isRack: true, addresses: [] })),
  );
});

const bodyOf = (text: string): Desired['body'] => ({ services: { dns: { desired: { text }, restart: null } } });

function site(revision: number, text: string, overrides: Partial<SitePublication> = {}): SitePublication {
  const nodes = new Map([['n1', { body: bodyOf(text), findings: [] as StoredFinding[] }]]);
  return {
    compiler: '1.0.0',
    process: 'p1',
    revision,
    observed: 0,
    versionsBefore: [],
    versions: [],
    nodes,
    ...overrides,
  };
}
const publish = async (revision: number, text: string, overrides: Partial<SitePublication> = {}) =>
  value(await publishSite(db, site(revision, text, overrides)));
const desired = async () => value(await db.read((tx) => readDesired(tx, 'n1')));
const holds = async (generation: number, digest: string) =>
  value(await db.repeatable((tx) => recordHeld(tx, 'n1', { generation, digest })));

describe('the rule of generations (pure)', () => {
  test('above the database and above the agent, unless the agent is beyond belief', () => {
    expect(nextGeneration(0, 0)).toBe(1);
    expect(nextGeneration(7, 3)).toBe(8);
    expect(nextGeneration(7, 40)).toBe(41);
    expect(nextGeneration(7, 7 + HELD_AHEAD_MAX)).toBe(8 + HELD_AHEAD_MAX);
    expect(nextGeneration(7, 8 + HELD_AHEAD_MAX)).toBe(8);
  });

  test('grows always, and by a bounded step', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: Number.MAX_SAFE_INTEGER }), (latest, held) => {
        const next = nextGeneration(latest, held);
        return next > latest && next <= latest + HELD_AHEAD_MAX + 1;
      }),
    );
  });

  test('an unchanged digest needs a number only when the agent holds what this database did not give', () => {
    const head = { generation: 5, digest: 'a' };
    expect(needsGeneration(null, 'a', null)).toBe(true);
    expect(needsGeneration(head, 'b', null)).toBe(true);
    expect(needsGeneration(head, 'a', null)).toBe(false);
    expect(needsGeneration(head, 'a', { generation: 5, digest: 'a' })).toBe(false);
    expect(needsGeneration(head, 'a', { generation: 4, digest: 'x' })).toBe(false);
    expect(needsGeneration(head, 'a', { generation: 5, digest: 'x' })).toBe(true);
    expect(needsGeneration(head, 'a', { generation: 6, digest: 'a' })).toBe(true);
    expect(needsGeneration(head, 'a', { generation: 6 + HELD_AHEAD_MAX, digest: 'a' })).toBe(false);
  });
});

test('the first publication, an unchanged one, a changed one', async () => {
  const first = await publish(1, 'a');
  expect(first).toMatchObject({ kind: 'published', nodes: [{ nodeId: 'n1', generation: 1, revision: 1 }] });
  expect(await publish(2, 'a')).toEqual({ kind: 'unchanged' });
  expect(await publish(3, 'b')).toMatchObject({ kind: 'published', nodes: [{ generation: 2, revision: 3 }] });
  const now = await desired();
  expect(now).toEqual({ nodeId: 'n1', generation: 2, revision: 3, body: bodyOf('b'), digest: digestOf(bodyOf('b')) });
  const old = value(await db.read((tx) => readPublication(tx, 'n1', { generation: 1 })));
  expect(old).toMatchObject({ revision: 1, body: bodyOf('a') });
  const events = value(await db.read((tx) => readEvents(tx, 0, 100, { kind: 'config.published' })));
  expect(events.map(({ subject, data }) => [subject, data])).toEqual([
    ['n1', { generation: 1, revision: 1 }],
    ['n1', { generation: 2, revision: 3 }],
  ]);
});

test('an older snapshot never publishes, not even after a newer one that changed nothing', async () => {
  await publish(1, 'a');
  await publish(5, 'a');
  expect(await publish(4, 'b')).toMatchObject({ kind: 'lost', why: expect.stringContaining('revision 5') });
  expect((await desired())?.generation).toBe(1);
  // Equal revision, other content: a service that failed before, a number, a restored agent.
  expect(await publish(5, 'c')).toMatchObject({ kind: 'published' });
});

test('another compiler version only observes; a newer one takes over and the older stops', async () => {
  await publish(1, 'a');
  expect(await publish(2, 'b', { compiler: '0.9.9' })).toEqual({ kind: 'observer', compiler: '1.0.0' });
  expect(value(await claimCompiler(db, '0.9.9'))).toBe('1.0.0');
  expect(value(await claimCompiler(db, '1.0.10'))).toBe('1.0.10');
  expect(value(await claimCompiler(db, '1.0.9'))).toBe('1.0.10');
  expect(value(await claimCompiler(db, '1.0.10+12ab'))).toBe('1.0.10+12ab');
  expect(value(await claimCompiler(db, '1.0.10'))).toBe('1.0.10');
  expect(await publish(2, 'b')).toEqual({ kind: 'observer', compiler: '1.0.10' });
  expect(await publish(2, 'b', { compiler: '1.0.10' })).toMatchObject({ kind: 'published' });
  expect((await desired())?.generation).toBe(2);
});

test('the version that publishes follows the living regions: it goes back when none has had the newer one for a minute', async () => {
  const lives = (version: string, secondsAgo: number) =>
    change(db, (tx) =>
      tx.run(sql`insert into heartbeats (process, node, version, started_at, features, at)
        values (${version}, ${version}, ${version}, now(), '{}', now() - make_interval(secs => ${secondsAgo}))
        on conflict (process) do update set at = excluded.at`),
    );
  const ages = (seconds: number) =>
    change(db, (tx) =>
      tx.run(sql`update gates set since = now() - make_interval(secs => ${seconds}) where name = 'compiler'`),
    );
  const claimed = async (version: string) => value(await claimCompiler(db, version));
  const publisher = async () => value(await db.read(readCompiler));
  expect(await claimed('1.1.0')).toBe('1.1.0');
  value(await lives('1.1.0+build', 5));
  value(await lives('1.0.0', 1));
  value(await ages(600));
  expect(await claimed('1.0.0')).toBe('1.1.0');
  expect(await publisher()).toEqual({ version: '1.1.0', isLiving: true });
  // Gone for a minute, but it took its place a moment ago: a restart.
  value(await lives('1.1.0+build', 61));
  value(await ages(10));
  expect(await claimed('1.0.0')).toBe('1.1.0');
  expect(await publisher()).toEqual({ version: '1.1.0', isLiving: false });
  value(await ages(61));
  // Of two earlier ones that live, the newer one takes it.
  expect(await claimed('0.9.0')).toBe('1.1.0');
  expect(await claimed('1.0.0')).toBe('1.0.0');
  expect(await claimed('0.9.0')).toBe('1.0.0');
  expect(await publisher()).toEqual({ version: '1.0.0', isLiving: true });
  expect(await claimed('1.1.0')).toBe('1.1.0');
});

test('a finding keeps the time when it was found first, as long as it is there', async () => {
  const found = (sentence: string): StoredFinding => ({
    service: 'dns',
    code: 'c',
    severity: 'error',
    subject: 'name a.test',
    sentence,
    held: 'name a.test',
  });
  const publishWith = (revision: number, findings: readonly StoredFinding[]) =>
    publish(revision, 'a', { nodes: new Map([['n1', { body: bodyOf('a'), findings }]]) });
  const stored = async () => value(await db.read((tx) => readFindings(tx)));
  await publishWith(1, [found('one')]);
  const [first] = await stored();
  expect(Date.parse(first?.since ?? '')).toBeGreaterThan(Date.now() - 60_000);
  await publishWith(2, [found('the same, in other words')]);
  expect(await stored()).toEqual([{ ...first, sentence: 'the same, in other words' }]);
  await publishWith(3, []);
  await publishWith(4, [found('again')]);
  expect(Date.parse((await stored())[0]?.since ?? '')).toBeGreaterThan(Date.parse(first?.since ?? ''));
});

test('a restored database: what the agent holds decides the number', async () => {
  await publish(1, 'a');
  const digest = (await desired())?.digest ?? '';
  expect(await holds(1, digest)).toBe(false);
  expect(await holds(40, 'other')).toBe(true);
  expect(await publish(1, 'a')).toMatchObject({ kind: 'published', nodes: [{ generation: 41, digest }] });
  expect(await holds(41, digest)).toBe(false);
  expect(await publish(1, 'a')).toEqual({ kind: 'unchanged' });
  // The same number with another digest.
  expect(await holds(41, 'other')).toBe(true);
  expect(await publish(1, 'a')).toMatchObject({ kind: 'published', nodes: [{ generation: 42 }] });
});

test('a broken agent cannot use the numbers up', async () => {
  await publish(1, 'a');
  expect(await holds(Number.MAX_SAFE_INTEGER, 'x')).toBe(false);
  expect(await publish(2, 'b')).toMatchObject({ kind: 'published', nodes: [{ generation: 2 }] });
});

describe('numbers of content', () => {
  const row = (digest: string, version: number): Version => ({ service: 'dns', key: 'z', digest, version });

  test('are stored with the publication and compared with what the snapshot had', async () => {
    await publish(1, 'a', { versions: [row('d1', 100)] });
    expect(value(await db.read(readSnapshot)).versions).toEqual([row('d1', 100)]);
    const stale = await publish(1, 'b', { versionsBefore: [], versions: [row('d1', 101)] });
    expect(stale).toMatchObject({ kind: 'lost', why: expect.stringContaining('dns z') });
    const next = { versionsBefore: [row('d1', 100)], versions: [row('d2', 101)] };
    expect(await publish(1, 'b', next)).toMatchObject({ kind: 'published' });
    expect(value(await db.read(readSnapshot)).versions).toEqual([row('d2', 101)]);
  });

  test('never go back, whoever asks', async () => {
    await publish(1, 'a', { versions: [row('d1', 100)] });
    for (const bad of [row('d2', 99), row('d2', 100)]) {
      const answer = await publishSite(db, site(2, 'b', { versionsBefore: [row('d1', 100)], versions: [bad] }));
      expect(refusal(answer).message).toContain('never goes back');
    }
    expect((await desired())?.generation).toBe(1);
  });
});

test('findings of the last compile, replaced as a whole', async () => {
  const finding = (code: string): StoredFinding => ({
    service: 'dns',
    code,
    severity: 'error',
    subject: 'zone z',
    sentence: 'Bad.',
  });
  const withFindings = (...findings: StoredFinding[]) => ({
    nodes: new Map([['n1', { body: bodyOf('a'), findings }]]),
  });
  await publish(1, 'a', withFindings(finding('one'), { ...finding('two'), service: 'ntp' }));
  const read = async () =>
    value(await db.read((tx) => readFindings(tx))).map(({ code, nodeId }) => `${nodeId} ${code}`);
  expect(await read()).toEqual(['n1 one', 'n1 two']);
  await publish(2, 'a', withFindings(finding('three')));
  expect(await read()).toEqual(['n1 three']);
  await publish(3, 'a');
  expect(await read()).toEqual([]);
});

test('a node that was deleted since the snapshot gets nothing', async () => {
  value(await change(db, (tx) => deleteNode(tx, { key: 'n1' })));
  expect(await publish(9, 'a')).toEqual({ kind: 'unchanged' });
  expect(value(await db.read((tx) => readHeads(tx)))).toEqual([]);
});

test('rival publishers under a stream of changes: never backwards, never flapping, the last change wins', async () => {
  const domain = value(await change(db, (tx) => createDomain(tx, { name: 'race.test', ttl: 1 })));
  let isWriting = true;
  const results: string[] = [];
  const publisher = async (process: string) => {
    for (;;) {
      const isLast = !isWriting;
      const snapshot = value(await db.read(readSnapshot));
      const ttl = String(snapshot.domains[0]?.ttl);
      const before = snapshot.versions.find(({ key }) => key === 'race.test');
      // Each has a clock of its own: numbers differ between them.
      const version = Math.max((before?.version ?? 0) + 1, process === 'p1' ? 1000 : 5000);
      const versions =
        before?.digest === ttl ? snapshot.versions : [{ service: 'dns', key: 'race.test', digest: ttl, version }];
      const serial = versions[0]?.version ?? 0;
      const result = value(
        await publishSite(
          db,
          site(snapshot.revision, `${ttl} ${serial}`, { process, versionsBefore: snapshot.versions, versions }),
        ),
      );
      results.push(result.kind);
      if (isLast && result.kind !== 'lost') return;
    }
  };
  const running = Promise.all([publisher('p1'), publisher('p2'), publisher('p3')]);
  for (let ttl = 2; ttl <= 40; ttl += 1) {
    // Back and forth, so that a late publisher would bring an old content again.
    value(await change(db, (tx) => updateDomain(tx, { key: domain.id }, { ttl: ttl % 2 === 0 ? ttl : 1 })));
  }
  isWriting = false;
  await running;
  expect(results).toContain('lost');
  const rows = value(
    await db.read((tx) =>
      tx.all(sql<{ generation: number; revision: number }>`
        select generation, revision from publications order by generation`),
    ),
  );
  const bodies: (Desired['body'] | undefined)[] = [];
  for (const { generation } of rows)
    bodies.push(value(await db.read((tx) => readPublication(tx, 'n1', { generation })))?.body);
  expect(rows.map(({ generation }) => generation)).toEqual(rows.map((_, index) => index + 1));
  const revisions = rows.map(({ revision }) => revision);
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  const serials = bodies.map((body) => Number(String(body?.services['dns']?.desired?.['text']).split(' ')[1]));
  expect(serials).toEqual([...serials].sort((a, b) => a - b));
  expect(new Set(serials).size).toBe(serials.length);
  const texts = bodies.map((body) => JSON.stringify(body));
  expect(texts.filter((text, index) => text === texts[index - 1])).toEqual([]);
  const snapshot = value(await db.read(readSnapshot));
  const final = await desired();
  expect(final?.body).toEqual(bodyOf(`${snapshot.domains[0]?.ttl} ${snapshot.versions[0]?.version}`));
});
