import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Desired, Observation, ServiceObservation } from '../../src/contract/cluster/agent.ts';
import type { Status } from '../../src/contract/site/status.ts';
import { digestOf } from '../../src/core/stable-json.ts';
import { SERVICES } from '../../src/services/registry.ts';
import { usePostgres } from '../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../kit/region.ts';
import { until } from '../kit/until.ts';

/** Region and a scripted agent, as the wire sees them: row → desired → observation → status. */

const pg = usePostgres();
let site: TestRegion;
let endTasks: () => Promise<void>;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  endTasks = site.region.startTasks();
});
afterAll(async () => {
  await endTasks();
  await site.close();
});

const authorization = `Bearer node:r1:${NODE_SECRET}`;

async function pull(on: TestRegion, held: { generation: number; digest: string }, wait = 0): Promise<Desired | null> {
  const query = `generation=${held.generation}&digest=${held.digest}&wait=${wait}`;
  const response = await on.agentApi.inject({ url: `/agent/v1/desired?${query}`, headers: { authorization } });
  if (response.statusCode === 204) return null;
  expect(response.statusCode, response.body).toBe(200);
  return response.json();
}

function report(desired: Desired, changes: Partial<ServiceObservation> = {}): Observation {
  const now = new Date().toISOString();
  return {
    nodeId: 'r1',
    generation: desired.generation,
    digest: desired.digest,
    agentVersion: '1.0.0',
    agentSince: now,
    staleSince: null,
    facts: {
      hostname: 'r1',
      os: { id: 'debian', version: '13' },
      isContainer: true,
      interfaces: [],
      versions: { dns: 'BIND 9.20', ntp: 'chronyd 4.6' },
    },
    services: Object.entries(desired.body.services).map(([service, part]) => ({
      service,
      wanted: desired.generation,
      wantedDigest: 'd',
      applied: desired.generation,
      appliedDigest: 'd',
      state: part.desired === null ? 'absent' : 'healthy',
      since: now,
      why: 'it answers\nas it should',
      lastAction: null,
      restartDone: part.restart,
      ...changes,
    })),
  };
}

const observe = (observation: Observation) =>
  site.agentApi.inject({
    method: 'POST',
    url: '/agent/v1/observation',
    headers: { authorization },
    payload: observation,
  });
const status = async () => (await site.call('GET', '/status')).body as unknown as Status;
const current = () => until('a publication', () => pull(site, { generation: 0, digest: '' }));

describe('the first path', () => {
  it('turns a row into a desired state, and a report into a green status', async () => {
    const before = await current();
    expect(before).toMatchObject({ nodeId: 'r1', digest: digestOf(before.body) });
    const waiting = pull(site, before, 10);
    const started = performance.now();
    await site.call('POST', '/records', { body: { fqdn: 'www.regent.internal', type: 'A', data: '10.0.0.80' } });
    const after = await waiting;
    expect(performance.now() - started).toBeLessThan(2000);
    expect(after?.generation).toBe(before.generation + 1);
    expect(JSON.stringify(after?.body)).toContain('10.0.0.80');
    expect(await status()).toMatchObject({ state: 'degraded' });
    if (!after) throw new Error('nothing was published');
    expect((await observe(report(after))).statusCode).toBe(204);
    expect(await status()).toMatchObject({ state: 'ok', nodes: [{ applied: after.generation, isCurrent: true }] });
    expect((await site.call('GET', '/config/diff')).body['nodes']).toMatchObject([{ isCurrent: true, files: [] }]);
  });

  it('shows what is published and not in force as a difference of real files', async () => {
    await site.call('POST', '/records', { body: { fqdn: 'new.regent.internal', type: 'A', data: '10.0.0.81' } });
    const pending = await until('the publication', async () => {
      const diff = await site.call('GET', '/config/diff');
      return diff.raw.includes('+new A 10.0.0.81') ? diff : null;
    });
    expect(pending.body['nodes']).toMatchObject([{ isCurrent: false }]);
    await observe(report(await current()));
  });

  it('degrades with the reason of an unhealthy service, and tells it as an event', async () => {
    const desired = await current();
    await observe(report(desired, { state: 'unhealthy', why: 'dig: no answer within 1 s' }));
    expect(await status()).toMatchObject({ state: 'degraded', summary: expect.stringContaining('unhealthy') });
    expect((await site.call('GET', '/services/r1/dns')).body).toMatchObject({ why: 'dig: no answer within 1 s' });
    const events = await site.call('GET', '/events?kind=service.unhealthy');
    expect(events.raw).toContain('r1/dns');
    await observe(report(desired));
    expect((await status()).state).toBe('ok');
  });

  it('restarts a service once: the wish is published with a nonce and is done when the node says so', async () => {
    await site.call('POST', '/services/r1/dns/restart');
    const desired = await until('the wish', async () => {
      const now = await pull(site, { generation: 0, digest: '' });
      return now?.body.services['dns']?.restart ? now : null;
    });
    expect((await site.call('GET', '/services/r1/dns')).body).toMatchObject({ restart: { isDone: false } });
    await observe(report(desired));
    expect((await site.call('GET', '/services/r1/dns')).body).toMatchObject({ restart: { isDone: true } });
    expect((await status()).state).toBe('ok');
  });

  it('goes beyond a generation that only the agent knows (a restored database), and changes a number with other content', async () => {
    const desired = await current();
    const held = { generation: desired.generation + 40, digest: 'f'.repeat(64) };
    const next = await until('a newer generation', () => pull(site, held, 2));
    expect(next.generation).toBe(held.generation + 1);
    expect(next.body).toEqual(desired.body);
    const other = { generation: next.generation, digest: 'e'.repeat(64) };
    expect((await until('another number', () => pull(site, other, 2))).generation).toBe(next.generation + 1);
    await observe(report(await current()));
  });

  it('answers 204 when nothing changes within the wait', async () => {
    expect(await pull(site, await current(), 1)).toBeNull();
  });
});

