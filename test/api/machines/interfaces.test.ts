import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { planNetwork } from '../../../src/model/machines/deployment/network.ts';
import { findMachine } from '../../../src/store/queries/machines/machines.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';

/** Bonds, bridges, VLAN interfaces, and the addresses of a machine's interfaces. */

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  await made('/subnets', { name: 'lab', cidr: '10.10.0.0/24', gateway: '10.10.0.1' });
  await made('/subnets', { name: 'lab6', cidr: '2001:db8:10::/64', gateway: '2001:db8:10::1' });
  await made('/vlans', { name: 'storage', vid: 100 });
  await made('/subnets', { name: 'storage', cidr: '10.10.100.0/24', vlan: 'storage', gateway: '10.10.100.1' });
  await made('/vlans', { name: 'office', vid: 200 });
  await made('/subnets', { name: 'office', cidr: '10.10.200.0/24', vlan: 'office' });
});
afterAll(() => site.close());

const say = (method: Method, path: string, body?: unknown, headers = {}) =>
  site.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
const made = async (path: string, body: object) => {
  const answer = await say('POST', path, body);
  if (answer.status !== 201) throw new Error(answer.raw);
  return answer;
};
let count = 0;
/** A machine of its own with two cards, the first with an address. */
async function machine(): Promise<string> {
  count += 1;
  const mac = (n: number) => `52:54:00:00:${count.toString(16).padStart(2, '0')}:0${n}`;
  const interfaces = [{ mac: mac(1), addresses: [{ address: 'auto', subnet: 'lab' }] }, { mac: mac(2) }];
  await made('/machines', { hostname: `m${count}`, interfaces });
  return `/machines/m${count}`;
}
interface Shown {
  readonly name: string;
  readonly kind: string;
  readonly mac: string;
  readonly vlan: string | null;
  readonly parents?: readonly string[];
  readonly addresses: readonly { readonly address: string }[];
  readonly links: readonly Record<string, unknown>[];
}
const shown = async (path: string) => (await say('GET', `${path}/interfaces`)).body['items'] as readonly Shown[];
const brief = async (path: string) =>
  (await shown(path)).map(({ name, kind, parents = [], addresses }) =>
    [name, kind, parents.join('+'), addresses.map(({ address }) => address).join('+')].join(' ').trim(),
  );
const newest = async () =>
  ((await say('GET', '/config/history?limit=1')).body['items'] as { id: number }[])[0]?.id ?? 0;
const rollback = async () => await say('POST', `/config/history/${await newest()}/rollback`);
const bondOf = { kind: 'bond', parents: ['eth0', 'eth1'] };

describe('a bond', () => {
  it('takes the place, the MAC address, the VLAN and the addresses of its first card, and the machine’s name', async () => {
    const path = await machine();
    const [card] = await shown(path);
    const answer = await made(`${path}/interfaces`, {
      ...bondOf,
      bond: { mode: '802.3ad', lacpRate: 'fast' },
      mtu: 9000,
    });
    expect(answer.body).toMatchObject({
      name: 'bond0',
      kind: 'bond',
      mac: card?.mac,
      vlan: 'untagged',
      parents: ['eth0', 'eth1'],
      mtu: 9000,
      addresses: card?.addresses,
      links: [{ ...card?.links[0], id: expect.any(Number), mode: 'auto' }],
      bond: {
        mode: '802.3ad',
        miimon: 100,
        downDelay: 0,
        upDelay: 0,
        gratuitousArps: 1,
        lacpRate: 'fast',
        hashPolicy: 'layer2',
      },
    });
    const address = card?.addresses[0]?.address;
    expect(await brief(path)).toEqual([`bond0 bond eth0+eth1 ${address}`, 'eth0 physical', 'eth1 physical']);
    const { body } = await say('GET', path);
    expect(body).toMatchObject({ interfaces: [{ name: 'bond0' }, { name: 'eth0' }, { name: 'eth1' }] });
  });

  it('goes back as one change, and comes back', async () => {
    const path = await machine();
    const before = await shown(path);
    await made(`${path}/interfaces`, bondOf);
    const bonded = await shown(path);
    expect((await rollback()).status).toBe(201);
    expect(await shown(path)).toEqual(before);
    expect((await rollback()).status).toBe(201);
    expect(await shown(path)).toEqual(bonded);
    await say('DELETE', `${path}/interfaces/bond0`);
    expect(await brief(path)).toEqual(['eth0 physical', 'eth1 physical']);
    expect((await rollback()).status).toBe(201);
    expect(await shown(path)).toEqual(bonded);
    await say('DELETE', path);
    expect((await rollback()).status).toBe(201);
    expect(await shown(path)).toEqual(bonded);
  });

  it('is changed member by member; a new mode keeps nothing of the old one’s own', async () => {
    const path = await machine();
    await made(`${path}/interfaces`, { ...bondOf, name: 'up', bond: { mode: '802.3ad', miimon: 50 }, addresses: [] });
    const set = async (body: object) => await say('PATCH', `${path}/interfaces/up`, body);
    expect((await set({ bond: { upDelay: 100 } })).body).toMatchObject({
      bond: { mode: '802.3ad', miimon: 50, upDelay: 100, lacpRate: 'slow' },
    });
    const other = await set({ bond: { mode: 'active-backup' }, name: 'down' });
    expect(other.body).toMatchObject({ name: 'down', bond: { mode: 'active-backup', miimon: 50 } });
    expect(other.raw).not.toMatch(/lacpRate|hashPolicy/);
    const wrong = await say('PATCH', `${path}/interfaces/down`, { bond: { lacpRate: 'fast' } });
    expect(wrong).toMatchObject({ status: 422, body: { fields: [{ field: 'bond/lacpRate' }] } });
    // A card that is renamed stays in its bond.
    expect((await say('PATCH', `${path}/interfaces/eth1`, { name: 'eno2' })).status).toBe(200);
    expect(await brief(path)).toEqual(['down bond eth0+eno2', 'eth0 physical', 'eno2 physical']);
  });
});

