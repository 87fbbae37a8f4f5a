import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Observation } from '../../../src/contract/cluster/agent.ts';
import type { Doctor } from '../../../src/contract/cluster/doctor.ts';
import { Doctor as DoctorForm } from '../../../src/contract/cluster/doctor.ts';
import { parseLayout, parseMemory, type RegionMemory } from '../../../src/contract/cluster/memory.ts';
import { ClusterStatus as StatusForm, type ClusterStatus } from '../../../src/contract/cluster/status.ts';
import { Compile } from 'typebox/compile';
import { writeCluster } from '../../../src/store/queries/cluster/cluster.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

const pg = usePostgres();
let site: TestRegion;
let kept: string | null = null;
let isOwnHost = true;
const asked: string[] = [];
/** What the other regions answer, by address. */
const others = new Map<string, RegionMemory>();

const report = (node: string, role: 'primary' | 'standby'): Observation => {
  const isStandby = role === 'standby';
  const facts = {
    role,
    state: 'running',
    timeline: 3,
    lagBytes: null,
    isSynchronous: isStandby,
    isStreaming: isStandby,
    isConfigured: true,
    members: [],
  };
  return anObservation(node, { generation: 1, digest: 'd', services: [aServiceReport('db', { facts })] });
};

const ask = async (path: string) => {
  const response = await site.agentApi.inject(path);
  return { status: response.statusCode, body: response.statusCode === 200 ? JSON.parse(response.body) : response.body };
};
const tell = (observation: Observation, secret = NODE_SECRET) =>
  site.agentApi.inject({
    method: 'POST',
    url: '/agent/v1/observation',
    headers: { authorization: `Bearer node:r1:${secret}`, 'content-type': 'application/json' },
    payload: JSON.stringify(observation),
  });

beforeAll(async () => {
  site = await startTestRegion(pg.get(), {
    deadlineMs: 1000,
    isOwnHost: async () => isOwnHost,
    memory: {
      ask: async (address) => {
        asked.push(address);
        return others.get(address) ?? null;
      },
      layout: {
        read: async () => kept,
        write: async (text) => {
          kept = text;
        },
      },
    },
  });
  const cluster = { id: 'regent-test', vip: null, virtualRouter: 51 };
  value(await change(site.db, (tx) => writeCluster(tx, cluster)));
  for (const [name, address] of [
    ['r2', '10.77.0.12'],
    ['r3', '10.77.0.13'],
  ] as const) {
    value(
      await change(site.db, (tx) =>
        createNode(tx, { id: name, name, isRegion: true, isRack: false, addresses: [address] }),
      ),
    );
  }
});
afterAll(() => site.close());

it('answers root on this host from the database as long as that is there', async () => {
  const shown = await ask('/host/v1/cluster');
  expect(shown.body).toMatchObject({ source: 'database', cluster: { id: 'regent-test' } });
  expect(shown.body.nodes.map((node: { name: string }) => node.name)).toEqual(['r1', 'r2', 'r3']);
  isOwnHost = false;
  expect((await ask('/host/v1/cluster')).status).toBe(403);
  expect((await ask('/host/v1/doctor')).status).toBe(403);
  isOwnHost = true;
});

it('goes on from what all regions remember while the database is away', { timeout: 60_000 }, async () => {
  const stop = site.region.startTasks();
  await until('the layout is kept', async () => kept !== null && parseLayout(kept)?.nodes.length === 3);
  await stop();
  await pg.get().server.halt();
  try {
    // Nobody can be looked up, yet what this host's own agent says is kept.
    const refused = tell(report('r1', 'standby'));
    await until('the report is remembered', async () => {
      // A probe of the database is good for half a second.
      const { reports, isReady } = await site.region.host.recall();
      return reports.length === 1 && !isReady;
    });
    const own = await site.region.host.recall();
    expect(parseMemory(JSON.stringify(own))).toEqual(own);
    expect(own).toMatchObject({ node: 'r1', isReady: false, reports: [{ nodeId: 'r1' }] });
    const at = new Date().toISOString();
    const stale = new Date(Date.now() - 60_000).toISOString();
    others.set('10.77.0.12', {
      ...own,
      node: 'r2',
      reports: [
        { nodeId: 'r2', at, report: report('r2', 'primary') },
        { nodeId: 'r1', at: stale, report: report('r1', 'primary') },
      ],
    });
    const shown = (await ask('/host/v1/cluster')).body as ClusterStatus;
    expect(Compile(StatusForm).Check(shown)).toBe(true);
    expect(shown).toMatchObject({ state: 'degraded', source: 'memory', database: { state: 'down', primary: 'r2' } });
    expect(shown.summary).toMatch(/^Can lose none: no region has a report of r3, .*\. The database is away: /);
    expect(shown.nodes.map((node) => `${node.name} ${node.report}`)).toEqual(['r1 current', 'r2 current', 'r3 never']);
    expect(asked).toEqual(['10.77.0.12', '10.77.0.13']);
    const doctor = (await ask('/host/v1/doctor')).body as Doctor;
    expect(Compile(DoctorForm).Check(doctor)).toBe(true);
    const states = Object.fromEntries(doctor.invariants.map((row) => [row.id, row.state]));
    expect(states).toMatchObject({
      'database-writes': 'broken',
      'one-primary': 'unknown',
      'wal-bounds': 'unknown',
      agents: 'unknown',
    });
    expect((await refused).statusCode).toBe(503);
    // Somebody else's word is not taken.
    isOwnHost = false;
    await tell(report('r3', 'primary'), 'x'.repeat(20));
    expect((await site.region.host.recall()).reports).toHaveLength(1);
  } finally {
    isOwnHost = true;
    await pg.get().server.start();
  }
});

it('keeps a layout that can be read again, and nothing else counts as one', () => {
  expect(parseLayout(kept ?? '')).toMatchObject({ cluster: { id: 'regent-test' }, racks: [] });
  for (const text of ['', '{', '{}', '[]', '{"cluster":null,"nodes":[{}],"racks":[]}'])
    expect(parseLayout(text)).toBeNull();
  expect(parseMemory('{"node":"r1"}')).toBeNull();
});
