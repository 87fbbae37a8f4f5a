import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MACHINE_IN_SHORT } from '../../../src/contract/machines/machine.ts';
import type { Tx } from '../../../src/store/tx.ts';
import { addMachines } from '../../kit/many-machines.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** A long list costs one page of rows, not a query for each. How long it takes is measured by `npm run bench -- api`. */

const postgres = usePostgres();
let site: TestRegion;
let client: pg.Client;
let queries = 0;

beforeAll(async () => {
  site = await startTestRegion(postgres.get());
  const { db, connection } = site;
  client = new pg.Client({ host: connection.host, user: connection.user, database: connection.database });
  await client.connect();
  const count = <R>(answer: R): R => {
    queries += 1;
    return answer;
  };
  const counted = (tx: Tx): Tx => ({
    all: (query) => count(tx.all(query)),
    one: (query) => count(tx.one(query)),
    run: (query) => count(tx.run(query)),
    sealer: tx.sealer,
  });
  for (const way of ['read', 'autocommitRead'] as const) {
    const plain = db[way].bind(db);
    db[way] = (body, options) => plain((tx) => body(counted(tx)), options);
  }
});
afterAll(async () => {
  await client.end();
  await site.close();
});

async function list(query: string) {
  queries = 0;
  const { status, raw, body } = await site.call('GET', `/machines?limit=1000${query}`);
  expect(status, raw).toBe(200);
  return { items: body['items'] as Record<string, unknown>[], queries };
}

describe('the list of machines', () => {
  it('asks as often for many as for few, with all that there is to tell of each', async () => {
    const run = (text: string, values?: unknown[]) => client.query(text, values);
    await addMachines(run, 0, 3);
    const few = await list('');
    expect(few.items).toHaveLength(3);
    await addMachines(run, 3, 700);
    const many = await list('');
    expect(many.items).toHaveLength(700);
    expect(many.items.at(-1)).toMatchObject({
      state: 'deployed',
      bmc: 'bmc99',
      powerState: 'on',
      tags: ['gpu', 'rack-a'],
      deployment: { image: 'debian-13' },
      interfaces: [{ name: 'eno1', addresses: [{ address: '10.128.0.100' }] }, { name: 'eno2' }],
    });
    // The page, its interfaces, their links; the key of the caller, where it is not known yet.
    expect(few.queries).toBeLessThanOrEqual(5);
    expect(many.queries).toBeLessThanOrEqual(few.queries);
  });

  it('tells the members that long lists are read for as it tells them among all', async () => {
    const addresses = [{ address: '10.128.200.1' }];
    const interfaces = [
      { mac: '52:54:ff:00:00:01' },
      { mac: '52:54:ff:00:00:02', tags: ['fast'] },
      { kind: 'bond', parents: ['eth0', 'eth1'], mtu: 9000, acceptRa: true, addresses },
    ];
    const bodies = [
      { hostname: 'aa', interfaces, minHweKernel: 'ga-24.04', annotations: { 'a/b': '"✓"' } },
      { hostname: 'ab', expectedArchitecture: 'arm64/generic', description: '"x" y', tags: ['gpu'] },
    ];
    for (const body of bodies) {
      const made = await site.call('POST', '/machines', { body });
      expect(made.status, made.raw).toBe(201);
    }
    for (const rest of ['&sort=id', '&sort=-hostname', '&hostname=a&tag=gpu']) {
      const whole = await list(rest);
      const short = await list(`${rest}&fields=${MACHINE_IN_SHORT.toReversed().join(',')}`);
      const picked = whole.items.map((item) =>
        Object.fromEntries(Object.entries(item).filter(([name]) => MACHINE_IN_SHORT.some((one) => one === name))),
      );
      expect(short.items).toEqual(picked);
      // Its tags come by one more; the key of the caller is looked up now and then.
      expect(short.queries).toBeLessThanOrEqual(whole.queries + 2);
    }
  });

  it('asks a few times more at most where it is asked for some', async () => {
    const filters = '&tag=gpu&zone=default&pool=default&state=deployed&subnet=bench&domain=regent.internal';
    const found = await list(filters);
    expect(found.items).toHaveLength(700);
    expect(found.queries).toBeLessThanOrEqual(12);
    expect((await list('&hostname=m69')).items).toHaveLength(11);
  });
});