describe('the agent channel', () => {
  it('is for nodes with their credential alone, each for its own', async () => {
    const at = (header?: string) =>
      site.agentApi.inject({
        url: '/agent/v1/desired?generation=0&digest=&wait=0',
        headers: header ? { authorization: header } : {},
      });
    expect((await at()).statusCode).toBe(401);
    expect((await at(`Bearer node:r2:${NODE_SECRET}`)).statusCode).toBe(401);
    expect((await at(`Bearer ${site.keys.admin}`)).statusCode).toBe(401);
    const foreign = await observe({ ...report(await current()), nodeId: 'r2' });
    expect(foreign).toMatchObject({ statusCode: 403 });
    expect((await observe({} as Observation)).statusCode).toBe(422);
    const api = await site.api.inject({ url: '/agent/v1/desired', headers: { authorization } });
    // On the port only a rack's signature counts.
    expect(api.statusCode).toBe(401);
  });
});

describe('two regions on one database', () => {
  it('publish one line of generations, and either one serves the agent', { timeout: 60_000 }, async () => {
    const other = await startTestRegion(pg.get(), { connection: site.connection, keys: site.keys });
    const endOther = other.region.startTasks();
    try {
      const regions = [site, other];
      const start = await current();
      const seen: Desired[] = [];
      for (let n = 0; n < 20; n += 1) {
        const on = regions[n % 2] ?? site;
        const body = { fqdn: `race${n}.regent.internal`, type: 'A', data: `10.0.1.${n}` };
        expect((await on.call('POST', '/records', { body })).status).toBe(201);
      }
      const last = await until('all published', async () => {
        const now = await pull(other, { generation: 0, digest: '' });
        if (now) seen.push(now);
        return now && JSON.stringify(now.body).includes('10.0.1.19') ? now : null;
      });
      expect(seen.map((item) => item.generation)).toEqual(
        seen.map((item) => item.generation).toSorted((a, b) => a - b),
      );
      expect(await pull(site, { generation: 0, digest: '' })).toEqual(last);
      const rows = await pg
        .get()
        .admin<{ generation: string; digest: string }>(
          `select generation, digest from publications where node_id = 'r1' and generation > ${start.generation} order by generation`,
          site.connection.database,
        );
      expect(new Set(rows.map((row) => row.generation)).size).toBe(rows.length);
      for (const [index, row] of rows.entries()) expect(row.digest).not.toBe(rows[index - 1]?.digest);
    } finally {
      await endOther();
      await other.close();
    }
  });

  it('of different versions: the newest one publishes, the other only observes', async () => {
    const newer = await startTestRegion(pg.get(), { connection: site.connection, keys: site.keys, version: '1.1.0' });
    const endNewer = newer.region.startTasks();
    try {
      // Before that the older one may still publish, and rightly so.
      await until('the newer one has asked to publish', async () => {
        const gates = `select value from gates where name = 'compiler'`;
        const [gate] = await pg.get().admin<{ value: string }>(gates, site.connection.database);
        return gate?.value === '1.1.0';
      });
      await site.call('POST', '/records', { body: { fqdn: 'newer.regent.internal', type: 'A', data: '10.0.2.1' } });
      await until('it is published', async () =>
        JSON.stringify(await pull(site, { generation: 0, digest: '' })).includes('10.0.2.1'),
      );
      const heads = `select p.compiler from publications p join desired d using (node_id, generation) where p.node_id = 'r1'`;
      const rows = await pg.get().admin<{ compiler: string }>(heads, site.connection.database);
      expect(rows).toEqual([{ compiler: '1.1.0' }]);
    } finally {
      await endNewer();
      await newer.close();
    }
  });
});

