import { beforeAll, expect, test } from 'vitest';
import type { Observation, ServiceObservation } from '../../../src/contract/cluster/agent.ts';
import type { Database } from '../../../src/store/database.ts';
import { lastEventId, readEvents, readRevision } from '../../../src/store/queries/base/events.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { readObservations, storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { readWatermark } from '../../../src/store/queries/base/watermark.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;

beforeAll(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  value(
    await change(db, (tx) => createNode(tx, { id: 'n1', name: 'r1', isRegion: true, isRack: true, addresses: [] })),
  );
});

const service = (name: string, state: ServiceObservation['state'], why = 'It answers.'): ServiceObservation => ({
  service: name,
  wanted: 3,
  wantedDigest: 'w',
  applied: 3,
  appliedDigest: 'w',
  state,
  since: '2026-01-02T03:04:05.678Z',
  why,
  lastAction: { kind: 'reload', why: 'zone changed', at: '2026-01-02T03:04:05.000Z' },
  restartDone: null,
});
const report = (...services: ServiceObservation[]): Observation => ({
  nodeId: 'n1',
  generation: 3,
  digest: 'd',
  agentVersion: '0.1.0',
  agentSince: '2026-01-02T00:00:00.000Z',
  staleSince: null,
  facts: {
    hostname: 'r1',
    os: { id: 'debian', version: '13' },
    isContainer: true,
    interfaces: [],
    versions: { dns: '9.20' },
  },
  services,
});
const store = async (...services: ServiceObservation[]) =>
  value(await db.repeatable((tx) => storeObservation(tx, { id: 'n1', name: 'r1' }, report(...services))));

test('a report is stored whole; services that it does not name are forgotten', async () => {
  await store(service('dns', 'healthy'), service('ntp', 'healthy'));
  const first = value(await db.read((tx) => readObservations(tx, 'n1')));
  expect(first).toEqual([
    {
      ...report(service('dns', 'healthy'), service('ntp', 'healthy')),
      findings: [],
      host: null,
      reportedAt: expect.stringMatching(/Z$/),
    },
  ]);
  await store(service('ntp', 'healthy'));
  expect(value(await db.read((tx) => readObservations(tx)))[0]?.services).toMatchObject([{ service: 'ntp' }]);
  await store();
  expect(value(await db.read((tx) => readObservations(tx)))[0]?.services).toEqual([]);
});

test('a changed state makes one event, an equal report none, and the revision stays', async () => {
  const revision = value(await db.read(readRevision));
  await store(service('dns', 'healthy'));
  const start = value(await db.read(lastEventId));
  await store(service('dns', 'healthy', 'Another sentence.'));
  await store(service('dns', 'unhealthy', 'It does not answer.'));
  await store(service('dns', 'unhealthy', 'It does not answer.'));
  const events = value(await db.read((tx) => readEvents(tx, start, 10)));
  expect(events).toMatchObject([
    {
      kind: 'service.unhealthy',
      subject: 'r1/dns',
      who: 'node:n1',
      data: { before: 'healthy', why: 'It does not answer.' },
    },
  ]);
  expect(value(await db.read(readRevision))).toBe(revision);
});

test('two reports at the same moment do not collide', async () => {
  await Promise.all(
    Array.from({ length: 10 }, (_, n) => store(service(`s${n % 3}`, 'healthy'), service('dns', 'healthy'))),
  );
  expect(value(await db.read((tx) => readObservations(tx)))).toHaveLength(1);
});

test('a report of an unknown node is refused', async () => {
  const answer = await db.repeatable((tx) =>
    storeObservation(tx, { id: 'gone', name: 'gone' }, { ...report(), nodeId: 'gone' }),
  );
  expect(refusal(answer).code).toBe('conflict');
});

test('an agent that has not read its facts yet keeps those of before, and its VLANs', async () => {
  await store(service('dns', 'healthy'));
  const before = value(await db.read((tx) => readObservations(tx, 'n1')))[0]?.facts;
  const place = value(await db.read(readWatermark));
  const facts = { hostname: '', os: { id: '', version: '' }, isContainer: false, interfaces: [], versions: {} };
  const started = { ...report(service('dns', 'healthy')), agentSince: '2026-01-03T00:00:00.000Z', facts };
  value(await db.repeatable((tx) => storeObservation(tx, { id: 'n1', name: 'r1' }, started)));
  const after = value(await db.read((tx) => readObservations(tx, 'n1')))[0];
  expect(after).toMatchObject({ facts: before, agentSince: '2026-01-03T00:00:00.000Z' });
  expect(value(await db.read(readWatermark))).toEqual(place);
});

test('an interface without carrier keeps the addresses that it had', async () => {
  const nic = (addresses: string[], hasCarrier: boolean) => ({
    ...report(service('dns', 'healthy')),
    facts: {
      ...report().facts,
      interfaces: [{ name: 'eth1', mac: '02:00:00:00:00:01', addresses, isUp: true, hasCarrier }],
    },
  });
  const put = async (observation: Observation) =>
    value(await db.repeatable((tx) => storeObservation(tx, { id: 'n1', name: 'r1' }, observation)));
  const addresses = async () =>
    value(await db.read((tx) => readObservations(tx, 'n1')))[0]?.facts.interfaces.map((item) => item.addresses);
  await put(nic(['10.10.10.1'], true));
  await put(nic([], false));
  await put(nic([], false));
  expect(await addresses()).toEqual([['10.10.10.1']]);
  await put(nic([], true));
  expect(await addresses()).toEqual([[]]);
});
