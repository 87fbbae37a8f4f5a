import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { HostObservation, Observation, ServiceAction } from '../../../src/contract/cluster/agent.ts';
import type { Database } from '../../../src/store/database.ts';
import { readActions } from '../../../src/store/queries/cluster/actions.ts';
import { readRoles } from '../../../src/store/queries/cluster/roles.ts';
import { readLiveRegions, readSlotBounds } from '../../../src/store/queries/cluster/standing.ts';
import { lastEventId, readEvents } from '../../../src/store/queries/base/events.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { readObservations, storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';

const postgres = usePostgres();
const NAMES = ['r1', 'r2', 'r3'] as const;
let db: Database;

beforeAll(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  for (const name of NAMES) {
    value(
      await change(db, (tx) => createNode(tx, { id: `n-${name}`, name, isRegion: true, isRack: false, addresses: [] })),
    );
  }
});
beforeEach(async () => {
  value(
    await db.repeatable((tx) =>
      tx.run(sql`with a as (delete from cluster_roles), b as (delete from node_observations), c as (delete from observations)
        delete from service_actions`),
    ),
  );
});

interface Reported {
  readonly vip?: 'active' | 'backup';
  readonly timeline?: number;
  readonly actions?: ServiceAction[];
}

const host = (vip: 'active' | 'backup'): HostObservation => ({
  certificate: null,
  disks: [{ path: '/', sizeBytes: 100, freeBytes: 50 }],
  roles: { vip: { state: vip, since: '2026-01-02T03:04:05.000Z' }, database: null },
});
const report = (name: string, word: Reported): Observation =>
  anObservation(`n-${name}`, {
    services: [
      aServiceReport('db', word.timeline === undefined ? {} : { facts: { role: 'primary', timeline: word.timeline } }),
      aServiceReport('dns', word.actions === undefined ? {} : { actions: word.actions }),
    ],
    ...(word.vip === undefined ? {} : { host: host(word.vip) }),
  });
const tell = async (name: string, word: Reported) =>
  value(await db.repeatable((tx) => storeObservation(tx, { id: `n-${name}`, name }, report(name, word))));
const since = async (id: number) => {
  const events = value(await db.read((tx) => readEvents(tx, id, 100, { kind: 'cluster' })));
  return events.map(({ kind, data }) => ({ kind, ...(data as object) }));
};
const now = async () => value(await db.read((tx) => lastEventId(tx)));

describe('roles of the cluster', () => {
  test('the floating address moves: one event, whatever both nodes say meanwhile', async () => {
    const start = await now();
    for (const name of NAMES) await tell(name, { vip: name === 'r1' ? 'active' : 'backup' });
    expect(await since(start)).toEqual([]);
    await tell('r2', { vip: 'active' });
    // The last word of the one before arrives late, then the new holder tells again.
    await tell('r1', { vip: 'active' });
    await tell('r2', { vip: 'active' });
    await tell('r1', { vip: 'backup' });
    expect(await since(start)).toEqual([{ kind: 'cluster.vip-moved', from: 'r1', to: 'r2' }]);
    const roles = value(await db.read((tx) => readRoles(tx)));
    expect(roles).toMatchObject([{ role: 'vip', node: 'r2' }]);
  });

  test('the address comes back to a node that never said that it was without it', async () => {
    const start = await now();
    await tell('r1', { vip: 'active' });
    await tell('r2', { vip: 'active' });
    await tell('r2', { vip: 'backup' });
    expect(await since(start)).toEqual([
      { kind: 'cluster.vip-moved', from: 'r1', to: 'r2' },
      { kind: 'cluster.vip-moved', from: 'r2', to: 'r1' },
    ]);
  });

  test('two regions that store the same news at once make one event', async () => {
    const start = await now();
    await tell('r1', { vip: 'active', timeline: 1 });
    await Promise.all([tell('r2', { vip: 'active', timeline: 2 }), tell('r2', { vip: 'active', timeline: 2 })]);
    expect(await since(start)).toEqual([
      { kind: 'cluster.primary-changed', from: 'r1', to: 'r2', timeline: 2 },
      { kind: 'cluster.vip-moved', from: 'r1', to: 'r2' },
    ]);
  });

  test('a report of no change waits for nobody and writes the rows of its services no second time', async () => {
    for (const name of NAMES) await tell(name, { vip: name === 'r1' ? 'active' : 'backup', timeline: 1 });
    const rows = () =>
      db.read((tx) => tx.all(sql<{ at: string }>`select xmin::text || ctid::text as at from observations order by 1`));
    const before = value(await rows());
    let release = () => {};
    const isReleased = new Promise<void>((done) => {
      release = done;
    });
    const locked = new Promise<void>((done) => {
      const holding = db.repeatable(async (tx) => {
        await tx.all(sql`select from cluster_roles for update`);
        done();
        await isReleased;
      });
      holding.catch(() => {});
    });
    await locked;
    try {
      await Promise.race([
        Promise.all(NAMES.map((name) => tell(name, { vip: name === 'r1' ? 'active' : 'backup', timeline: 1 }))),
        new Promise((_, fail) => setTimeout(() => fail(new Error('it waited for a lock')), 3_000)),
      ]);
    } finally {
      release();
    }
    expect(value(await rows())).toEqual(before);
    expect(before).toHaveLength(2 * NAMES.length);
  });

  test('the primary changes with a higher timeline alone; the same node again is no change', async () => {
    const start = await now();
    await tell('r1', { timeline: 4 });
    await tell('r1', { timeline: 5 });
    await tell('r3', { timeline: 6 });
    await tell('r1', { timeline: 5 });
    await tell('r3', { timeline: 6 });
    expect(await since(start)).toEqual([{ kind: 'cluster.primary-changed', from: 'r1', to: 'r3', timeline: 6 }]);
  });
});

