import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSiteLists } from '../../src/api/maas/site-lists.ts';
import { showMachines } from '../../src/api/maas/objects/machines/machines.ts';
import { createSite } from '../../src/api/maas/site.ts';
import { isRejected } from '../../src/core/errors.ts';
import { maasClient, type MaasClient } from '../kit/maas.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** Days on which much is asked of the MAAS API at once. */

/** Machines of the site. */
const MANY = 60;

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
const admin = (text: string) => pg.get().admin(text, site.connection.database);
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { deadlineMs: 60_000 });
  maas = maasClient(site);
  const calls = Array.from({ length: MANY }, (_none, at) => ({
    id: 'machine.create' as const,
    input: {
      params: {},
      query: {},
      body: { hostname: `n${at}`, interfaces: [{ mac: `52:54:00:00:${hex(at >> 8)}:${hex(at & 255)}` }] },
    },
  }));
  const context = {
    caller: { user: 'admin', role: 'admin' },
    origin: 'test',
    idempotencyKey: 'many',
    ifMatch: null,
  } as const;
  const made = await site.region.callTogether(calls, context);
  if (isRejected(made)) throw new Error(made.message);
  const hardware = JSON.stringify({
    cpu: { count: 8 },
    memory: { kb: 16_777_216 },
    disks: ['sda', 'sdb'].map((name) => ({ name, bytes: 1e12, serial: name })),
  });
  await admin(`insert into machine_inventories (machine_id, inventory) select id, '${hardware}' from machines`);
});
afterAll(() => site.close());
const hex = (value: number) => value.toString(16).padStart(2, '0');

describe('many machines', () => {
  it('come as one whole list, in full', async () => {
    const { status, body } = await maas.get('machines/');
    expect([status, body.length]).toEqual([200, MANY]);
    expect(body[7]).toMatchObject({ cpu_count: 8, memory: 16_384, interface_set: [{ type: 'physical' }] });
    expect(body[7].blockdevice_set).toHaveLength(2);
  });

  it('are asked for by as many calls of use cases as one', async () => {
    const count = async (path: string) => {
      const calls: string[] = [];
      const region = new Proxy(site.region, {
        get: (target, name, receiver) =>
          name === 'call'
            ? (...args: Parameters<typeof target.call>) => {
                calls.push(args[0]);
                return target.call(...args);
              }
            : (Reflect.get(target, name, receiver) as unknown),
      });
      const one = createSite({
        region,
        random: { hex: () => '0'.repeat(32) } as never,
        caller: { user: 'admin', role: 'admin' },
        isWanted: () => true,
      });
      const machines = await one.all('machine.list', path === 'one' ? { hostname: 'n59' } : {});
      await showMachines(createSiteLists(one), machines);
      return calls.length;
    };
    expect(await count('all')).toBe(await count('one'));
  });

  it('get a tag in one change', async () => {
    await maas.post('tags/', null, { name: 'all' });
    const ids = (await maas.get('machines/')).body.map(({ system_id: id }: { system_id: string }) => id) as string[];
    const before = (await site.call('GET', '/config/history?limit=1')).body['items'] as { id: number }[];
    expect((await maas.post('tags/all/', 'update_nodes', { add: ids })).body).toEqual({ added: MANY, removed: 0 });
    const after = (await site.call('GET', '/config/history?limit=1')).body['items'] as { id: number }[];
    expect((after[0]?.id ?? 0) - (before[0]?.id ?? 0)).toBe(1);
  });
});

describe('callers at once', () => {
  it('of whom fifty want the last machine: one gets it', async () => {
    await admin(`insert into machine_states (machine_id, state, epoch, commissioned_at)
      select id, 'ready', 1, now() from machines where hostname = 'n1'`);
    const answers = await Promise.all(Array.from({ length: 50 }, () => maas.post('machines/', 'allocate', {})));
    const counts = Map.groupBy(answers, ({ status }) => status);
    expect([counts.get(200)?.length, counts.get(409)?.length]).toEqual([1, 49]);
    for (const { headers } of counts.get(409) ?? []) expect(headers['retry-after']).toBeUndefined();
  });

  it('may all ask for the document', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => maas.get('describe/', {}, { role: null })));
    expect(new Set(answers.map(({ status, raw }) => `${status} ${raw.length}`)).size).toBe(1);
  });

  it('with wrong keys are slowed down', async () => {
    const wrong = { role: null, headers: { authorization: 'Bearer a:b:c' } } as const;
    expect((await maas.get('zones/')).status).toBe(200);
    for (let tried = 0; tried < 25; tried += 1) await maas.get('zones/', {}, wrong);
    expect((await maas.get('zones/', {}, wrong)).status).toBe(429);
  });
});
