import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDrillPort } from '../../../src/main/region/drill-ways.ts';
import { createDrillJob } from '../../../src/region/cluster/drill-run/job.ts';
import type { SiteSnapshot } from '../../../src/region/cluster/moves/move-run.ts';
import type { DrillPorts } from '../../../src/region/cluster/drill-run/port.ts';
import { openJobRepository } from '../../../src/region/base/jobs/job-repository.ts';
import { createRenewer } from '../../../src/region/base/jobs/renewal.ts';
import { startJobRunner } from '../../../src/region/base/jobs/runner.ts';
import { readLedgerCopies } from '../../../src/store/ledger-copies.ts';
import { addJob } from '../../../src/store/queries/base/jobs/add.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { renewJobs } from '../../../src/store/queries/base/jobs/lease.ts';
import { reached } from '../../../src/region/base/task.ts';
import { realClock, realRandom, silentLog, usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';
import { type FakeCluster, fakeCluster, lookOf, portsOf } from '../../unit/region/cluster/moves/fake.ts';

const pg = usePostgres();
let site: TestRegion;
let port: number;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { version: '1.2.3' });
  await site.api.listen({ host: '127.0.0.1', port: 0 });
  port = (site.api.server.address() as AddressInfo).port;
});
afterAll(() => site.close());

const post = (body: unknown, options: object = {}) => site.call('POST', '/drills/runs', { body, ...options });
const RUN = '018f3c1e-0000-4000-8000-000000000001';
const LEDGER = '018f3c1e-0000-4000-8000-000000000002';
const OTHER = '018f3c1e-0000-4000-8000-000000000003';

describe('a drill that is asked for', () => {
  it('is refused when it does harm, with the rule', async () => {
    expect(await post({ hazard: 'host-kill-primary' }, { role: 'operator' })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('only in a lab (sudo scripts/drill run host-kill-primary)') },
    });
  });

  it('is refused with every finding, dry or not, and is begun by nobody who may not move roles', async () => {
    for (const path of ['/drills/runs', '/drills/runs?dry_run=true']) {
      const { status, body } = await site.call('POST', path, { body: { hazard: 'planned-drain' }, role: 'operator' });
      expect(status).toBe(409);
      expect(body['detail']).toMatch(/^Not now: .*no node can be lost.*; the cluster has no floating address.*; /);
      expect(body['detail']).toContain('not every region node runs a release that knows drained nodes');
    }
    expect(await post({ hazard: 'planned-drain' }, { role: 'user' })).toMatchObject({ status: 403 });
    expect((await site.call('GET', '/jobs')).body['items']).toEqual([]);
  });
});

describe('a drill that is played', () => {
  it('asks the API as clients do, compares what the database has, and is in the history', {
    timeout: 60_000,
  }, async () => {
    const { user } = (await site.call('GET', '/me')).body as { user: string };
    const payload = { hazard: 'planned-switchover', seed: 1, run: RUN, ledger: LEDGER };
    const job = {
      kind: 'drill',
      target: 'planned-switchover',
      payload,
      deadlineSeconds: 600,
      targets: ['cluster'],
      caller: user,
    };
    const { id } = value(await change(site.db, (tx) => addJob(tx, job)));
    expect((await post({ hazard: 'planned-switchover' })).body['detail']).toContain(
      `job ${id} (drill planned-switchover) is waiting`,
    );
    const runner = runnerHere('r1:test', fakeCluster());
    try {
      await expect.poll(async () => (await shown(id))['endedAt'], { timeout: 45_000, interval: 500 }).not.toBeNull();
      expect(await shown(id)).toMatchObject({
        state: 'done',
        result: expect.stringMatching(/^planned-switchover passed: write /),
      });
    } finally {
      await runner.stop();
    }
    const [round] = (await site.call('GET', '/drills/rounds')).body['items'] as { id: number }[];
    expect(round).toMatchObject({
      run: RUN,
      hazard: 'planned-switchover',
      isPassed: true,
      label: 'production',
      broken: [],
    });
    const { body } = await site.call('GET', `/drills/rounds/${round?.id}`);
    expect(body).toMatchObject({
      timeline: { cast: { primary: 'r1' }, ledger: { found: { r1: expect.any(Array), r2: expect.any(Array) } } },
    });
    const { timeline } = body as { timeline: { ledger: { acknowledged: number[] } } };
    expect(timeline.ledger.acknowledged.length).toBeGreaterThan(80);
    expect(await drillKeys()).toEqual([]);
    for (const format of ['text', 'html', 'junit']) {
      const report = await site.call('GET', `/drills/report?run=${RUN}&format=${format}`);
      expect(report.body['text'], format).toContain('planned-switchover');
    }
    expect((await post({ hazard: 'planned-switchover' })).body['detail']).toContain(
      'the last drill ended less than 5 minutes ago',
    );
  });
});