describe('a VLAN interface and a bridge on it', () => {
  it('stand on a bond, and are planned for the deployed system', async () => {
    const path = await machine();
    await made(`${path}/interfaces`, bondOf);
    const vlan = await made(`${path}/interfaces`, {
      kind: 'vlan',
      parents: ['bond0'],
      vlan: 'storage',
      addresses: [{ address: 'auto' }],
    });
    expect(vlan.body).toMatchObject({ name: 'bond0.100', vlan: 'storage', addresses: [{ subnet: '10.10.100.0/24' }] });
    const bridge = await made(`${path}/interfaces`, { kind: 'bridge', parents: ['bond0.100'], bridge: { stp: true } });
    expect(bridge.body).toMatchObject({
      name: 'br0',
      vlan: 'storage',
      addresses: (vlan.body as unknown as Shown).addresses,
      bridge: { stp: true, forwardDelay: 15 },
    });
    const refused = await say('DELETE', `${path}/interfaces/bond0`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'in_use' } });
    expect(refused.raw).toContain('bond0.100 of');
    const id = String((await say('GET', path)).body['id']);
    const planned = await site.db.read(async (tx) => {
      const row = await findMachine(tx, { id });
      const { vlans, subnets } = await readSnapshot(tx);
      return planNetwork(
        { interfaces: row?.interfaces ?? [] },
        { vlans, subnets, resolvers: ['10.10.0.53'], search: [] },
      );
    });
    if (isRejected(planned)) throw new Error(planned.message);
    if (!('interfaces' in planned)) throw new Error('no plan');
    expect(planned.interfaces.map(({ name, addresses, routers }) => [name, addresses.length, routers.join()])).toEqual([
      ['eth0', 0, ''],
      ['eth1', 0, ''],
      ['bond0', 1, '10.10.0.1'],
      ['bond0.100', 0, ''],
      ['br0', 1, ''],
    ]);
  });
});

describe('a name of the kernel', () => {
  it('is kept as it is, and is a label in DNS, which nothing else may have', async () => {
    const path = await machine();
    const tagged = {
      kind: 'vlan',
      parents: ['eth1'],
      vlan: 'storage',
      name: 'eth1.Back_up',
      addresses: [{ address: 'auto' }],
    };
    const { body } = await made(`${path}/interfaces`, tagged);
    expect(body).toMatchObject({ name: 'eth1.Back_up' });
    const host = String((await say('GET', path)).body['fqdn']);
    const record = await say('POST', '/records', {
      fqdn: `eth1-back-up.${host}`,
      type: 'CNAME',
      data: 'www.example.test',
    });
    expect([record.status, record.raw]).toEqual([409, expect.stringContaining('eth1.Back_up')]);
    const twin = await say('POST', `${path}/interfaces`, { ...tagged, name: 'eth1-back.up', vlan: 'office' });
    expect([twin.status, twin.raw]).toEqual([422, expect.stringContaining('have one name in DNS, eth1-back-up')]);
  });

  it.each(['eth 0', '-eth0', 'eth0.', 'a/b', 'eth0:1', '', 'sixteen.letters.'])('%j is refused', async (name) => {
    const path = await machine();
    expect((await say('PATCH', `${path}/interfaces/eth1`, { name })).status).toBe(422);
  });
});

