import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lightFetch } from '../../src/cli/light-fetch.ts';
import type { Desired } from '../../src/contract/cluster/agent.ts';
import { usePostgres } from '../kit/postgres.ts';
import { anObservation, aServiceReport } from '../kit/observation.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../kit/region.ts';
import { pause, until } from '../kit/until.ts';
import { run } from '../unit/cli/fake-region.ts';

/**
 * What is held back is told wherever an operator looks: a region on a database, an agent that applies what it is given, and the command line.
 * Prints each input with its answer (`scripts/test --only operators`).
 */

const pg = usePostgres();
let site: TestRegion;
let url: string;
let endTasks: () => Promise<void>;
let isOver = false;
let agent: Promise<void>;
let applied: Desired | null = null;
const table: string[] = [];

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  endTasks = site.region.startTasks();
  await site.api.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(site.api.server.address() as AddressInfo).port}`;
  agent = applyAll();
});
afterAll(async () => {
  console.log(`\n${table.join('\n')}\n`);
  isOver = true;
  await agent;
  await endTasks();
  await site.close();
});

/** An agent that has at once what is published. */
async function applyAll(): Promise<void> {
  const authorization = `Bearer node:r1:${NODE_SECRET}`;
  while (!isOver) {
    const response = await site.agentApi.inject({
      url: '/agent/v1/desired?generation=0&digest=&wait=0',
      headers: { authorization },
    });
    const desired = response.statusCode === 200 ? (response.json() as Desired) : null;
    if (desired) {
      const services = Object.entries(desired.body.services).map(([name, part]) =>
        aServiceReport(name, {
          wanted: desired.generation,
          applied: desired.generation,
          state: part.desired === null ? 'absent' : 'healthy',
        }),
      );
      const { generation, digest } = desired;
      const payload = anObservation('r1', { generation, digest, services });
      const told = await site.agentApi.inject({
        method: 'POST',
        url: '/agent/v1/observation',
        headers: { authorization },
        payload,
      });
      expect(told.statusCode, told.body).toBe(204);
      applied = desired;
    }
    await pause(100);
  }
}

async function regent(line: string) {
  const started = performance.now();
  const result = await run({ url }, line.split(' '), {
    env: { REGENT_URL: url, REGENT_API_KEY: site.keys.admin },
    fetch: lightFetch,
    now: () => Date.now(),
  });
  const tookMs = performance.now() - started;
  const said = `${result.out}${result.err}`.trim().replaceAll('\n', '\n      ');
  table.push(`regent ${line}\n    → ${result.code}: ${said}`);
  return { ...result, tookMs };
}

/** Past every law of the API, as a database of an earlier release may be. */
const force = (text: string) =>
  pg.get().admin(`begin; set local session_replication_role = replica; ${text}; commit`, site.connection.database);

const published = (text: string) =>
  until(`${text} is with the agent`, () => JSON.stringify(applied?.body).includes(text));

it('a bad name in one zone holds nothing else back, and is told everywhere until it is mended', {
  timeout: 90_000,
}, async () => {
  for (const line of [
    'domain create b.test',
    'domain create x.a.test',
    'record create www.x.b.test A 192.0.2.1',
    'record create www.x.a.test CNAME other.test',
  ]) {
    expect(await regent(`${line} --wait`)).toMatchObject({ code: 0 });
  }
  await force(`update domains set name = 'a.test' where name = 'b.test'`);
  table.push('(domain b.test is a.test now, by SQL)');

  const later = await regent('record create later.regent.internal A 10.10.10.60 --wait');
  expect(later.code).toBe(6);
  expect(later.tookMs).toBeLessThan(10_000);
  expect(later.err).toContain('Applied on 1 of 1 nodes, but not everything is as requested.');
  expect(later.err).toMatch(
    /dns on r1: Zone x\.a\.test has a CNAME at www\.x\.a\.test beside A \(RFC 1034 §3\.6\.2\): it keeps its last good data \(CNAME other\.test\) \(since 20\S+Z\)\. Change or delete/,
  );
  await published('10.10.10.60');

  const status = await regent('status');
  expect(status.code).toBe(6);
  expect(status.out).toContain('www.x.a.test');
  const [, since = ''] = /since (20\S+Z)/.exec(later.err) ?? [];
  const diff = await regent('config diff');
  expect(diff.code).toBe(6);
  expect(diff.out).toContain('Differs from the request: name www.x.a.test.');
  expect((await regent('service show r1/dns')).out).toContain(`since ${since}`);

  // The moment stays while it is held, over other changes.
  const again = await regent('record create again.regent.internal A 10.10.10.61 --wait');
  expect([again.code, again.err.includes(`(since ${since})`)]).toEqual([6, true]);
  await published('10.10.10.61');

  const mended = await regent('record delete www.x.a.test A 192.0.2.1 --wait');
  expect(mended.code, mended.err).toBe(0);
  expect(mended.err).toContain('Applied on 1 of 1 nodes; all services are healthy.');
  expect((await regent('config diff')).code).toBe(0);
  expect((await regent('status -o name')).out).toBe('ok\n');
});

it('a VLAN with DHCP that no rack stands on is not applied', { timeout: 30_000 }, async () => {
  for (const line of [
    'vlan create --vid 77 --name guests',
    'subnet create 10.66.0.0/24 --vlan guests',
    'range create 10.66.0.100-10.66.0.199 --kind dynamic',
  ]) {
    expect(await regent(line)).toMatchObject({ code: 0 });
  }
  const on = await regent('vlan set guests --dhcp on --wait');
  expect([on.code, on.tookMs < 10_000]).toEqual([6, true]);
  expect(on.err).toContain(
    'VLAN guests has DHCP on, but no accepted rack has an IPv4 address in a subnet of it: nobody serves it',
  );
  expect(await regent('vlan set guests --dhcp off --wait')).toMatchObject({ code: 0 });
});

it('a circle of resolvers leaves that resolver out alone', { timeout: 30_000 }, async () => {
  const own = ['192.0.2.53', '10.77.0.11'];
  await force(
    `insert into settings (name, value) values ('upstream_dns', '${JSON.stringify(own)}') on conflict (name) do update set value = excluded.value`,
  );
  table.push(`(upstream_dns is ${own.join(', ')} now, by SQL; r1 has 10.77.0.11)`);
  const next = await regent('record create third.regent.internal A 10.10.10.62 --wait');
  expect(next.code).toBe(6);
  expect(next.err).toContain("upstream_dns names 10.77.0.11, which is the cluster's own node r1");
  await published('10.10.10.62');
  expect(applied?.body.services['dns']?.desired?.['forwarders']).toEqual(['192.0.2.53']);
  expect(await regent('setting set upstream_dns 192.0.2.53 --wait')).toMatchObject({ code: 0 });
});

it('a release that is gone for good does not keep publication to itself', { timeout: 60_000 }, async () => {
  await force(`update gates set value = '9.0.0', since = now() - interval '10 min' where name = 'compiler'`);
  table.push('(version 9.0.0 is to publish, by SQL; no living region has it)');
  const next = await regent('record create fourth.regent.internal A 10.10.10.63 --wait');
  expect(next.code, next.err).toBe(0);
  await published('10.10.10.63');
  expect(await pg.get().admin(`select value from gates where name = 'compiler'`, site.connection.database)).toEqual([
    { value: '1.0.0' },
  ]);

  // A version that was there a moment ago keeps its place: a restart is no reason to go back. Meanwhile the first line says it.
  await force(`update gates set value = '9.0.0', since = now() where name = 'compiler'`);
  expect(await regent('record create fifth.regent.internal A 10.10.10.64')).toMatchObject({ code: 0 });
  const status = await until(
    'not published is said',
    async () => {
      const { body } = await site.call('GET', '/status');
      return String(body['summary']).startsWith('Not published') ? String(body['summary']) : null;
    },
    { deadlineMs: 30_000, everyMs: 500 },
  );
  table.push(`(version 9.0.0 is to publish since just now) regent status\n    → ${status}`);
  expect(status).toMatch(
    /^Not published: revision \d+ waits since 20\S+Z, \d+ is the last one that was compiled: version 9\.0\.0 is to publish, and no living region has it\. /,
  );
});
