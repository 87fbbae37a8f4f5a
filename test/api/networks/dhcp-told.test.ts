import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  await made('/subnets', { cidr: '10.20.0.0/24' });
  await made('/subnets', { cidr: '2001:db8:20::/64' });
});
afterAll(() => site.close());

const SUBNET = '/subnets/10.20.0.0%2F24';
async function made(path: string, body: object) {
  const answer = await site.call('POST', path, { body });
  expect(answer.status, answer.raw).toBe(201);
  return answer.body;
}
const patch = (path: string, body: object) => site.call('PATCH', path, { body });

describe('what DHCP tells besides', () => {
  it('of a subnet, in one text each; null and an empty list take it back', async () => {
    const none = { dhcpOptions: [], leaseTime: null, bootServer: null, bootFile: null, ignoreUnknown: false };
    expect((await site.call('GET', SUBNET)).body).toMatchObject(none);
    const all = {
      dhcpOptions: ['7=192.0.2.1,192.0.2.2', '224:string=a, b'],
      leaseTime: 300,
      bootServer: '192.0.2.9',
      bootFile: 'pxe/a.0',
      ignoreUnknown: true,
    };
    const set = { ...all, dhcpOptions: ['log-servers=192.0.2.1, 192.0.2.2', '224:string=a, b'] };
    expect((await patch(SUBNET, all)).body).toMatchObject(set);
    expect((await patch(SUBNET, { name: 'lab' })).body).toMatchObject(set);
    expect((await patch(SUBNET, none)).body).toMatchObject(none);
    const snapshot = await site.call('GET', '/subnets');
    expect(snapshot.body['items']).toEqual(expect.arrayContaining([expect.objectContaining(none)]));
  });

  it('of a reservation, a machine and the site', async () => {
    const option = ['224:uint16=7'];
    const lease = { address: '10.20.0.30', mac: '52:54:00:00:00:30', dhcpOptions: option };
    expect(await made('/reservations', lease)).toMatchObject({ dhcpOptions: option });
    expect((await patch('/reservations/10.20.0.30', { comment: 'x' })).body).toMatchObject({ dhcpOptions: option });
    expect((await patch('/reservations/10.20.0.30', { dhcpOptions: [] })).body).toMatchObject({ dhcpOptions: [] });
    expect(await made('/machines', { hostname: 'web1', dhcpOptions: option })).toMatchObject({ dhcpOptions: option });
    expect((await patch('/machines/web1', { hostname: 'web2' })).body).toMatchObject({ dhcpOptions: option });
    expect((await patch('/machines/web2', { dhcpOptions: ['225:uint8=1'] })).body).toMatchObject({
      dhcpOptions: ['225:uint8=1'],
    });
    const set = await site.call('PUT', '/settings/dhcp_options', { body: { value: ['4=192.0.2.1'] } });
    expect(set.body, set.raw).toMatchObject({ value: ['time-servers=192.0.2.1'] });
  });

  it.each([
    [SUBNET, { dhcpOptions: ['routers=10.20.0.1'] }, 'dhcpOptions/0: the option routers (3) is not for operators.'],
    [SUBNET, { dhcpOptions: ['x'] }, 'dhcpOptions/0: "x" is not an option.'],
    [SUBNET, { leaseTime: 59 }, 'leaseTime: 59 is out of range.'],
    [SUBNET, { bootServer: '2001:db8::1' }, 'bootServer: 2001:db8::1 is an IPv6 address.'],
    [SUBNET, { bootServer: '127.0.0.1' }, 'bootServer: '],
    [SUBNET, { bootFile: 'a b' }, 'bootFile: "a b" is not a boot file.'],
    ['/subnets/2001:db8:20::%2F64', { leaseTime: 300 }, 'dhcpOptions: 2001:db8:20::/64 is an IPv6 subnet.'],
    ['/settings/dhcp_options', { value: ['3=10.0.0.1'] }, 'dhcp_options/0: the option routers (3)'],
    ['/settings/dhcp_options', { value: 'x' }, 'dhcp_options: '],
  ])('%s %j is refused', async (path, body, detail) => {
    const answer = await site.call(path.startsWith('/settings') ? 'PUT' : 'PATCH', path, { body });
    expect({ status: answer.status, detail: answer.body['detail'] }).toEqual({
      status: 422,
      detail: expect.stringContaining(detail),
    });
  });

  it('a reservation without a MAC tells nobody anything', async () => {
    const body = { address: '10.20.0.31', dhcpOptions: ['224:uint8=1'] };
    expect((await site.call('POST', '/reservations', { body })).body).toMatchObject({
      detail: 'dhcpOptions: the reservation has no MAC. Rule: DHCP sends options to the interface with the MAC.',
    });
    const taken = await patch('/reservations/10.20.0.30', { mac: null, dhcpOptions: ['224:uint8=1'] });
    expect(taken.status, taken.raw).toBe(422);
  });
});