describe('a drill that loses its region', () => {
  it('is healed by another one, not judged, and told', { timeout: 60_000 }, async () => {
    const { user } = (await site.call('GET', '/me')).body as { user: string };
    const payload = { hazard: 'planned-drain', seed: 1, run: OTHER, ledger: OTHER };
    const job = {
      kind: 'drill',
      target: 'planned-drain',
      payload,
      deadlineSeconds: 600,
      targets: ['cluster'],
      caller: user,
    };
    const { id } = value(await change(site.db, (tx) => addJob(tx, job)));
    const isDrained = async () => (await site.call('GET', '/nodes/r1')).body['isDrained'];
    const cluster = fakeCluster();
    const first = runnerHere('r1:test', cluster);
    await expect.poll(isDrained, { timeout: 30_000 }).toBe(true);
    await first.stop();
    expect(await isDrained()).toBe(true);
    const second = runnerHere('r2:test', cluster);
    try {
      await expect.poll(async () => (await shown(id))['endedAt'], { timeout: 30_000 }).not.toBeNull();
    } finally {
      await second.stop();
    }
    expect(await shown(id)).toMatchObject({
      state: 'failed',
      result: expect.stringMatching(/^planned-drain not judged: taken over; r1 takes/),
    });
    expect(await isDrained()).toBe(false);
    const [round] = (await site.call('GET', `/drills/rounds?run=${OTHER}`)).body['items'] as unknown[];
    expect(round).toMatchObject({ isPassed: false, broken: ['recording'], label: 'production' });
    for (const format of ['text', 'html', 'junit']) {
      const report = await site.call('GET', `/drills/report?run=${OTHER}&format=${format}`);
      expect(report.body['text'], format).toContain('taken over');
    }
    expect(await drillKeys()).toEqual([]);
  });
});

const shown = async (id: number) => (await site.call('GET', `/jobs/${id}`)).body;
const drillKeys = async () => {
  const keys = (await site.call('GET', '/api-keys')).body['items'] as { label: string }[];
  return keys.filter(({ label }) => label.startsWith('drill'));
};

/** A fake cluster, whose floating address and proxies are this region, and whose databases are its one. */
function portsHere(cluster: FakeCluster): DrillPorts {
  const ways = openDrillPort(site.connection, port);
  const here = '127.0.0.1';
  return {
    patroni: portsOf(cluster).patroni,
    readSnapshot: () => lookHere(cluster),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    clock: realClock,
    random: realRandom,
    node: 'r1',
    version: '1.2.3',
    instruments: {
      ...ways,
      startProbes: (order) =>
        ways.startProbes({ ...order, vip: here, nodes: order.nodes.map(({ name }) => ({ name, address: here })) }),
      readCopies: (nodes, ledger) =>
        readLedgerCopies(site.connection, Object.fromEntries(nodes.map(({ name }) => [name, site.connection])), ledger),
    },
  };
}

/** The fake cluster, with the marks of the nodes that the database has. */
async function lookHere(cluster: FakeCluster): Promise<SiteSnapshot> {
  const { nodes } = value(await site.db.read(readSnapshot));
  cluster.drained.clear();
  for (const { name, isDrained } of nodes) if (isDrained) cluster.drained.add(name);
  cluster.tick();
  const look = lookOf(cluster);
  const own = <T extends { readonly name: string }>(node: T) => ({ ...node, id: node.name });
  return { ...look, nodes: look.nodes.map(own), site: { ...look.site, nodes: look.site.nodes.map(own) } };
}

function runnerHere(process: string, cluster: FakeCluster) {
  return startJobRunner({
    clock: realClock,
    random: realRandom,
    log: silentLog,
    kinds: [createDrillJob(portsHere(cluster))],
    renewer: renewerHere(),
    repository: openJobRepository(site.db, process),
  });
}

function renewerHere() {
  return createRenewer({
    clock: realClock,
    log: silentLog,
    renew: (held) => reached(site.db.repeatable((tx) => renewJobs(tx, held, 8000))),
  });
}