test('actions are kept once each, read by time over all nodes', async () => {
  const action = (at: string, kind: ServiceAction['kind'] = 'command'): ServiceAction => ({
    kind,
    why: 'the floating address came',
    at: `2026-01-02T03:04:${at}.000Z`,
    trigger: 'role',
  });
  await tell('r1', { actions: [action('01'), action('03', 'restart')] });
  await tell('r1', { actions: [action('01'), action('03', 'restart'), action('05')] });
  await tell('r2', { actions: [action('02'), action('02')] });
  const read = async (query: Parameters<typeof readActions>[1]) =>
    value(await db.read((tx) => readActions(tx, query))).map(
      ({ node, at, kind }) => `${node} ${at.slice(17, 19)} ${kind}`,
    );
  expect(await read({})).toEqual(['r1 01 command', 'r2 02 command', 'r1 03 restart', 'r1 05 command']);
  expect(await read({ since: '2026-01-02T03:04:03Z' })).toEqual(['r1 03 restart', 'r1 05 command']);
  expect(await read({ node: 'n-r2' })).toEqual(['r2 02 command']);
  expect(await read({ node: 'r1', service: 'dns', limit: 1 })).toEqual(['r1 05 command']);
  expect(await read({ service: 'ntp' })).toEqual([]);
});

test('the host’s own figures are stored, and forgotten by a report without them', async () => {
  await tell('r1', { vip: 'backup' });
  const [first] = value(await db.read((tx) => readObservations(tx, 'n-r1')));
  expect(first?.host).toEqual(host('backup'));
  await tell('r1', {});
  const [second] = value(await db.read((tx) => readObservations(tx, 'n-r1')));
  expect(second?.host).toBeNull();
});

test('slots and their bound, and who lives, are read', async () => {
  const bounds = value(await db.read((tx) => readSlotBounds(tx)));
  expect(bounds.slots).toEqual([]);
  value(
    await db.repeatable((tx) =>
      tx.run(sql`insert into heartbeats (process, node, version, started_at, at) values
        ('p1', 'r1', '1.0.0', now(), now() - interval '5 s'), ('p2', 'r1', '1.1.0', now(), now()),
        ('p3', 'r2', '1.0.0', now(), now() - interval '1 h')`),
    ),
  );
  expect(value(await db.read((tx) => readLiveRegions(tx, 20)))).toEqual([
    { node: 'r1', process: 'p2', version: '1.1.0' },
  ]);
});
