import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Client, createClient } from '../../src/contract/client.ts';
import { seedNetwork } from '../../src/lab/product/seed.ts';
import { SINGLE } from '../../src/lab/topologies.ts';
import type { LabNetwork } from '../../src/lab/topology.ts';
import { systemRandom } from '../../src/main/process.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

const pg = usePostgres();
let site: TestRegion;
let client: Client;
const target = () => ({ url, apiKey: site.keys.admin, random: systemRandom() });
let url = '';

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  await site.api.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(site.api.server.address() as AddressInfo).port}`;
  client = createClient(target());
});
afterAll(() => site.close());

const vlan10 = SINGLE.networks.find((network) => network.name === 'vlan10') as LabNetwork;
const rows = async () => ({
  vlans: (await client.call('vlan.list', {})).body.items.map(({ name, vid, dhcpOn }) => ({ name, vid, dhcpOn })),
  subnets: (await client.call('subnet.list', {})).body.items.map(({ cidr, vlan, gateway }) => ({
    cidr,
    vlan,
    gateway,
  })),
  ranges: (await client.call('range.list', {})).body.items.map(({ first, last, kind }) => ({ first, last, kind })),
});

it('the lab tells the product of its network; a second time changes nothing', async () => {
  await seedNetwork(target(), vlan10);
  const made = await rows();
  expect(made.vlans).toContainEqual({ name: 'vlan10', vid: 10, dhcpOn: true });
  expect(made.subnets).toEqual([{ cidr: '10.10.10.0/24', vlan: 'vlan10', gateway: null }]);
  expect(made.ranges).toEqual([{ first: '10.10.10.200', last: '10.10.10.250', kind: 'dynamic' }]);
  const { revision } = (await client.call('status.show', {})).body;
  await seedNetwork(target(), vlan10);
  expect(await rows()).toEqual(made);
  expect((await client.call('status.show', {})).body.revision).toBeLessThanOrEqual(revision + 1);
});

it('goes on where it was cut off, and takes a subnet where it finds it', async () => {
  await client.call('vlan.create', { body: { name: 'other', vid: 77 } });
  await client.call('subnet.create', { body: { cidr: '10.10.77.0/24', vlan: 'other' } });
  const served = { vid: 11, first: '10.10.77.10', last: '10.10.77.19' };
  await seedNetwork(target(), { name: 'vlan11', cidr: '10.10.77.0/24', served });
  const { vlans, ranges } = await rows();
  expect(vlans.map(({ name }) => name)).not.toContain('vlan11');
  expect(vlans).toContainEqual({ name: 'other', vid: 77, dhcpOn: true });
  expect(ranges).toContainEqual({ first: '10.10.77.10', last: '10.10.77.19', kind: 'dynamic' });
});

it('a network that the product is not to serve is not told; a refusal says what and what to do', async () => {
  const before = await rows();
  await seedNetwork(target(), { name: 'mgmt', cidr: '10.77.0.0/24' });
  expect(await rows()).toEqual(before);
  const served = { vid: 12, first: '10.10.12.10', last: '10.10.12.300' };
  const bad = seedNetwork(target(), { name: 'vlan12', cidr: '10.10.12.0/24', served });
  await expect(bad).rejects.toThrow(/refused vlan12 \(10\.10\.12\.0\/24\): .*10\.10\.12\.300[^]*What to do/);
});
