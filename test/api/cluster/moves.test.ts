import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOwnRestartTask } from '../../../src/region/cluster/own-restart.ts';
import { createReliefTask } from '../../../src/region/cluster/moves/relieve.ts';
import { compileNode } from '../../../src/services/compile-node.ts';
import { writeCluster } from '../../../src/store/queries/cluster/cluster.ts';
import { createNode, updateNode } from '../../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { requestRestart } from '../../../src/store/queries/cluster/restarts.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';
import { type FakeCluster, fakeCluster, lookOf } from '../../unit/region/cluster/moves/fake.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
});
afterAll(() => site.close());

const MOVES = [
  ['/cluster/switchover', {}],
  ['/cluster/restart', {}],
  ['/nodes/r1/drain', undefined],
] as const;
const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
  site.call('POST', path, { ...(body === undefined ? {} : { body }), headers, role: 'operator' });
const run = async (text: ReturnType<typeof sql>) => value(await site.db.repeatable((tx) => tx.run(text)));
const jobs = async () => (await site.call('GET', '/jobs')).body['items'] as { kind: string; target: string }[];

/** r1 to r3 as their agents tell of a fake cluster. */
async function tell(cluster: FakeCluster): Promise<void> {
  for (const node of lookOf(cluster).site.nodes.filter(({ isRegion }) => isRegion)) {
    const services = node.observed.map((row) =>
      aServiceReport(row.service, row.facts === undefined ? {} : { facts: row.facts }),
    );
    const report = anObservation(node.name, { generation: 1, digest: 'd', services });
    value(await site.db.repeatable((tx) => storeObservation(tx, { id: node.name, name: node.name }, report)));
  }
}

describe('a site that is no cluster', () => {
  it.each(MOVES)('is moved by nobody: %s', async (path, body) => {
    expect(await post(path, body)).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: expect.stringContaining('not a cluster') },
    });
  });

  it('lets no user move anything, and no node be undrained that is not drained', async () => {
    for (const [path, body] of MOVES) {
      const call = { ...(body === undefined ? {} : { body }), role: 'user' as const };
      expect(await site.call('POST', path, call)).toMatchObject({ status: 403 });
    }
    expect(await post('/nodes/r1/undrain')).toMatchObject({ status: 409 });
    expect(await post('/nodes/r9/undrain')).toMatchObject({ status: 404 });
  });
});

