import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patient } from '../../kit/machine.ts';
import { relayListener, SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** Machines that ask before their racks have told of their leases: what that costs on a site where much is committed. */

const MACHINES = 10;
const pg = usePostgres();
let site: TestRegion;
let relay: FastifyInstance;
let looks = 0;

beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  relay = relayListener(site);
  const plain = site.db.autocommitRead.bind(site.db);
  site.db.autocommitRead = (body, options) => {
    looks += 1;
    return plain(body, options);
  };
});
afterAll(async () => {
  await relay.close();
  await site.close();
});

describe('machines whose leases nobody knows yet', () => {
  it('wait, and look a few times a second, not at each commit; they are answered soon after the lease is told', async () => {
    const ids: string[] = [];
    for (let index = 0; index < MACHINES; index += 1) {
      const body = { hostname: `w${index}`, interfaces: [{ mac: `52:54:00:00:02:0${index}` }] };
      ids.push(String((await site.call('POST', '/machines', { body })).body.id));
      expect((await site.call('POST', `/machines/w${index}/commission`, { body: {} })).status).toBe(202);
    }
    const started = performance.now();
    looks = 0;
    const answers = ids.map((id, index) =>
      relay.inject({
        method: 'GET',
        url: `/MAAS/metadata/latest/by-id/${id}/?op=get_preseed`,
        headers: { 'x-forwarded-for': `10.10.10.${20 + index}`, 'x-forwarded-host': 'k1' },
      }),
    );
    for (let commit = 0; commit < 150; commit += 1) {
      site.wakes.fire();
      await delay(10);
    }
    const rounds = (performance.now() - started) / 200;
    expect(looks).toBeGreaterThanOrEqual(MACHINES);
    expect(looks).toBeLessThanOrEqual(MACHINES * (rounds + 2));
    const rows = ids.map(
      (_, index) =>
        `('r1', '10.10.10.${20 + index}', 1, '52:54:00:00:02:0${index}', 'active', now(), now() + interval '1 hour')`,
    );
    await pg
      .get()
      .admin(
        `insert into leases (node_id, address, subnet_id, mac, state, starts_at, expires_at) values ${rows.join(', ')}`,
        site.connection.database,
      );
    const told = performance.now();
    site.wakes.fire();
    const all = await Promise.all(answers);
    expect(all.map(({ statusCode }) => statusCode)).toEqual(ids.map(() => 200));
    // Well before the end of their patience.
    expect(performance.now() - told).toBeLessThan(patient(3_000));
  });
});
