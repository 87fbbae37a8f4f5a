import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  for (const vid of [10, 20, 30, 40]) await made('/vlans', { vid });
  for (const vid of [10, 20, 30]) await made('/subnets', { cidr: `10.${vid}.0.0/24`, vlan: `vlan-${vid}` });
});
afterAll(() => site.close());

async function made(path: string, body: object) {
  const answer = await site.call('POST', path, { body });
  expect(answer.status, answer.raw).toBe(201);
}
const relay = (vlan: string, relayVlan: string | null) => site.call('PATCH', `/vlans/${vlan}`, { body: { relayVlan } });

describe('a relay VLAN', () => {
  it('is set, shown, and taken away', async () => {
    expect((await relay('vlan-20', 'vlan-10')).body).toMatchObject({ relayVlan: 'fabric-1/vlan-10' });
    expect((await site.call('GET', '/vlans/vlan-20')).body).toMatchObject({ relayVlan: 'fabric-1/vlan-10' });
    expect((await site.call('PATCH', '/vlans/vlan-20', { body: { name: 'branch' } })).body).toMatchObject({
      relayVlan: 'fabric-1/vlan-10',
    });
    expect((await relay('branch', null)).body).toMatchObject({ relayVlan: null });
    expect((await relay('branch', 'vlan-10')).status).toBe(200);
  });

  it.each([
    ['vlan-30', 'vlan-30', 'fabric-1/vlan-30 would relay to itself. Rule: another VLAN'],
    ['vlan-30', 'branch', 'fabric-1/branch is itself relayed. Rule: a relay hands requests to racks'],
    ['vlan-10', 'vlan-30', 'fabric-1/branch is relayed to fabric-1/vlan-10. Rule: a VLAN that is relayed'],
    ['vlan-30', 'vlan-40', 'fabric-1/vlan-40 has no IPv4 subnet. Rule: racks have an address'],
  ])('of %s is not %s', async (vlan, other, problem) => {
    const answer = await relay(vlan, other);
    expect({ status: answer.status, detail: answer.body['detail'] }).toEqual({
      status: 422,
      detail: expect.stringContaining(`relayVlan: ${problem}`),
    });
  });

  it('is not deleted while others are relayed to it', async () => {
    expect((await relay('branch', null)).status).toBe(200);
    expect((await site.call('DELETE', '/subnets/10.30.0.0%2F24')).status).toBe(200);
    await made('/subnets', { cidr: '10.40.0.0/24', vlan: 'vlan-40' });
    expect((await relay('branch', 'vlan-40')).status).toBe(200);
    expect((await site.call('DELETE', '/subnets/10.40.0.0%2F24')).status).toBe(200);
    const answer = await site.call('DELETE', '/vlans/vlan-40');
    expect({ status: answer.status, detail: answer.body['detail'] }).toEqual({
      status: 409,
      detail: 'fabric-1/vlan-40 is used by the relay of branch. Move or delete these first.',
    });
    expect((await relay('vlan-10', 'nowhere')).status).toBe(404);
  });
});
