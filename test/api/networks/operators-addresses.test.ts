import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeCluster } from '../../../src/store/queries/cluster/cluster.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { anObservation } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

/** Each noun that takes an address beside each of the cluster's own addresses, with its exact answer (`scripts/test --only operators`). */

const pg = usePostgres();
let site: TestRegion;
const table: string[] = [];

/** Flat, as in a small site: the region node r1 (.11), the rack k1 (.1), what k1 reports on the other VLAN, and the floating address. */
const OWN = [
  ['10.77.0.11', 'an address of the node r1'],
  ['10.10.10.1', 'an address of the node k1'],
  ['10.20.0.1', 'an address of the node k1'],
  ['10.77.0.10', 'the floating address of the cluster'],
  ['2001:db8:77::1', 'an address of the node k1'],
] as const;

const facts = (...interfaces: [name: string, ...addresses: string[]][]) => ({
  hostname: 'k1',
  interfaces: interfaces.map(([name, ...addresses]) => ({ name, mac: '02:00:00:00:00:01', addresses })),
  versions: {},
});

async function report(interfaces: ReturnType<typeof facts>['interfaces']) {
  const observation = anObservation('k1');
  value(
    await site.db.repeatable(async (tx) => {
      await storeObservation(
        tx,
        { id: 'k1', name: 'k1' },
        { ...observation, facts: { ...observation.facts, hostname: 'k1', interfaces } },
      );
      return null;
    }),
  );
}
const K1 = facts(['eth0', '10.10.10.1'], ['eth1', '10.20.0.1', '2001:db8:77::1']).interfaces;

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  value(
    await change(site.db, async (tx) => {
      await createNode(tx, { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: ['10.10.10.1'] });
      return writeCluster(tx, { id: 'c1', vip: '10.77.0.10/24', virtualRouter: 51 });
    }),
  );
  await report(K1);
  const good: [Method, string, unknown][] = [
    ['POST', '/vlans', { vid: 10, name: 'vlan10' }],
    ['POST', '/vlans', { vid: 20, name: 'vlan20' }],
    ['POST', '/subnets', { cidr: '10.77.0.0/24', vlan: 'vlan10' }],
    ['POST', '/subnets', { cidr: '10.10.10.0/24', vlan: 'vlan10', gateway: '10.10.10.254' }],
    ['POST', '/subnets', { cidr: '10.20.0.0/24', vlan: 'vlan20' }],
    ['POST', '/subnets', { cidr: '2001:db8:77::/64', vlan: 'vlan20' }],
    ['POST', '/machines', { hostname: 'web1', interfaces: [{ mac: '52:54:00:99:00:01' }] }],
    ['POST', '/ranges', { kind: 'dynamic', first: '10.77.0.200', last: '10.77.0.209' }],
    ['POST', '/ranges', { kind: 'dynamic', first: '10.10.10.200', last: '10.10.10.209' }],
    ['POST', '/ranges', { kind: 'dynamic', first: '10.20.0.200', last: '10.20.0.209' }],
  ];
  for (const [method, path, body] of good) {
    const made = await site.call(method, path, { body });
    if (made.status > 201) throw new Error(`${path}: ${made.raw}`);
  }
});

afterAll(async () => {
  process.stdout.write(`\nan address of the cluster's own for somebody else, and the answer\n${table.join('\n')}\n`);
  await site.close();
});

async function ask(name: string, method: Method, path: string, body: unknown): Promise<[number, string]> {
  const answer = await site.call(method, path, { body });
  const detail = String(answer.body.detail ?? 'accepted');
  table.push(`${name.padEnd(64)} ${answer.status} ${detail}`);
  return [answer.status, detail];
}

const cards = (address: string) => [{ mac: '52:54:00:99:00:16', addresses: [{ address }] }];
const is4 = (address: string) => !address.includes(':');
const subnetOf = (address: string) => (is4(address) ? address.replace(/\.\d+$/, '.0/24') : '2001:db8:77::/64');
const ranges = async () => {
  const list = await site.call('GET', '/ranges');
  return list.body['items'] as { id: number; first: string }[];
};

describe.each(OWN)('%s, %s', (address, words) => {
  const taken = `${address} is taken: ${words}.`;
  const field = `interfaces/0/addresses/0/address: ${taken}`;

  it('is no machine’s, made or set', async () => {
    const body = { hostname: 'rkm', interfaces: cards(address) };
    expect(await ask(`machine create rkm --address ${address}`, 'POST', '/machines', body)).toEqual([409, field]);
    const set = await ask(`machine set web1 --address ${address}`, 'PATCH', '/machines/web1.regent.internal', {
      interfaces: cards(address),
    });
    expect(set).toEqual([409, field]);
  });

  it('is no reservation, with a MAC or without', async () => {
    for (const mac of ['52:54:00:99:00:16', undefined]) {
      const body = { address, ...(mac ? { mac } : {}) };
      const name = `reservation create ${address}${mac ? ` --mac ${mac}` : ''}`;
      expect(await ask(name, 'POST', '/reservations', body)).toEqual([409, taken]);
    }
  });

  it('may lie in a reserved range: that says that it is taken', async () => {
    const range = await site.call('POST', '/ranges', { body: { kind: 'reserved', first: address, last: address } });
    table.push(`${`range create reserved ${address}-${address}`.padEnd(64)} ${range.status} accepted`);
    expect(range.status).toBe(201);
    expect((await site.call('DELETE', `/ranges/${range.body.id}`)).status).toBeLessThan(300);
  });

  it('is a gateway if it is a node’s, which then routes, and never if it floats', async () => {
    const path = `/subnets/${encodeURIComponent(subnetOf(address))}`;
    const before = (await site.call('GET', path)).body['gateway'];
    const set = await ask(`subnet set ${subnetOf(address)} --gateway ${address}`, 'PATCH', path, { gateway: address });
    expect(set).toEqual(words.startsWith('the floating') ? [409, taken] : [200, 'accepted']);
    expect((await site.call('PATCH', path, { body: { gateway: before } })).status).toBe(200);
  });
});