describe('a service that cannot be compiled', () => {
  it('keeps its last part, is shown to the operator, and does not hold up the others', {
    timeout: 60_000,
  }, async () => {
    let isBroken = false;
    const dns = SERVICES.find((service) => service.name === 'dns');
    const rest = SERVICES.filter((service) => service !== dns);
    if (!dns || rest.length === 0) throw new Error('the registry has too few services');
    const compile: typeof dns.compile = (...args) => {
      if (isBroken) throw new Error('the compiler met what it does not know');
      return dns.compile(...args);
    };
    const fresh = await startTestRegion(pg.get(), { services: [{ ...dns, compile }, ...rest] });
    const end = fresh.region.startTasks();
    try {
      const before = await until('a publication', () => pull(fresh, { generation: 0, digest: '' }));
      isBroken = true;
      await fresh.call('POST', '/records', { body: { fqdn: 'x.regent.internal', type: 'A', data: '10.0.4.1' } });
      await fresh.call('PUT', '/settings/ntp_servers', { body: { value: ['192.0.2.123'] } });
      const after = await until('the other service', async () => {
        const now = await pull(fresh, { generation: 0, digest: '' });
        return now && JSON.stringify(now.body).includes('192.0.2.123') ? now : null;
      });
      expect(after.body.services['dns']).toEqual(before.body.services['dns']);
      expect((await fresh.call('GET', '/services/r1/dns')).body['findings']).toMatchObject([
        { code: 'compile_failed', severity: 'error', sentence: 'the compiler met what it does not know' },
      ]);
      expect((await fresh.call('GET', '/status')).body).toMatchObject({
        state: 'degraded',
        findings: [{ service: 'dns' }],
      });
      const preview = await fresh.call('POST', '/records?dry_run=true', {
        body: { fqdn: 'y.regent.internal', type: 'A', data: '10.0.4.2' },
      });
      expect(preview.raw).toContain('compile_failed');
      isBroken = false;
      await fresh.call('POST', '/records', { body: { fqdn: 'z.regent.internal', type: 'A', data: '10.0.4.3' } });
      const healed = await until('dns again', async () => {
        const now = await pull(fresh, { generation: 0, digest: '' });
        return now && JSON.stringify(now.body).includes('10.0.4.3') ? now : null;
      });
      expect(JSON.stringify(healed.body)).toContain('10.0.4.1');
      expect((await fresh.call('GET', '/services/r1/dns')).body['findings']).toEqual([]);
    } finally {
      await end();
      await fresh.close();
    }
  });
});

describe('the database away', () => {
  it('and back: what was written is published, the waiting agent gets it', { timeout: 60_000 }, async () => {
    const fresh = await startTestRegion(pg.get());
    const end = fresh.region.startTasks();
    try {
      const before = await until('a publication', () => pull(fresh, { generation: 0, digest: '' }));
      await fresh.call('POST', '/records', { body: { fqdn: 'back.regent.internal', type: 'A', data: '10.0.3.1' } });
      pg.get().server.kill('SIGKILL');
      await pg.get().server.start();
      const after = await until('the record', () => pull(fresh, before, 5), { deadlineMs: 30_000 });
      expect(JSON.stringify(after.body)).toContain('10.0.3.1');
    } finally {
      await end();
      await fresh.close();
    }
  });
});