describe('a cluster of three', () => {
  beforeAll(async () => {
    value(
      await change(site.db, (tx) => writeCluster(tx, { id: 'regent-test', vip: '10.77.0.10/24', virtualRouter: 51 })),
    );
    for (const [index, name] of ['r2', 'r3'].entries()) {
      const node = { id: name, name, isRegion: true, isRack: false, addresses: [`10.77.0.1${index + 2}`] };
      await change(site.db, (tx) => createNode(tx, node));
    }
  });
  beforeEach(async () => {
    await run(
      sql`update jobs set state = 'aborted', result = 'over', ended_at = clock_timestamp(), lease_holder = null, lease_until = null where ended_at is null`,
    );
    for (const key of ['r1', 'r2', 'r3']) await change(site.db, (tx) => updateNode(tx, { key }, { isDrained: false }));
    await tell(fakeCluster());
  });

  it('begins a switchover as a job, answers 202 and what it is about; the same key again is the same job', async () => {
    const before = (await jobs()).length;
    const key = { 'idempotency-key': 'switch-1' };
    const begun = await post('/cluster/switchover', { to: 'r3' }, key);
    expect(begun).toMatchObject({
      status: 202,
      body: { kind: 'switchover', target: 'r1 to r3', state: 'waiting', progress: expect.stringContaining('to r3') },
    });
    expect((await post('/cluster/switchover', { to: 'r3' }, key)).body).toEqual(begun.body);
    expect(await jobs()).toHaveLength(before + 1);
    expect(await post('/cluster/switchover', {})).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining(`Job ${begun.body.id} (switchover r1 to r3) is waiting`) },
    });
  });

  it('shows by a dry run what would be done, and does not', async () => {
    const before = await jobs();
    const shown = await post('/cluster/switchover?dry_run=true', {});
    expect(shown).toMatchObject({
      status: 200,
      body: { dryRun: true, object: { progress: expect.stringContaining('r1 hands the database to r2') } },
    });
    expect(await jobs()).toEqual(before);
  });

  it('drains nobody before every region node knows what that is', async () => {
    expect(await post('/nodes/r2/drain')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('Upgrade') },
    });
    expect(await post('/cluster/restart', {})).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('Upgrade') },
    });
    await run(sql`insert into features (name) values ('drain')`);
    expect(await post('/nodes/r2/drain')).toMatchObject({ status: 202, body: { kind: 'node-drain', target: 'r2' } });
  });

  it('restarts in the order that is shown', async () => {
    expect(await post('/cluster/restart', {})).toMatchObject({
      status: 202,
      body: {
        kind: 'rolling-restart',
        target: 'r2, r3, r1',
        progress: expect.stringMatching(/^r2, r3 and r1, in this order/),
      },
    });
  });

  it('refuses with the reason', async () => {
    const cluster = fakeCluster();
    cluster.synchronous = [];
    await tell(cluster);
    expect(await post('/cluster/switchover', {})).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('r2 is not a synchronous standby') },
    });
  });

  it('relieves a drained node of the database by a job of its own, once', async () => {
    const cluster = fakeCluster();
    cluster.drained.add('r1');
    value(await change(site.db, (tx) => updateNode(tx, { key: 'r1' }, { isDrained: true })));
    const task = createReliefTask(site.db, async () => lookOf(cluster));
    await run(sql`delete from jobs where kind = 'switchover'`);
    expect(await task.run()).toBe('r1 is drained and leads the database: r2 takes it over');
    expect((await jobs())[0]).toMatchObject({ kind: 'switchover', target: 'r1 to r2', caller: 'system:relief' });
    expect(await task.run()).toBeNull();
  });

  it('shows who is drained', async () => {
    value(await change(site.db, (tx) => updateNode(tx, { key: 'r2' }, { isDrained: true })));
    expect(await site.call('GET', '/nodes/r2')).toMatchObject({ body: { isDrained: true } });
    expect(await site.call('GET', '/nodes/r1')).toMatchObject({ body: { isDrained: false } });
    const { nodes } = value(await site.db.read(readSnapshot));
    expect(nodes.map(({ name, isDrained }) => [name, isDrained])).toEqual([
      ['r1', false],
      ['r2', true],
      ['r3', false],
    ]);
  });
});

describe('a wish to start anew', () => {
  const wish = (service: string, nonce: string, nodeId = 'r1') =>
    change(site.db, (tx) => requestRestart(tx, { nodeId, service, nonce, actor: 'ada' }));

  it('ends the region process of that node once, and not for what was there when it began', async () => {
    await wish('regiond', 'job-1');
    let ends = 0;
    const task = createOwnRestartTask(site.db, 'r1', () => (ends += 1));
    expect([await task.run(), await task.run()]).toEqual([null, null]);
    await wish('regiond', 'job-2', 'r2');
    expect([await task.run(), ends]).toEqual([null, 0]);
    await wish('regiond', 'job-2');
    expect(await task.run()).toContain('job-2');
    expect([await task.run(), ends]).toEqual([null, 1]);
  });

  it('of an agent stands in the desired state of its node alone', async () => {
    await wish('agent', 'job-3');
    const snapshot = value(await site.db.read(readSnapshot));
    expect(compileNode(snapshot, 'r1', [], null).body).toMatchObject({ services: {}, agentRestart: 'job-3' });
    expect(compileNode(snapshot, 'r2', [], null).body).not.toHaveProperty('agentRestart');
  });
});
