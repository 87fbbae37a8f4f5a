import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPlace } from '../../../src/store/queries/cluster/places.ts';
import { writeCluster } from '../../../src/store/queries/cluster/cluster.ts';
import { createNode, updateNode } from '../../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { compileNode } from '../../../src/services/compile-node.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';
import { fakeCluster, lookOf } from '../../unit/region/cluster/moves/fake.ts';

const pg = usePostgres();
let site: TestRegion;
const post = (path: string, body: unknown = {}) => site.call('POST', path, { body });
const run = async (text: ReturnType<typeof sql>) => value(await site.db.repeatable((tx) => tx.run(text)));
const payload = async () =>
  value(
    await site.db.read((tx) =>
      tx.one(sql<{ kind: string; payload: object }>`select kind, payload from jobs order by id desc limit 1`),
    ),
  );

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  value(await change(site.db, (tx) => writeCluster(tx, { id: 'regent-test', vip: null, virtualRouter: 51 })));
  for (const [index, name] of ['r2', 'r3'].entries()) {
    const node = { id: name, name, isRegion: true, isRack: false, addresses: [`10.77.0.1${index + 2}`] };
    await change(site.db, (tx) => createNode(tx, node));
  }
});
afterAll(() => site.close());
beforeEach(async () => {
  await run(
    sql`update jobs set state = 'aborted', result = 'over', ended_at = clock_timestamp(), lease_holder = null, lease_until = null where ended_at is null`,
  );
  for (const node of lookOf(fakeCluster()).site.nodes.filter(({ isRegion }) => isRegion)) {
    const services = node.observed.map((row) =>
      aServiceReport(row.service, row.facts === undefined ? {} : { facts: row.facts }),
    );
    const report = anObservation(node.name, { generation: 1, digest: 'd', services });
    value(await site.db.repeatable((tx) => storeObservation(tx, { id: node.name, name: node.name }, report)));
  }
});

describe('a node is taken out', () => {
  it('by admins alone', async () => {
    for (const role of ['operator', 'user', 'auditor'] as const) {
      for (const path of ['/nodes/r3/remove', '/nodes/r3/replace'])
        expect(await site.call('POST', path, { body: {}, role })).toMatchObject({ status: 403 });
    }
  });

  it('that is alive not before every region node knows what leaving is; then as a job', async () => {
    expect(await post('/nodes/r3/remove')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('Upgrade') },
    });
    await run(sql`insert into features (name) values ('drain'), ('leave') on conflict do nothing`);
    const begun = await post('/nodes/r3/remove');
    expect(begun).toMatchObject({
      status: 202,
      body: {
        kind: 'node-remove',
        target: 'r3',
        progress: expect.stringMatching(/^r3 hands on .*which can lose none/),
      },
    });
    expect(await payload()).toMatchObject({
      payload: {
        node: 'r3',
        id: 'r3',
        addresses: ['10.77.0.13'],
        isPlaceKept: false,
        isForced: false,
        wasDrained: false,
      },
    });
    expect(await post('/nodes/r2/remove')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('node-remove r3') },
    });
  });

  it('is refused with the reason', async () => {
    expect(await post('/nodes/r9/remove')).toMatchObject({ status: 404 });
    expect(await post('/nodes/r3/replace')).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('--force') },
    });
    expect(await post('/nodes/r3/replace', { isForced: true })).toMatchObject({ status: 202 });
    expect(await payload()).toMatchObject({ payload: { isPlaceKept: true, isForced: true } });
  });

  it('is told that it is out where its place is reserved', async () => {
    await change(site.db, (tx) =>
      openPlace(tx, { name: 'r9', isRegion: true, isRack: false, nodeId: null, openedBy: 'ada' }),
    );
    expect(await post('/nodes/R9/replace')).toMatchObject({
      status: 409,
      body: { detail: expect.stringMatching(/r9 is removed already.*--place r9/) },
    });
    expect((await site.call('GET', '/places')).body['items']).toMatchObject([{ name: 'r9', openedBy: 'ada' }]);
  });

  it('runs nothing but etcd and its packet filter while it leaves, and is shown so', async () => {
    value(await change(site.db, (tx) => updateNode(tx, { key: 'r3' }, { state: 'leaving' })));
    const snapshot = value(await site.db.read(readSnapshot));
    const { services } = compileNode(snapshot, 'r3', SERVICES, null).body;
    expect(
      Object.entries(services)
        .flatMap(([name, { desired }]) => (desired === null ? [] : [name]))
        .sort(),
    ).toEqual(['dcs', 'firewall']);
    expect(Object.keys(services).length).toBe(SERVICES.length);
    expect(await site.call('GET', '/nodes/r3')).toMatchObject({ body: { state: 'leaving' } });
    value(await change(site.db, (tx) => updateNode(tx, { key: 'r3' }, { state: 'member' })));
  });
});
