import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClusterStatus } from '../../../../src/contract/cluster/status.ts';
import { diagnose } from '../../../../src/region/cluster/doctor.ts';
import { viewCluster } from '../../../../src/region/cluster/view.ts';
import { whatIf } from '../../../../src/region/cluster/what-if/what-if.ts';
import { aSite } from '../../region/cluster/fixture.ts';
import { lightFetch } from '../../../../src/cli/light-fetch.ts';
import { FakeRegion, page, problem, run } from '../fake-region.ts';

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
afterAll(() => region.stop());
beforeEach(() => region.clear());

const SUMMARY = 'Can lose 1 node: etcd 3 of 3 voters, r2 and r3 are synchronous standbys. All 22 services are healthy.';
const well = (): ClusterStatus => viewCluster(aSite(), { state: 'ok', summary: SUMMARY });

describe('cluster status', () => {
  it('is one screen whose first line is the verdict', async () => {
    region.on('GET /cluster', { body: well() });
    const { code, out, err } = await run(region, ['cluster', 'status']);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "OK: Can lose 1 node: etcd 3 of 3 voters, r2 and r3 are synchronous standbys. All 22 services are healthy.

      Cluster   regent-0f3a9c21, version 0.3.0
      VIP       10.77.0.10 on r1, fit: r1, r2, r3
      Database  primary r1, timeline 7
      etcd      leader r1, voters r1, r2, r3
      Services  23 of 23 healthy
      Trust     the first certificate (r1) ends in 25 days, the authority in 3000
      Site      certificate issued by CN=Regent authority ends in 20 days, 2026-03-21T10:00:00.000Z

      NODE  ROLES   STATE   REPORT        GENERATION  REGION  DATABASE                        LAG  AGENT  CERTIFICATE
      r1    region  member  current, 1 s  4/4         ready   primary                         -    24 h   25 d
      r2    region  member  current, 1 s  4/4         ready   synchronous standby, streaming  0 B  24 h   25 d
      r3    region  member  current, 1 s  4/4         ready   synchronous standby, streaming  0 B  24 h   25 d
      k1    rack    member  current, 1 s  4/4         -       -                               -    24 h   25 d

      RACK         VLANS
      k1 (master)  fabric-1/vlan10
      "
    `);
  });

  it('ends with 6 when the cluster is degraded, in every form', async () => {
    const site = aSite({ nodes: { r3: { silentFor: 43 } } });
    region.on('GET /cluster', {
      body: viewCluster(site, { state: 'degraded', summary: 'Can lose none: r3 is silent.' }),
    });
    const text = await run(region, ['cluster', 'status']);
    expect(text).toMatchObject({ code: 6, out: expect.stringContaining('DEGRADED: Can lose none: r3 is silent.\n') });
    expect(text.out).toMatch(/r3 +region +member +silent, 43 s +4\/4 +away/);
    const data = await run(region, ['cluster', 'status', '-o', 'json']);
    expect([data.code, JSON.parse(data.out).losses]).toEqual([6, expect.objectContaining({ now: 0, promised: 1 })]);
    expect(await run(region, ['cluster', 'status', '-o', 'name'])).toMatchObject({ code: 6, out: 'degraded\n' });
    expect((await run(region, ['cluster', 'status', '-o', 'yaml'])).out).toContain('promised: 1\n');
  });

  it('warns of an even number, and names who joins', async () => {
    const site = aSite({ regions: 4, nodes: { r4: { state: 'joining' }, r3: { state: 'member' } } });
    region.on('GET /cluster', { body: viewCluster(site, { state: 'ok', summary: 's' }) });
    expect((await run(region, ['cluster', 'status'])).out).toContain('Joining   r4\n');
    region.on('GET /cluster', { body: viewCluster(aSite({ regions: 2 }), { state: 'ok', summary: 's' }) });
    expect((await run(region, ['cluster', 'status'])).out).toContain('Warning: 2 region nodes, an even number');
  });
});

describe('doctor', () => {
  it('says that all is well', async () => {
    region.on('GET /cluster/doctor', { body: diagnose(aSite()) });
    const { code, out } = await run(region, ['doctor']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^OK: All \d+ invariants hold(?:, as of \d+ s ago)?\.\n\nSTATE +INVARIANT +FOUND\nok +etcd-quorum /,
    );
    expect(out).not.toContain('What to do');
  });

  it('puts what is wrong first, with explanation and remedy, and ends with 6', async () => {
    region.on('GET /cluster/doctor', { body: diagnose(aSite({ nodes: { r2: { vip: { isHolder: true } } } })) });
    const { code, out } = await run(region, ['doctor']);
    expect(code).toBe(6);
    expect(out.split('\n').slice(0, 5)).toEqual([
      expect.stringMatching(/^DEGRADED: Of \d+ invariants: 1 broken, as of \d+ s ago\.$/),
      '',
      expect.stringMatching(
        /^BROKEN: Exactly one node holds .*r1 and r2 each hold 10\.77\.0\.10\/24, at the same time\.$/,
      ),
      expect.stringMatching(/^ {2}Why it matters: Clients reach API/),
      expect.stringMatching(/^ {2}What to do: The nodes do not receive each other/),
    ]);
    expect((await run(region, ['doctor', '-o', 'name'])).out).toContain('vip-holder\n');
    expect((await run(region, ['doctor', '-o', 'csv'])).out).toContain('broken,vip-holder');
    const data = await run(region, ['doctor', '-o', 'json']);
    expect([data.code, JSON.parse(data.out).state]).toEqual([6, 'degraded']);
  });
});

describe('what-if', () => {
  it('is a screen whose first line says it all, and data', async () => {
    region.on('GET /cluster/what-if', { body: whatIf(aSite(), 'r1', 'dies') });
    const { code, out } = await run(region, ['what-if', 'node', 'r1', 'dies']);
    expect(code).toBe(0);
    expect(region.seen.at(-1)?.query.toString()).toBe('node=r1&event=dies');
    expect(out).toMatchInlineSnapshot(`
      "If r1 dies: the floating address goes to r2 and the primary is then r2; everything is served again by itself; 0 more can be lost then.

      VIP       r1 → r2 (or r3)
      Primary   r1 → r2 (or r3)
      Can lose  now 1, then 0: etcd 2 of 3 voters, only r3 is a synchronous standby

      SERVICE  OUT FOR     WHY
      write    20 to 26 s  measured: Patroni's lease of 20 s ends, then a standby is promoted
      read     20 to 26 s  measured: Patroni's lease of 20 s ends, then a standby is promoted
      vip      0.6 to 1 s  measured: nine adverts of 0.1 s are missed
      lookup   0 to 2 s    the drills' bound: a client with two resolvers queries the next one
      proxy    0.6 to 1 s  measured: nine adverts of 0.1 s are missed

      Risk: Exactly 2 voters of etcd are left, and each is needed: one more loss stops writes.
      "
    `);
    const data = await run(region, ['what-if', 'node', 'r1', 'dies', '-o', 'json']);
    expect(JSON.parse(data.out)).toEqual(whatIf(aSite(), 'r1', 'dies'));
    expect((await run(region, ['what-if', 'node', 'r1', 'dies', '-o', 'csv'])).out).toContain('write,20 to 26 s,');
  });

  it('says what has no end, and which words there are', async () => {
    region.on('GET /cluster/what-if', { body: whatIf(aSite(), 'k1', 'dies') });
    const { out } = await run(region, ['what-if', 'node', 'k1', 'dies']);
    expect(out).toContain('DHCP      fabric-1/vlan10: k1 → nobody (it has no secondary rack)\n');
    expect(out).toMatch(/^dhcp fabric-1\/vlan10 +until it is back/m);
    const seen = region.seen.length;
    const wrong = await run(region, ['what-if', 'node', 'k1', 'explodes']);
    expect([wrong.code, region.seen.length]).toEqual([2, seen]);
    expect(wrong.err).toContain('dies, drains, is-cut-off');
    region.on('GET /cluster/what-if', problem(404, 'not_found', 'There is no node "r9".'));
    expect((await run(region, ['what-if', 'node', 'r9', 'dies'])).code).toBe(3);
  });
});

describe('as root on a region node', () => {
  const host = (status: number, body: unknown) => {
    const asked: string[] = [];
    const askHost = async (path: string) => {
      asked.push(path);
      return { status, text: JSON.stringify(body) };
    };
    return { asked, askHost };
  };

  it('asks the region of this host when the API does not answer', async () => {
    const { asked, askHost } = host(200, { ...well(), source: 'memory' });
    for (const answer of [null, problem(503, 'unavailable', 'The database is away.')]) {
      if (answer) region.on('GET /cluster', answer);
      const url = answer ? region.url : 'http://127.0.0.1:1';
      const ran = await run({ url }, ['cluster', 'status'], { askHost });
      expect(ran.code).toBe(0);
      expect(ran.out).toContain('Source    memory of the regions, since the database is away');
      expect(ran.err).toContain('this is what the region of this host knows');
    }
    expect(asked).toEqual(['/host/v1/cluster', '/host/v1/cluster']);
  });

  it('does so without any context, too', async () => {
    const { askHost } = host(200, diagnose(aSite({ site: { source: 'memory' } })));
    const ran = await run(null, ['doctor'], { askHost });
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('The database is away') });
  });

  it('lets an answer of the API stand, and tells the first failure when nobody answers', async () => {
    const { asked, askHost } = host(200, well());
    region.on('GET /cluster', problem(401, 'unauthenticated', 'The API key is wrong.'));
    expect(await run(region, ['cluster', 'status'], { askHost })).toMatchObject({ code: 1 });
    expect(asked).toEqual([]);
    const mute = host(503, {});
    const ran = await run({ url: 'http://127.0.0.1:1' }, ['doctor'], { askHost: mute.askHost, fetch: lightFetch });
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('Nothing listens at http://127.0.0.1:1') });
  });
});

describe('service actions', () => {
  const action = (node: string, at: string) => ({
    node,
    service: 'dns',
    at,
    kind: 'command',
    why: 'the floating address came to this node: named looks at its interfaces',
    trigger: 'role',
  });

  it('lists what was done and why over all nodes', async () => {
    region.on(
      'GET /service-actions',
      page(action('r1', '2026-03-01T09:59:01.234Z'), action('r2', '2026-03-01T09:59:01.300Z')),
    );
    const { out, code } = await run(region, ['service', 'actions', '--since', '10m', '--node', 'r1']);
    expect(code).toBe(0);
    expect(out.split('\n')[1]).toBe(
      '2026-03-01 09:59:01.2Z  r1    dns      command  role     the floating address came to this node: named looks at its interfaces',
    );
    expect(Object.fromEntries(region.seen[0]?.query ?? [])).toEqual({
      since: '2026-03-01T09:50:00.000Z',
      limit: '1000',
      node: 'r1',
    });
  });

  it('takes a moment, and refuses what is none', async () => {
    region.on('GET /service-actions', page());
    const none = await run(region, ['service', 'actions', '--since', '2026-02-01T00:00:00Z']);
    expect(none).toMatchObject({ code: 0, out: '', err: 'There is no action in this time.\n' });
    expect(region.seen[0]?.query.get('since')).toBe('2026-02-01T00:00:00.000Z');
    const wrong = await run(region, ['service', 'actions', '--since', 'yesterday']);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('neither a span such as 10m') });
  });
});
