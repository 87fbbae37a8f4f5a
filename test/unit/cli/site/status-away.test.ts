import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClusterStatus } from '../../../../src/contract/cluster/status.ts';
import { lightFetch } from '../../../../src/cli/light-fetch.ts';
import { viewCluster } from '../../../../src/region/cluster/view.ts';
import { aSite } from '../../region/cluster/fixture.ts';
import { FakeRegion, problem, run } from '../fake-region.ts';

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
afterAll(() => region.stop());
beforeEach(() => region.clear());

const NOWHERE = { url: 'http://127.0.0.1:1' };
const AWAY = problem(503, 'unavailable', 'The database did not do this within 3 s: no server takes writes.');
/** Each reading of the clock is half a second later: the deadline comes without waiting. */
const inAHurry = () => {
  let ms = 0;
  return { monotonic: () => (ms += 500), fetch: lightFetch };
};
const memoryOf = (changes: Partial<ClusterStatus> = {}) => {
  const summary = 'Can lose none: r2 and r3 are silent.';
  const body = { ...viewCluster(aSite(), { state: 'degraded', summary }), source: 'memory' as const, ...changes };
  return async () => ({ status: 200, text: JSON.stringify(body) });
};

describe('regent status without a cluster', () => {
  it('gives verdict, evidence, time and next step when the database is away', async () => {
    region.on('GET /status', AWAY);
    const { code, out } = await run(region, ['status'], inAHurry());
    expect(code).toBe(6);
    expect(out).toMatchInlineSnapshot(`
      "DEGRADED: A region node answers, but its database does not. Nothing can be changed; services go on with what they have.

      Evidence  API: The database did not do this within 3 s: no server takes writes.
      Time      2026-03-01 10:00:00Z
      Next      On a region node: sudo regent cluster status; sudo regent doctor
      "
    `);
  });

  it('says that nothing is known when no region node answers', async () => {
    const { code, out } = await run(NOWHERE, ['status'], inAHurry());
    expect(code).toBe(1);
    expect(out.split('\n').slice(0, 4)).toEqual([
      'UNKNOWN: No region node answers, so the site is not known.',
      '',
      'Evidence  Nothing listens at http://127.0.0.1:1: the connection is refused.',
      'Time      2026-03-01 10:00:00Z',
    ]);
    expect(out).toContain('regent cluster recover');
  });

  it('as root on a region node says what the region of this host remembers', async () => {
    const lost = { ...viewCluster(aSite(), { state: 'degraded', summary: '' }).dcs, hasQuorum: false };
    const askHost = memoryOf({ dcs: lost });
    for (const at of [NOWHERE, region]) {
      region.on('GET /status', AWAY);
      const { code, out } = await run(at, ['status'], { askHost, ...inAHurry() });
      expect(code).toBe(6);
      expect(out).toContain('DEGRADED: etcd has no majority, so the database takes no writes.');
      expect(out).toContain("Memory of this host's region: Can lose none: r2 and r3 are silent.");
      expect(out).toContain('etcd: has no majority, voters r1, r2, r3. Database: primary r1.');
    }
  });

  it('says the same as data', async () => {
    region.on('GET /status', AWAY);
    const data = await run(region, ['status', '-o', 'json'], inAHurry());
    expect([data.code, JSON.parse(data.out)]).toEqual([
      6,
      expect.objectContaining({ state: 'degraded', time: '2026-03-01T10:00:00.000Z', evidence: [expect.any(String)] }),
    ]);
    expect(await run(region, ['status', '-o', 'name'], inAHurry())).toMatchObject({ code: 6, out: 'degraded\n' });
    const nobody = await run(NOWHERE, ['status', '-o', 'name'], inAHurry());
    expect(nobody).toMatchObject({ code: 1, out: 'unknown\n' });
  });

  it('lets refusals stand as they are', async () => {
    region.on('GET /status', problem(401, 'unauthenticated', 'The API key is wrong.'));
    const { code, out, err } = await run(region, ['status'], { askHost: memoryOf(), ...inAHurry() });
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('The API key is wrong.');
  });
});
