import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NOUNS } from '../../../../src/cli/nouns.ts';
import { FakeRegion, page, problem, run } from '../fake-region.ts';

const FABRIC = { id: 1, name: 'fabric-1', vlans: 2 };
const VLAN = {
  id: 5,
  name: 'web',
  vid: 10,
  fabric: 'fabric-1',
  fabricId: 1,
  space: null,
  spaceId: null,
  dhcpOn: true,
  dnsOn: true,
  relayVlan: null,
  primaryRack: null,
  secondaryRack: null,
  server: null,
  racks: [{ node: 'r1', interface: 'eth1', addresses: ['10.10.10.1/24'] }],
};
const SUBNET = {
  id: 3,
  name: 'lab',
  cidr: '10.10.10.0/24',
  vlan: 'web',
  vlanId: 5,
  gateway: '10.10.10.254',
  resolvers: [],
  managed: true,
  dnsOn: true,
  proxyOn: true,
  used: 2,
  dynamic: 100,
  reverse: 'zone 10.10.10.in-addr.arpa',
};
const RANGE = {
  id: 9,
  subnet: '10.10.10.0/24',
  subnetId: 3,
  kind: 'dynamic',
  first: '10.10.10.100',
  last: '10.10.10.199',
  size: 100,
  comment: '',
};
const LEASE = {
  address: '10.10.10.100',
  subnet: '10.10.10.0/24',
  subnetId: 3,
  vlan: 'fabric-1/web',
  vlanId: 5,
  node: 'r1',
  mac: '52:54:00:00:00:99',
  clientId: null,
  hostname: 'guest',
  machine: null,
  kind: 'dynamic',
  state: 'active',
  startsAt: '2026-03-01T09:57:00Z',
  expiresAt: '2026-03-01T10:07:00Z',
};
const RESERVATION = {
  id: 4,
  subnet: '10.10.10.0/24',
  subnetId: 3,
  address: '10.10.10.30',
  mac: '52:54:00:00:00:30',
  hostname: 'printer',
  machine: null,
  comment: '',
};
const NETWORK = ['fabric', 'space', 'vlan', 'subnet', 'range', 'reservation'];

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));

const CARD = { id: 1, name: 'eth0', mac: '52:54:00:00:00:01', kind: 'physical', vlan: null, addresses: [] };
const SET_CARD = 'PATCH /machines/web1/interfaces/eth0';
const CARD_SAID = 'interface eth0  52:54:00:00:00:01  physical  VLAN -  no address: changed';