describe('addresses', () => {
  it('are static, chosen, told by DHCP, or none; and one router has the default route', async () => {
    const path = await machine();
    const set = async (name: string, addresses: object[]) =>
      await say('PATCH', `${path}/interfaces/${name}`, { addresses });
    const dhcp = await set('eth1', [{ address: 'dhcp' }]);
    expect(dhcp.body).toMatchObject({
      addresses: [],
      links: [{ mode: 'dhcp', address: null, subnet: null, gateway: false }],
    });
    const both = await set('eth0', [
      { address: '10.10.0.77', gateway: true },
      { address: '2001:db8:10::77', gateway: true },
    ]);
    expect(both.body).toMatchObject({
      vlan: 'untagged',
      links: [
        { mode: 'static', address: '10.10.0.77', gateway: true },
        { mode: 'static', address: '2001:db8:10::77', gateway: true },
      ],
    });
    // The one that is asked for takes the place of the one before, in its family.
    expect((await set('eth1', [{ address: 'dhcp', gateway: true }])).body).toMatchObject({
      links: [{ gateway: true }],
    });
    expect((await shown(path))[0]?.links).toMatchObject([{ gateway: false }, { gateway: true }]);
    expect((await set('eth1', [{ address: 'link', subnet: 'lab' }])).body).toMatchObject({
      links: [{ mode: 'link', subnet: '10.10.0.0/24' }],
    });
    expect((await set('eth1', [])).body).toMatchObject({ links: [] });
  });

  it('of the same request twice are the same rows', async () => {
    const path = await machine();
    const addresses = [{ address: 'auto', subnet: 'lab' }];
    const before = await shown(path);
    expect((await say('PATCH', `${path}/interfaces/eth0`, { addresses })).status).toBe(200);
    await say('PATCH', `${path}/interfaces/eth1`, { addresses: [{ address: 'dhcp' }] });
    const [first, second] = await shown(path);
    await say('PATCH', `${path}/interfaces/eth1`, { addresses: [{ address: 'dhcp' }], mtu: 1400 });
    expect(first).toEqual(before[0]);
    expect((await shown(path))[1]?.links).toEqual(second?.links);
  });
});

