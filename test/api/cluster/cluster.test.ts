import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostObservation, ServiceObservation } from '../../../src/contract/cluster/agent.ts';
import { writeCluster } from '../../../src/store/queries/cluster/cluster.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
});
afterAll(() => site.close());

const HOST: HostObservation = {
  certificate: { serial: '0a', notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2126-01-01T00:00:00.000Z' },
  disks: [{ path: '/', sizeBytes: 1000, freeBytes: 700 }],
  roles: { vip: null, database: null },
};
const tell = async (...services: ServiceObservation[]) => {
  const report = anObservation('r1', { generation: 1, digest: 'd', services, host: HOST });
  value(await site.db.repeatable((tx) => storeObservation(tx, { id: 'r1', name: 'r1' }, report)));
};

const member = { name: 'r1', role: 'primary', state: 'running', timeline: 3, lagBytes: null, isSynchronous: false };
const DB = {
  role: 'primary',
  state: 'running',
  timeline: 3,
  lagBytes: null,
  isSynchronous: false,
  isStreaming: false,
  isConfigured: true,
};
const DCS = { memberId: 'a1', isLeader: true, isLearner: false, hasQuorum: true, sizeBytes: 1000, alarms: [] };

describe('a site that is no cluster', () => {
  it('says so, and is judged by what it has', async () => {
    const shown = await site.call('GET', '/cluster', { role: 'user' });
    expect(shown).toMatchObject({ status: 200, body: { cluster: null, losses: { now: 0, promised: 0 }, vip: null } });
    const status = await site.call('GET', '/status');
    expect(shown.body['summary']).toBe(status.body['summary']);
    const doctor = await site.call('GET', '/cluster/doctor');
    expect(doctor.body['invariants']).not.toContainEqual(expect.objectContaining({ id: 'etcd-quorum' }));
  });
});

describe('a cluster of one', () => {
  it('shows what its node says, with the first line of the status', async () => {
    const cluster = { id: 'regent-test', vip: '10.77.0.10/24', virtualRouter: 51 };
    value(await change(site.db, (tx) => writeCluster(tx, cluster)));
    await tell(
      aServiceReport('db', { facts: { ...DB, members: [member] } }),
      aServiceReport('dcs', { facts: { ...DCS, members: [{ name: 'r1', id: 'a1', isLearner: false }] } }),
    );
    const shown = await site.call('GET', '/cluster');
    expect(shown.body).toMatchObject({
      source: 'database',
      cluster: { id: 'regent-test', vip: '10.77.0.10/24', virtualRouter: 51 },
      database: { primary: 'r1', timeline: 3, state: 'ok' },
      dcs: { leader: 'r1', voters: ['r1'] },
      losses: { why: ['single node: its data is lost with it'] },
      racks: [],
      certificates: [{ node: 'r1' }],
    });
    const status = await site.call('GET', '/status');
    expect(shown.body).toMatchObject({ state: status.body['state'], summary: status.body['summary'] });
    expect(String(status.body['summary'])).toMatch(/^Can lose none: single node: its data is lost with it\. /);
  });

  it('has a doctor that reads the slots of this database, and takes no silence for health', async () => {
    const { body } = await site.call('GET', '/cluster/doctor', { role: 'auditor' });
    const states = Object.fromEntries(
      (body['invariants'] as { id: string; state: string }[]).map((row) => [row.id, row.state]),
    );
    expect(states).toMatchObject({
      'one-primary': 'ok',
      'etcd-quorum': 'ok',
      'vip-holder': 'unknown',
      disks: 'ok',
      clock: 'ok',
      authority: 'unknown',
    });
    expect(states['wal-bounds']).toBe('broken');
    expect(body).toMatchObject({ state: 'degraded', summary: expect.stringMatching(/^Of \d+ invariants: /) });
  });
});

describe('what-if', () => {
  const ask = (query: string) => site.call('GET', `/cluster/what-if?${query}`, { role: 'user' });

  it('predicts from what the nodes say: of a cluster of one nothing is left', async () => {
    const { status, body } = await ask('node=R1&event=dies');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      node: 'r1',
      event: 'dies',
      source: 'database',
      primary: { before: 'r1', after: null, candidates: [] },
      redundancy: { before: 0, after: 0 },
      outages: expect.arrayContaining([expect.objectContaining({ probe: 'write', mostMs: null })]),
    });
  });

  it('refuses a node and an event that are not there', async () => {
    expect(await ask('node=r9&event=dies')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    for (const query of ['node=r1&event=explodes', 'node=r1', '', 'node=r1&event=dies&more=1'])
      expect(await ask(query)).toMatchObject({ status: 422, body: { code: 'invalid_value' } });
  });
});

describe('actions of agents', () => {
  it('are listed for those who watch, by time and node', async () => {
    const at = new Date().toISOString();
    await tell(aServiceReport('dns', { actions: [{ kind: 'command', why: 'the address came', at, trigger: 'role' }] }));
    const listed = await site.call('GET', `/service-actions?since=${at}&node=R1&service=dns`, { role: 'operator' });
    expect(listed.body).toEqual({
      items: [{ node: 'r1', service: 'dns', at, kind: 'command', why: 'the address came', trigger: 'role' }],
      next: null,
    });
    expect((await site.call('GET', '/service-actions', { role: 'user' })).status).toBe(403);
    expect((await site.call('GET', '/service-actions?node=nobody')).body).toMatchObject({ code: 'not_found' });
    expect((await site.call('GET', '/service-actions?since=yesterday')).status).toBe(422);
  });
});