describe.each(OWN.filter(([address]) => is4(address)))('%s, %s', (address, words) => {
  it('lies in no dynamic range, made or set', async () => {
    const first = address.replace(/\d+$/, '1');
    const last = address.replace(/\d+$/, '20');
    const [status, detail] = await ask(`range create dynamic ${first}-${last}`, 'POST', '/ranges', {
      kind: 'dynamic',
      first,
      last,
    });
    // The lowest of the cluster's addresses there is named.
    const lowest =
      address === '10.77.0.11' ? '10.77.0.10, the floating address of the cluster' : `${address}, ${words}`;
    const sentence = (span: string, what: string) =>
      `The dynamic range ${span} holds ${what}. Rule: DHCP gives out no address that is in fixed use.`;
    expect([status, detail]).toEqual([409, sentence(`${first}-${last}`, lowest)]);
    const id = (await ranges()).find((range) => range.first === address.replace(/\d+$/, '200'))?.id;
    const set = await ask(`range set --first ${address}`, 'PATCH', `/ranges/${id}`, { first: address });
    expect(set).toEqual([409, sentence(`${address}-${address.replace(/\d+$/, '209')}`, `${address}, ${words}`)]);
    const own = await ask(`range create dynamic ${address}-${address}`, 'POST', '/ranges', {
      kind: 'dynamic',
      first: address,
      last: address,
    });
    expect(own).toEqual([409, sentence(address, `${address}, ${words}`)]);
  });
});

describe('what stays right', () => {
  it('a new subnet whose gateway is the floating address is refused; one with another is made', async () => {
    await site.call('DELETE', `/ranges/${(await ranges()).find(({ first }) => first === '10.77.0.200')?.id}`);
    expect((await site.call('DELETE', '/subnets/10.77.0.0%2F24')).status).toBeLessThan(300);
    const body = { cidr: '10.77.0.0/24', vlan: 'vlan10', gateway: '10.77.0.10' };
    const refused = await ask('subnet create 10.77.0.0/24 --gateway 10.77.0.10', 'POST', '/subnets', body);
    expect(refused).toEqual([409, '10.77.0.10 is taken: the floating address of the cluster.']);
    expect((await site.call('POST', '/subnets', { body: { ...body, gateway: '10.77.0.1' } })).status).toBe(201);
  });

  it('a reserved range that holds one of them becomes no dynamic one', async () => {
    const ends = { first: '10.77.0.10', last: '10.77.0.10' };
    const { body } = await site.call('POST', '/ranges', { body: { kind: 'reserved', ...ends } });
    const [status] = await ask('range set --kind dynamic (.10)', 'PATCH', `/ranges/${body['id']}`, { kind: 'dynamic' });
    expect(status).toBe(409);
    expect((await site.call('DELETE', `/ranges/${body['id']}`)).status).toBe(200);
  });

  it('auto gives none of them, though no node reports the floating address', async () => {
    for (let last = 2; last <= 9; last += 1) {
      expect((await site.call('POST', '/reservations', { body: { address: `10.77.0.${last}` } })).status).toBe(201);
    }
    const free = await site.call('POST', '/reservations', { body: { address: 'auto', subnet: '10.77.0.0/24' } });
    expect(free.body['address']).toBe('10.77.0.12');
    const rack = await site.call('POST', '/reservations', { body: { address: 'auto', subnet: '10.10.10.0/24' } });
    expect(rack.body['address']).toBe('10.10.10.2');
    table.push(`${'reservation create auto --subnet 10.77.0.0/24 (.1–.9 taken)'.padEnd(64)} 201 10.77.0.12`);
  });

  it('a range that a node came into later can be changed in everything but towards it', async () => {
    await report([...K1, ...facts(['eth2', '10.10.10.205']).interfaces]);
    const id = (await ranges()).find((range) => range.first === '10.10.10.200')?.id;
    const comment = await ask('range set --comment (a node came into it)', 'PATCH', `/ranges/${id}`, { comment: 'x' });
    expect(comment).toEqual([200, 'accepted']);
    const wider = await ask('range set --last 10.10.10.210 (a node came into it)', 'PATCH', `/ranges/${id}`, {
      last: '10.10.10.210',
    });
    expect(wider[1]).toContain('holds 10.10.10.205, an address of the node k1');
    expect(await ask('range set --last 10.10.10.204', 'PATCH', `/ranges/${id}`, { last: '10.10.10.204' })).toEqual([
      200,
      'accepted',
    ]);
    await report(K1);
  });

  it('a move of the floating address changes nothing that is observed, another address does', async () => {
    const observed = async () =>
      value(await site.db.read((tx) => tx.one(sql<{ observed: number }>`select observed from counters`)))?.observed;
    const before = await observed();
    const holding = K1.map((nic) => (nic.name === 'eth0' ? { ...nic, addresses: ['10.10.10.1', '10.77.0.10'] } : nic));
    await report(holding);
    await report(K1);
    await report(holding);
    expect(await observed()).toBe(before);
    await report([...holding, ...facts(['eth3', '10.20.0.77']).interfaces]);
    expect(await observed()).toBe(Number(before) + 1);
    await report(K1);
  });
});