describe('an interface', () => {
  it.each<[string, object, number, string, string]>([
    ['of no kind', { kind: 'team' }, 422, 'kind', 'is not a kind of interface'],
    ['without a MAC address', {}, 422, 'mac', 'it is missing'],
    ['with another machine’s', { mac: '52:54:00:00:01:01' }, 409, 'mac', 'is the MAC address of the machine m1'],
    ['on nothing', { kind: 'bond' }, 422, 'parents', 'bond0 stands on nothing'],
    ['on what is not there', { kind: 'bond', parents: ['eth9'] }, 422, 'parents', 'has no interface eth9'],
    ['of a VLAN on nothing', { kind: 'vlan', vlan: 'storage' }, 422, 'parents', 'stands on nothing'],
    ['of an untagged VLAN', { kind: 'vlan', parents: ['eth1'], vlan: 'untagged' }, 422, 'vlan', 'untagged is untagged'],
    [
      'of a VLAN with another MAC address',
      { kind: 'vlan', parents: ['eth1'], vlan: '100', mac: '52:54:00:aa:aa:aa' },
      422,
      'mac',
      'another MAC address than eth1',
    ],
    ['with settings of another kind', { mac: '52:54:00:aa:aa:ab', bond: {} }, 422, 'bond', 'only a bond'],
    ['with an MTU that is none', { mac: '52:54:00:aa:aa:ab', mtu: 100 }, 422, 'mtu', '576 to 65535'],
    [
      'with IPv6 and small packets',
      { mac: '52:54:00:aa:aa:ab', mtu: 1000, addresses: [{ address: '2001:db8:10::9' }] },
      422,
      'mtu',
      'IPv6 needs 1280',
    ],
    ['with a name that is taken', { name: 'eth0', mac: '52:54:00:aa:aa:ab' }, 422, 'name', 'eth0 is there twice'],
    [
      'on two networks',
      { mac: '52:54:00:aa:aa:ab', addresses: [{ address: '10.10.0.88' }, { address: '10.10.200.88' }] },
      422,
      'addresses/1/subnet',
      'lie on its VLAN',
    ],
    [
      'with DHCP twice',
      { mac: '52:54:00:aa:aa:ab', addresses: [{ address: 'dhcp' }, { address: 'dhcp', subnet: 'lab' }] },
      422,
      'addresses/1/address',
      'dhcp is there twice',
    ],
    [
      'with a route by no router',
      { mac: '52:54:00:aa:aa:ab', addresses: [{ address: '10.10.200.88', gateway: true }] },
      422,
      'addresses/0/gateway',
      'has no router',
    ],
    [
      'with a route and no address',
      { mac: '52:54:00:aa:aa:ab', addresses: [{ address: 'link', gateway: true }] },
      422,
      'addresses/0/gateway',
      'no address there',
    ],
  ])('%s is refused, and nothing is changed', async (_, body, ...expected) => {
    const [status, field, words] = expected;
    const path = await machine();
    const before = await shown(path);
    const answer = await say('POST', `${path}/interfaces`, body);
    expect(answer).toMatchObject({ status, body: { fields: [{ field }] } });
    expect(answer.raw).toContain(words);
    expect(await shown(path)).toEqual(before);
  });

  it('in a bond or bridge has no address, and is in no other one', async () => {
    const path = await machine();
    await made(`${path}/interfaces`, bondOf);
    const address = await say('PATCH', `${path}/interfaces/eth1`, { addresses: [{ address: 'dhcp' }] });
    expect(address).toMatchObject({ status: 422, body: { fields: [{ field: 'addresses' }] } });
    const twice = await say('POST', `${path}/interfaces`, { kind: 'bridge', parents: ['eth1'] });
    expect(twice.status).toBe(422);
    expect(twice.raw).toContain('eth1 is in bond0 and in br0');
  });

  it('is found by id, name and MAC address, and no other way', async () => {
    const path = await machine();
    const list = (await say('GET', `${path}/interfaces`)).body['items'] as (Shown & { id: number })[];
    const first = list[0];
    for (const text of [String(first?.id), 'eth0', first?.mac.toUpperCase().replaceAll(':', '-')])
      expect((await say('GET', `${path}/interfaces/${text}`)).body).toMatchObject({ id: first?.id });
    expect((await say('GET', `${path}/interfaces/eth7`)).raw).toContain('eth0, eth1');
    expect((await say('GET', `${path}/interfaces/eth7`)).status).toBe(404);
    expect((await say('GET', '/machines/nobody/interfaces')).status).toBe(404);
  });

  it('changes under a condition: the version is the machine’s', async () => {
    const path = await machine();
    const { headers } = await say('GET', `${path}/interfaces/eth0`);
    const etag = String(headers['etag']);
    expect((await say('GET', path)).headers['etag']).toBe(etag);
    expect((await say('PATCH', `${path}/interfaces/eth0`, { mtu: 1400 }, { 'if-match': etag })).status).toBe(200);
    expect((await say('PATCH', `${path}/interfaces/eth0`, { mtu: 1300 }, { 'if-match': etag })).status).toBe(412);
  });

  it('comes with a whole machine, too, and keeps its id when that is said again', async () => {
    const interfaces = [
      { mac: '52:54:00:cc:00:01', name: 'eno1' },
      { mac: '52:54:00:cc:00:02', name: 'eno2' },
      { kind: 'vlan', parents: ['bond0'], vlan: 'office', addresses: [{ address: 'auto' }] },
      { kind: 'bond', parents: ['eno1', 'eno2'], addresses: [{ address: 'auto', subnet: 'lab', gateway: true }] },
    ];
    const first = (await made('/machines', { hostname: 'whole', interfaces })).body['interfaces'] as Shown[];
    expect(first.map(({ name }) => name)).toEqual(['bond0', 'eno1', 'eno2', 'bond0.200']);
    const again = await say('PATCH', '/machines/whole', { interfaces });
    expect(again.body['interfaces']).toEqual(first);
    const circle = [
      { kind: 'bridge', name: 'a', parents: ['b'] },
      { kind: 'vlan', name: 'b', parents: ['a'], vlan: 'office' },
    ];
    const refused = await say('PATCH', '/machines/whole', { interfaces: circle });
    expect(refused).toMatchObject({ status: 422, body: { fields: [{ field: 'interfaces/0/parents' }] } });
    expect(refused.raw).toContain('a stands on itself');
  });
});