describe('the network on the command line', () => {
  it('has list, show, create, set and delete of every noun, each with an example that names it', () => {
    for (const noun of NOUNS.filter((known) => NETWORK.includes(known.noun))) {
      expect(noun.commands.map((command) => command.verb)).toEqual(['list', 'show', 'create', 'set', 'delete']);
      for (const command of noun.commands) {
        expect(command.examples?.[0], `${noun.noun} ${command.verb}`).toMatch(`regent ${noun.noun} ${command.verb}`);
      }
    }
    expect(NOUNS.map((noun) => noun.noun)).toEqual(expect.arrayContaining(NETWORK));
  });

  it.each<[string, string, unknown, string, unknown]>([
    [
      'fabric create hall-2',
      'POST /fabrics',
      { ...FABRIC, name: 'hall-2' },
      'fabric hall-2 created',
      { name: 'hall-2' },
    ],
    ['fabric set 1 --name hall-1', 'PATCH /fabrics/1', FABRIC, 'fabric fabric-1 changed', { name: 'hall-1' }],
    ['space create dmz', 'POST /spaces', { id: 1, name: 'dmz', vlans: 0 }, 'space dmz created', { name: 'dmz' }],
    ['space delete dmz', 'DELETE /spaces/dmz', { id: 1, name: 'dmz', vlans: 0 }, 'space dmz deleted', undefined],
    [
      'domain set x.test --lease-names on',
      'PATCH /domains/x.test',
      { id: 1, name: 'x.test', ttl: null, leaseNames: true, isDefault: false },
      'domain x.test changed',
      { leaseNames: true },
    ],
    [
      'vlan create --vid 10 --name web --fabric fabric-1 --space dmz --dns off',
      'POST /vlans',
      VLAN,
      'VLAN fabric-1/web created',
      { vid: 10, name: 'web', fabric: 'fabric-1', space: 'dmz', dnsOn: false },
    ],
    [
      'vlan set fabric-1/web --dns on --vid 11 --space none',
      'PATCH /vlans/fabric-1/web',
      VLAN,
      'VLAN fabric-1/web changed',
      { dnsOn: true, vid: 11, space: null },
    ],
    ['vlan set web --dhcp on', 'PATCH /vlans/web', VLAN, 'VLAN fabric-1/web changed; DHCP is on', { dhcpOn: true }],
    [
      'vlan set web --primary-rack k1 --secondary-rack none --relay-vlan fabric-1/up',
      'PATCH /vlans/web',
      VLAN,
      'VLAN fabric-1/web changed',
      { primaryRack: 'k1', secondaryRack: null, relayVlan: 'fabric-1/up' },
    ],
    ['vlan set web --dhcp off', 'PATCH /vlans/web', VLAN, 'VLAN fabric-1/web changed', { dhcpOn: false }],
    [
      'subnet create 10.10.10.0/24 --vlan web --gateway 10.10.10.254 --resolver 192.0.2.1 --resolver 192.0.2.2 --managed off --dns on --proxy off',
      'POST /subnets',
      SUBNET,
      'subnet 10.10.10.0/24 created\nReverse names: zone 10.10.10.in-addr.arpa.',
      {
        cidr: '10.10.10.0/24',
        vlan: 'web',
        gateway: '10.10.10.254',
        resolvers: ['192.0.2.1', '192.0.2.2'],
        managed: false,
        dnsOn: true,
        proxyOn: false,
      },
    ],
    [
      'subnet set 10.10.10.0/24 --gateway none --resolver none',
      'PATCH /subnets/10.10.10.0/24',
      SUBNET,
      'subnet 10.10.10.0/24 changed',
      { gateway: null, resolvers: [] },
    ],
    [
      'subnet set lab --dhcp-option log-servers=192.0.2.1,192.0.2.2 --dhcp-option 224:string=x --lease-time 300 --boot-server 192.0.2.9 --boot-file none --ignore-unknown on',
      'PATCH /subnets/lab',
      SUBNET,
      'subnet 10.10.10.0/24 changed',
      {
        dhcpOptions: ['log-servers=192.0.2.1,192.0.2.2', '224:string=x'],
        leaseTime: 300,
        bootServer: '192.0.2.9',
        bootFile: null,
        ignoreUnknown: true,
      },
    ],
    [
      'subnet set lab --dhcp-option none --lease-time default',
      'PATCH /subnets/lab',
      SUBNET,
      'subnet 10.10.10.0/24 changed',
      { dhcpOptions: [], leaseTime: null },
    ],
    [
      'range create 10.10.10.100-10.10.10.199 --kind dynamic',
      'POST /ranges',
      RANGE,
      'dynamic range 10.10.10.100-10.10.10.199 created in 10.10.10.0/24 (100)',
      { first: '10.10.10.100', last: '10.10.10.199', kind: 'dynamic' },
    ],
    [
      'range create 10.10.10.100 10.10.10.199 --kind dynamic --subnet lab --comment guests',
      'POST /ranges',
      RANGE,
      'dynamic range 10.10.10.100-10.10.10.199 created in 10.10.10.0/24 (100)',
      { first: '10.10.10.100', last: '10.10.10.199', kind: 'dynamic', subnet: 'lab', comment: 'guests' },
    ],
    [
      'range create fd00::9 --kind reserved',
      'POST /ranges',
      { ...RANGE, kind: 'reserved', first: 'fd00::9', last: 'fd00::9', size: 1 },
      'reserved range fd00::9-fd00::9 created in 10.10.10.0/24 (1)',
      { first: 'fd00::9', last: 'fd00::9', kind: 'reserved' },
    ],
    [
      'range set 10.10.10.100 10.10.10.199 --last 10.10.10.150',
      'PATCH /ranges/10.10.10.100-10.10.10.199',
      RANGE,
      'range 10.10.10.100-10.10.10.199 changed',
      { last: '10.10.10.150' },
    ],
    [
      'range set 9 --kind reserved',
      'PATCH /ranges/9',
      RANGE,
      'range 10.10.10.100-10.10.10.199 changed',
      { kind: 'reserved' },
    ],
    ['range delete 9', 'DELETE /ranges/9', RANGE, 'range 10.10.10.100-10.10.10.199 deleted', undefined],
    [
      'reservation create auto --subnet lab --mac 52:54:00:00:00:30 --hostname printer --comment x',
      'POST /reservations',
      RESERVATION,
      'reservation 10.10.10.30 created (for 52:54:00:00:00:30)',
      { address: 'auto', subnet: 'lab', mac: '52:54:00:00:00:30', hostname: 'printer', comment: 'x' },
    ],
    [
      'reservation set 10.10.10.30 --mac none --hostname none',
      'PATCH /reservations/10.10.10.30',
      { ...RESERVATION, mac: null, hostname: null },
      'reservation 10.10.10.30 changed (nobody gets it)',
      { mac: null, hostname: null },
    ],
    [
      'reservation delete 10.10.10.30',
      'DELETE /reservations/10.10.10.30',
      RESERVATION,
      'reservation 10.10.10.30 deleted',
      undefined,
    ],
    ['interface set web1 eth0 --accept-ra off', SET_CARD, CARD, CARD_SAID, { acceptRa: false }],
    ['interface set web1 eth0 --accept-ra on --mtu default', SET_CARD, CARD, CARD_SAID, { acceptRa: true, mtu: null }],
    ['interface set web1 eth0 --accept-ra default', SET_CARD, CARD, CARD_SAID, { acceptRa: null }],
  ])('%s', async (...[line, call, body, said, sent]) => {
    region.on(call, { body });
    expect(await regent(line)).toEqual({ code: 0, out: `${said}\n`, err: '' });
    // Before a range goes the command looks whether it is the last one.
    const changes = region.seen.filter(({ method }) => method !== 'GET');
    expect(changes.map((seen) => seen.body)).toEqual([sent]);
  });

  it.each(['range delete 9', 'range set 9 --kind reserved'])('%s warns of the last dynamic range', async (line) => {
    region.on('GET /ranges/9', { body: RANGE });
    region.on('GET /subnets/10.10.10.0/24', { body: SUBNET });
    region.on('GET /vlans/id:5', { body: VLAN });
    region.on('GET /subnets', page(SUBNET));
    region.on('DELETE /ranges/9', { body: RANGE });
    region.on('PATCH /ranges/9', { body: RANGE });
    expect((await regent(line)).err).toBe(
      'Warning: web serves DHCP, and this is its last dynamic range. Only interfaces with a fixed address get one then.\n',
    );
    region.on('GET /subnets', page(SUBNET, { ...SUBNET, id: 4, dynamic: 10 }));
    expect((await regent(line)).err).toBe('');
    region.on('GET /subnets', page(SUBNET));
    region.on('GET /vlans/id:5', { body: { ...VLAN, dhcpOn: false } });
    expect((await regent(line)).err).toBe('');
  });

  it.each<[string, string, Record<string, string>]>([
    ['fabric list --name fab', 'GET /fabrics', { name: 'fab' }],
    ['space list', 'GET /spaces', {}],
    [
      'vlan list --fabric fabric-1 --space dmz --dhcp off',
      'GET /vlans',
      { fabric: 'fabric-1', space: 'dmz', dhcp_on: 'false' },
    ],
    ['subnet list --vlan fabric-1/web', 'GET /subnets', { vlan: 'fabric-1/web' }],
    ['range list --subnet lab --kind dynamic', 'GET /ranges', { subnet: 'lab', kind: 'dynamic' }],
    ['reservation list --mac 52:54:00:00:00:30', 'GET /reservations', { mac: '52:54:00:00:00:30' }],
  ])('asks for what "%s" names', async (line, call, query) => {
    region.on(call, page());
    expect(await regent(line)).toMatchObject({ code: 0, out: '', err: expect.stringMatching(/^There is no \w+\.\n$/) });
    expect(Object.fromEntries(region.seen[0]?.query ?? [])).toEqual({ limit: '1000', ...query });
  });

  it('prints tables, wider ones, CSV and names that other commands take', async () => {
    region.on('GET /vlans', page(VLAN, { ...VLAN, id: 1, vid: 0, name: 'untagged', dhcpOn: false, racks: [] }));
    expect((await regent('vlan list')).out.split('\n').slice(0, 3)).toEqual([
      'NAME      VID       FABRIC    SPACE  DHCP  DNS  SERVED BY',
      'web       10        fabric-1  -      on    on   -',
      'untagged  untagged  fabric-1  -      off   on   -',
    ]);
    expect((await regent('vlan list -o wide')).out).toContain('r1 eth1');
    expect((await regent('vlan list -o name')).out).toBe('fabric-1/web\nfabric-1/untagged\n');
    region.on('GET /ranges', page(RANGE));
    expect((await regent('range list -o name')).out).toBe('10.10.10.100-10.10.10.199\n');
    region.on('GET /reservations', page(RESERVATION));
    expect((await regent('reservation list -o csv')).out).toBe(
      'address,mac,name,subnet,comment,machine,hostname,id\r\n10.10.10.30,52:54:00:00:00:30,printer,10.10.10.0/24,,,printer,4\r\n',
    );
    region.on('GET /subnets', page(SUBNET));
    expect((await regent('subnet list')).out.split('\n')[0]).toBe(
      'CIDR           NAME  VLAN  GATEWAY       DNS  PROXY  DYNAMIC  USED',
    );
  });

  it('shows what pools have left, for each side of a pair, and when they are full', async () => {
    const counts = {
      size: 20,
      used: 5,
      free: 15,
      sides: [{ node: 'k1', used: 5 }],
      perHour: 5,
      fullAt: '2026-03-01T13:00:00Z',
    };
    const sides = [...counts.sides, { node: 'k2', used: 4 }];
    const one = { first: '10.10.10.100', last: '10.10.10.119', ...counts, sides };
    const two = { ...one, first: '10.10.10.10', last: '10.10.10.29', perHour: null, fullAt: null, sides: counts.sides };
    const use = { subnet: SUBNET.cidr, ...counts, perHour: 0, fullAt: null, pools: [one] };
    region.on('GET /vlans', page(VLAN));
    region.on('GET /ranges', page(RANGE));
    region.on('GET /leases', page());
    region.on('GET /subnets/10.10.10.0/24', { body: { ...SUBNET, pools: use } });
    const show = async () =>
      (await regent('subnet show 10.10.10.0/24')).out.split('\nPools:')[1]?.split('\nLeases:')[0]?.trim();
    expect(await show()).toBe(
      '10.10.10.100-10.10.10.119  5 of 20 in use, 15 free (k1 5, k2 4); full in 3 h at the present rate (5 more an hour)',
    );
    const full = { ...one, used: 20, free: 0 };
    region.on('GET /subnets/10.10.10.0/24', { body: { ...SUBNET, pools: { ...use, pools: [full, two] } } });
    expect((await show())?.split(/\n */)).toEqual([
      'all  5 of 20 in use, 15 free; never full at the present rate',
      '10.10.10.100-10.10.10.119  20 of 20 in use, 0 free (k1 5, k2 4); full',
      '10.10.10.10-10.10.10.29  5 of 20 in use, 15 free; less than 10 minutes of leases: no rate yet',
    ]);
    region.on('GET /vlans/web', { body: { ...VLAN, pools: [use] } });
    region.on('GET /subnets', page(SUBNET));
    expect((await regent('vlan show web')).out).toMatch(
      /^Pools: +10\.10\.10\.0\/24 {2}5 of 20 in use, 15 free; never full/m,
    );
  });

  it("shows a subnet with its ranges and its VLAN's DHCP, and as data the object alone", async () => {
    region.on('GET /subnets/10.10.10.0/24', { body: { ...SUBNET, managed: false } });
    region.on('GET /vlans', page({ ...VLAN, id: 99, fabric: 'other' }, VLAN));
    region.on('GET /ranges', page(RANGE, { ...RANGE, kind: 'reserved', comment: 'esc\u001b[2J' }));
    region.on('GET /leases', page(LEASE, { ...LEASE, state: 'declined' }, { ...LEASE, kind: 'static' }));
    const { out } = await regent('subnet show 10.10.10.0/24');
    for (const line of [
      /^VLAN: +fabric-1\/web \(VID 10\)$/m,
      /^Gateway: +10\.10\.10\.254$/m,
      /^Resolvers: +our own$/m,
      /^DHCP: +on \(r1\)$/m,
      /^Leases: +2 of 100 dynamic, 1 static; 1 declined, .*regent lease list --subnet 10\.10\.10\.0\/24$/m,
      /^Managed: +no: "auto" takes no address of it$/m,
      /^Ranges: +10\.10\.10\.100-10\.10\.10\.199 {2}dynamic, 100\n +10\.10\.10\.100-10\.10\.10\.199 {2}reserved, 100 {2}esc\\x1b\[2J$/m,
    ])
      expect(out).toMatch(line);
    region.on('GET /leases', { body: { items: [LEASE], next: 'more' } });
    expect((await regent('subnet show 10.10.10.0/24')).out).toMatch(/^Leases: +more than 1: regent lease list/m);
    region.on('GET /leases', page());
    region.on('GET /vlans', page({ ...VLAN, racks: [], dnsOn: false }));
    const lonely = (await regent('subnet show 10.10.10.0/24')).out;
    expect(lonely).toMatch(/^DHCP: +on, but no accepted rack stands on its VLAN: nobody answers$/m);
    expect(lonely).toMatch(/^DNS: +on, but off for its VLAN$/m);
    expect(lonely).toMatch(/^Resolvers: +none$/m);
    region.on('GET /vlans', page({ ...VLAN, dhcpOn: false }));
    expect((await regent('subnet show 10.10.10.0/24')).out).toMatch(/off .*regent vlan set fabric-1\/web --dhcp on/);
    region.on('GET /vlans', page());
    expect((await regent('subnet show 10.10.10.0/24')).out).toMatch(/^VLAN: +web$/m);
    region.seen.length = 0;
    expect(JSON.parse((await regent('subnet show 10.10.10.0/24 -o json')).out)).toEqual({ ...SUBNET, managed: false });
    expect(region.seen).toHaveLength(1);
  });

  it('shows a VLAN with its subnets and the racks that stand on it', async () => {
    region.on('GET /vlans/fabric-1/10', { body: VLAN });
    region.on('GET /subnets', page(SUBNET, { ...SUBNET, name: 'fd00::/64', cidr: 'fd00::/64', gateway: null }));
    const { out } = await regent('vlan show fabric-1/10');
    expect(out).toMatch(/^Racks: +r1 {2}eth1 {2}10\.10\.10\.1\/24$/m);
    expect(out).toMatch(
      /^Subnets: +10\.10\.10\.0\/24 {2}lab, gateway 10\.10\.10\.254, 100 dynamic, 2 fixed\n +fd00::\/64 {2}no gateway/m,
    );
    expect(region.seen.at(-1)?.query.get('vlan')).toBe('1/10');
    region.on('GET /vlans/fabric-1/10', { body: { ...VLAN, racks: [] } });
    expect((await regent('vlan show fabric-1/10')).out).toMatch(
      /^DHCP: +on, but no accepted rack stands on this VLAN/m,
    );
  });

  it.each([
    ['vlan set web --dhcp on', 'PATCH /vlans/web', 'conflict', /regent range create FIRST-LAST --kind dynamic/],
    ['vlan delete web', 'DELETE /vlans/web', 'in_use', /regent vlan show web/],
    ['fabric delete f', 'DELETE /fabrics/f', 'in_use', /regent vlan list --fabric f/],
    ['subnet delete lab', 'DELETE /subnets/lab', 'in_use', /regent range list --subnet lab/],
    ['range delete 9', 'DELETE /ranges/9', 'in_use', /regent vlan set VLAN --dhcp off/],
    ['vlan set web --dhcp on --dry-run', 'PATCH /vlans/web', 'conflict', /regent subnet create/],
  ])('says after a refusal of "%s" what to do next', async (line, call, code, next) => {
    region.on(call, problem(409, code, 'It is \u001b[31mrefused\u001b[0m.'));
    const { code: exit, out, err } = await regent(line);
    expect({ exit, out }).toEqual({ exit: 4, out: '' });
    expect(err).toMatch(/^regent: It is \\x1b\[31mrefused/);
    expect(err).toMatch(next);
  });

  it.each([
    ['vlan create --name web', /--vid is missing/],
    ['vlan create --vid ten', /--vid: "ten" is not usable/],
    ['vlan set web', /Nothing to set: give --dhcp/],
    ['vlan set web --dhcp yes', /Allowed choices are on, off/],
    ['subnet set lab', /Nothing to set: give --cidr, --gateway/],
    ['subnet set lab --resolver none --resolver 192.0.2.1', /exclude each other/],
    ['subnet set lab --dhcp-option none --dhcp-option 224:string=x', /exclude each other/],
    ['subnet set lab --lease-time long', /--lease-time: "long" is not usable/],
    ['range create 10.0.0.1-10.0.0.9', /--kind is missing/],
    ['range create 10.0.0.1-10.0.0.9 --kind static', /Allowed choices are dynamic, reserved/],
    ['range create 10.0.0.1- --kind dynamic', /is not a range. Rule: FIRST-LAST/],
    ['range create 10.0.0.1-10.0.0.4 10.0.0.9 --kind dynamic', /is not a range/],
    ['range create 10.0.0.1-10.0.0.4-10.0.0.9 --kind dynamic', /is not a range/],
    ['range set 9', /Nothing to set: give --first/],
    ['reservation create', /missing required argument/],
    ['reservation set 10.0.0.1', /Nothing to set: give --mac/],
    ['fabric set f', /Nothing to set: give --name/],
    ['space set s', /Nothing to set: give --name/],
  ])('"%s" is wrong usage', async (line, wanted) => {
    const { code, out, err } = await regent(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(wanted);
    expect(region.seen).toEqual([]);
  });
});
