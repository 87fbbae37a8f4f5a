import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';

/** Every case of bad input about networks with its exact answer; the file prints them as a table (`scripts/test --only bad-input`). */

const pg = usePostgres();
let site: TestRegion;
const table: string[] = [];

const LEASE_END = '2100-01-01T00:00:00.000Z';

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  const good: [Method, string, unknown][] = [
    ['POST', '/fabrics', { name: 'fabric-2' }],
    ['POST', '/spaces', { name: 'storage' }],
    ['POST', '/vlans', { vid: 10, name: 'vlan10', space: 'storage' }],
    ['POST', '/vlans', { vid: 20, name: 'vlan20' }],
    ['POST', '/vlans', { vid: 20, name: 'vlan20', fabric: 'fabric-2' }],
    ['POST', '/vlans', { vid: 30, name: 'vlan30' }],
    ['POST', '/vlans', { vid: 40, name: 'vlan40' }],
    ['POST', '/subnets', { cidr: '10.10.10.0/24', vlan: 'vlan10', gateway: '10.10.10.254' }],
    ['POST', '/subnets', { cidr: '10.20.0.0/24', vlan: 'fabric-1/20' }],
    ['POST', '/subnets', { cidr: '10.30.0.0/24', vlan: 'vlan30' }],
    ['POST', '/subnets', { cidr: '10.31.0.0/31', vlan: 'vlan30' }],
    ['POST', '/subnets', { cidr: '10.32.0.0/32', vlan: 'vlan30' }],
    ['POST', '/subnets', { cidr: '10.33.0.0/24', vlan: 'vlan30', managed: false }],
    ['POST', '/subnets', { cidr: '2001:db8::/64', vlan: 'vlan30' }],
    ['POST', '/subnets', { cidr: '10.77.0.0/24', vlan: 'untagged-1' }],
    ['POST', '/ranges', { kind: 'dynamic', first: '10.10.10.100', last: '10.10.10.149' }],
    ['POST', '/ranges', { kind: 'reserved', first: '10.10.10.150', last: '10.10.10.199' }],
    ['POST', '/reservations', { address: '10.10.10.20', mac: '52:54:00:00:00:20', hostname: 'printer' }],
    ['POST', '/reservations', { address: '10.10.10.21' }],
    ['POST', '/records', { fqdn: 'alias.regent.internal', type: 'CNAME', data: 'r1.regent.internal' }],
    ['POST', '/machines', machine('web1', '52:54:00:00:00:01', '10.10.10.5')],
    ['PATCH', '/vlans/vlan10', { dhcpOn: true }],
  ];
  await site.call('PATCH', '/vlans/fabric-1%2F0', { body: { name: 'untagged-1' } });
  for (const [method, path, body] of good) {
    const made = await site.call(method, path, { body });
    if (made.status > 201) throw new Error(`${path}: ${made.raw}`);
  }
  const leased = await site.db.repeatable((tx) =>
    tx.run(sql`insert into leases (node_id, subnet_id, address, mac, hostname, state, starts_at, expires_at)
      values ('r1', 2, '10.20.0.50', '52:54:00:00:00:50', 'laptop', 'active', now(), ${LEASE_END})`),
  );
  if (leased !== 1) throw new Error(`the lease was not stored: ${JSON.stringify(leased)}`);
});

afterAll(async () => {
  process.stdout.write(`\nbad network input and its answer\n${table.join('\n')}\n`);
  await site.close();
});

function machine(hostname: string, mac: string, address: string, subnet?: string) {
  return { hostname, interfaces: [{ mac, addresses: [{ address, ...(subnet ? { subnet } : {}) }] }] };
}
const range = (first: string, last: string, kind = 'dynamic', more: object = {}) =>
  ['POST', '/ranges', { kind, first, last, ...more }] as const;
const reserve = (address: string, more: object = {}) => ['POST', '/reservations', { address, ...more }] as const;
const create = (hostname: string, mac: string, address: string, subnet?: string) =>
  ['POST', '/machines', machine(hostname, mac, address, subnet)] as const;
const subnet = (cidr: string, more: object = {}) => ['POST', '/subnets', { cidr, ...more }] as const;
const set = (path: string, body: object) => ['PATCH', path, body] as const;
const remove = (path: string) => ['DELETE', path] as const;

type Case = readonly [
  name: string,
  call: readonly [Method, string, unknown?],
  status: number,
  code: string,
  detail: string,
];

const RANGES = 'Rule: ranges share no address.';
const INSIDE = 'Rule: an address lies inside its subnet.';
const FIXED = 'Rule: a fixed address lies outside of what DHCP gives out.';
const TITLE =
  '1–64 of letters, digits, blank and . _ / : -, starting and ending with a letter or digit, not only digits';
const WEB1 = '10.10.10.5, the address of eth0 of the machine web1';
const HOLDS = 'Rule: DHCP gives out no address that is in fixed use.';
const DHCP = 'Rule: DHCP needs a dynamic range in an IPv4 subnet of the VLAN.';

const CASES: readonly Case[] = [
  [
    'overlapping dynamic ranges',
    range('10.10.10.140', '10.10.10.145'),
    409,
    'conflict',
    `10.10.10.140-10.10.10.145 overlaps the dynamic range 10.10.10.100-10.10.10.149. ${RANGES}`,
  ],
  [
    'dynamic over reserved range',
    range('10.10.10.199', '10.10.10.210'),
    409,
    'conflict',
    `10.10.10.199-10.10.10.210 overlaps the reserved range 10.10.10.150-10.10.10.199. ${RANGES}`,
  ],
  [
    'a range grown into another',
    set('/ranges/10.10.10.100-10.10.10.149', { last: '10.10.10.150' }),
    409,
    'conflict',
    `10.10.10.100-10.10.10.150 overlaps the reserved range 10.10.10.150-10.10.10.199. ${RANGES}`,
  ],
  [
    'a range outside every subnet',
    range('10.99.0.1', '10.99.0.9'),
    422,
    'invalid_value',
    'first: 10.99.0.1 is outside every subnet. Rule: an address lies inside its subnet, one of 10.10.10.0/24, 10.20.0.0/24, 10.30.0.0/24, 10.31.0.0/31, 10.32.0.0/32, 10.33.0.0/24, 10.77.0.0/24, 2001:db8::/64.',
  ],
  [
    'a range outside its subnet',
    range('10.10.10.200', '10.10.11.9'),
    422,
    'invalid_value',
    `last: 10.10.11.9 is outside the subnet 10.10.10.0/24. ${INSIDE}`,
  ],
  [
    'a range outside the named one',
    range('10.10.10.200', '10.10.10.210', 'dynamic', { subnet: '10.20.0.0/24' }),
    422,
    'invalid_value',
    `first: 10.10.10.200 is outside the subnet 10.20.0.0/24. ${INSIDE}`,
  ],
  [
    'a range backwards',
    range('10.10.10.210', '10.10.10.200'),
    422,
    'invalid_value',
    'last: 10.10.10.200 lies before 10.10.10.210. Rule: a range goes from its lowest to its highest address.',
  ],
  [
    'a range with the network address',
    range('10.20.0.0', '10.20.0.9'),
    422,
    'invalid_value',
    "first: 10.20.0.0 is not a host's address of 10.20.0.0/24. Rule: 10.20.0.1 to 10.20.0.254.",
  ],
  [
    'a dynamic IPv6 range',
    range('2001:db8::100', '2001:db8::1ff'),
    422,
    'invalid_value',
    'kind: 2001:db8::/64 is IPv6, and DHCPv6 is not supported yet. Rule: a dynamic range is IPv4.',
  ],
  [
    'a dynamic range over a machine',
    range('10.10.10.2', '10.10.10.9'),
    409,
    'conflict',
    `The dynamic range 10.10.10.2-10.10.10.9 holds ${WEB1}. ${HOLDS}`,
  ],
  [
    'a dynamic range over a static lease',
    range('10.10.10.20', '10.10.10.20'),
    409,
    'conflict',
    `The dynamic range 10.10.10.20 holds 10.10.10.20, the static lease of 52:54:00:00:00:20. ${HOLDS}`,
  ],
  [
    'a dynamic range over the gateway',
    range('10.10.10.250', '10.10.10.254'),
    409,
    'conflict',
    `The dynamic range 10.10.10.250-10.10.10.254 holds 10.10.10.254, the gateway of 10.10.10.0/24. ${HOLDS}`,
  ],
  [
    'a comment of two lines',
    range('10.20.0.200', '10.20.0.210', 'reserved', { comment: 'a\nb' }),
    422,
    'invalid_value',
    'comment: it holds the character U+000A at position 2. Rule: texts hold no control characters, such as newline or NUL.',
  ],
  [
    'a static lease in a dynamic pool',
    reserve('10.10.10.120', { mac: '52:54:00:00:00:99' }),
    409,
    'conflict',
    `10.10.10.120 lies in the dynamic range 10.10.10.100-10.10.10.149. ${FIXED}`,
  ],
  [
    "a machine's address in a pool",
    create('web9', '52:54:00:00:00:09', '10.10.10.120'),
    409,
    'conflict',
    `interfaces/0/addresses/0/address: 10.10.10.120 lies in the dynamic range 10.10.10.100-10.10.10.149. ${FIXED}`,
  ],
  ['a reservation of a machine', reserve('10.10.10.5'), 409, 'conflict', `The address is taken: ${WEB1}.`],
  [
    'a reservation of the gateway',
    reserve('10.10.10.254'),
    409,
    'conflict',
    'The address is taken: 10.10.10.254, the gateway of 10.10.10.0/24.',
  ],
  [
    'a reservation of a node',
    reserve('10.77.0.11'),
    409,
    'conflict',
    '10.77.0.11 is taken: an address of the node r1.',
  ],
  [
    'a reservation twice',
    reserve('10.10.10.21'),
    409,
    'conflict',
    'The address is taken: the reserved address 10.10.10.21.',
  ],
  [
    "a reservation of another's lease",
    reserve('10.20.0.50', { mac: '52:54:00:00:00:51' }),
    409,
    'conflict',
    `10.20.0.50 is taken: 52:54:00:00:00:50 has 10.20.0.50 by DHCP. Rule: an address is free when its lease has ended (${LEASE_END}); \`regent lease release 10.20.0.50\` ends it now.`,
  ],
  [
    "a machine with another's lease",
    create('web9', '52:54:00:00:00:09', '10.20.0.50'),
    409,
    'conflict',
    `interfaces/0/addresses/0/address: 10.20.0.50 is taken: 52:54:00:00:00:50 has 10.20.0.50 by DHCP. Rule: an address is free when its lease has ended (${LEASE_END}); \`regent lease release 10.20.0.50\` ends it now.`,
  ],
  [
    'a MAC with a static lease already',
    reserve('10.10.10.30', { mac: '52-54-00-00-00-20' }),
    409,
    'conflict',
    'mac: 52:54:00:00:00:20 has the static lease 10.10.10.20 in 10.10.10.0/24 already.',
  ],
  [
    "a machine's MAC",
    reserve('10.10.10.30', { mac: '52:54:00:00:00:01' }),
    409,
    'conflict',
    'mac: 52:54:00:00:00:01 is eth0 of the machine web1.regent.internal, which has 10.10.10.5 in 10.10.10.0/24: that is its static lease.',
  ],
  [
    'a machine with a MAC of a lease',
    create('web9', '52:54:00:00:00:20', '10.10.10.30'),
    409,
    'conflict',
    'interfaces/0/addresses/0/address: 52:54:00:00:00:20 has the static lease 10.10.10.20 in 10.10.10.0/24. Delete that reservation first.',
  ],
  [
    'a machine with a reserved address',
    create('web9', '52:54:00:00:00:09', '10.10.10.21'),
    409,
    'conflict',
    'interfaces/0/addresses/0/address: The address is taken: the reserved address 10.10.10.21.',
  ],
  [
    'a reservation with a group MAC',
    reserve('10.10.10.30', { mac: '01:00:5e:00:00:01' }),
    422,
    'invalid_value',
    'mac: "01:00:5e:00:00:01" is a multicast address, which is a group of interfaces. Rule: the address of one interface: the lowest bit of the first octet is 0.',
  ],
  [
    'a reservation named with dots',
    reserve('10.10.10.30', { hostname: 'a.b' }),
    422,
    'invalid_value',
    'hostname: "a.b" is not a host name. Rule: a–z, 0–9 and inner "-", 1–63 characters, not only digits, without dots.',
  ],
  [
    'a reservation named as a machine',
    reserve('10.10.10.30', { hostname: 'web1' }),
    409,
    'conflict',
    'hostname: web1.regent.internal is the name of the machine web1.',
  ],
  [
    'a reservation named as a node',
    reserve('10.10.10.30', { hostname: 'r1' }),
    409,
    'conflict',
    'hostname: r1.regent.internal is the name of the node r1.',
  ],
  [
    'a reservation beside a CNAME',
    reserve('10.10.10.30', { hostname: 'alias' }),
    409,
    'conflict',
    'hostname: alias.regent.internal is the name of the record CNAME r1.regent.internal.',
  ],
  [
    'a machine named as a reservation',
    create('printer', '52:54:00:00:00:09', '10.10.10.30'),
    409,
    'conflict',
    'printer.regent.internal is the name of the reserved address 10.10.10.20.',
  ],
  [
    'a CNAME beside a reservation',
    ['POST', '/records', { fqdn: 'printer.regent.internal', type: 'CNAME', data: 'r1.regent.internal' }],
    409,
    'conflict',
    'printer.regent.internal: CNAME cannot stand beside the reserved address 10.10.10.20 (A). Rule: a CNAME is the only data of its name (RFC 1034 §3.6.2).',
  ],
  [
    '"auto" without a subnet',
    reserve('auto'),
    422,
    'invalid_value',
    'subnet: it is missing. Rule: with "auto" a reservation names its subnet.',
  ],
  [
    '"auto" where nothing is managed',
    reserve('auto', { subnet: '10.33.0.0/24' }),
    409,
    'conflict',
    'The subnet 10.33.0.0/24 is not managed by Regent, so "auto" gives no address of it. Name one, or set the subnet managed.',
  ],
  [
    'a machine on an unmanaged subnet',
    create('web9', '52:54:00:00:00:09', 'auto', '10.33.0.0/24'),
    409,
    'conflict',
    'interfaces/0/addresses/0/address: The subnet 10.33.0.0/24 is not managed by Regent, so "auto" gives no address of it. Name one, or set the subnet managed.',
  ],
  [
    'a gateway outside the subnet',
    set('/subnets/10.20.0.0%2F24', { gateway: '10.21.0.1' }),
    422,
    'invalid_value',
    `gateway: 10.21.0.1 is outside the subnet 10.20.0.0/24. ${INSIDE}`,
  ],
  [
    'the broadcast address as gateway',
    set('/subnets/10.20.0.0%2F24', { gateway: '10.20.0.255' }),
    422,
    'invalid_value',
    "gateway: 10.20.0.255 is not a host's address of 10.20.0.0/24. Rule: 10.20.0.1 to 10.20.0.254.",
  ],
  [
    'a gateway in a dynamic range',
    set('/subnets/10.10.10.0%2F24', { gateway: '10.10.10.100' }),
    409,
    'conflict',
    `10.10.10.100 lies in the dynamic range 10.10.10.100-10.10.10.149. ${FIXED}`,
  ],
  [
    'a gateway that a machine has',
    set('/subnets/10.10.10.0%2F24', { gateway: '10.10.10.5' }),
    409,
    'conflict',
    `The address is taken: ${WEB1}.`,
  ],
  [
    'a gateway of a /32',
    set('/subnets/10.32.0.0%2F32', { gateway: '10.32.0.0' }),
    422,
    'invalid_value',
    'gateway: 10.32.0.0/32 has only one address. Rule: a gateway and a host need two: a prefix of /31 or shorter (IPv6: /127).',
  ],
  [
    'a range longer than a /31',
    range('10.31.0.0', '10.31.0.2'),
    422,
    'invalid_value',
    `last: 10.31.0.2 is outside the subnet 10.31.0.0/31. ${INSIDE}`,
  ],
  [
    'resolvers of the other family',
    set('/subnets/10.20.0.0%2F24', { resolvers: ['2001:db8::1'] }),
    422,
    'invalid_value',
    'resolvers/0: 2001:db8::1 is an IPv6 address. Rule: addresses of the family of 10.20.0.0/24.',
  ],
  [
    'nine resolvers',
    set('/subnets/10.20.0.0%2F24', { resolvers: Array.from({ length: 9 }, (_, n) => `192.0.2.${n}`) }),
    422,
    'invalid_value',
    'resolvers: ["192.0.2.0","192.0.2.1","192.0.2.2","192.0.2.3","192.0.2.4"… must not have more than 8 items.',
  ],
  [
    'overlapping subnets',
    subnet('10.10.0.0/16'),
    409,
    'conflict',
    '10.10.0.0/16 overlaps the subnet 10.10.10.0/24 (10.10.10.0/24). Rule: subnets share no address.',
  ],
  [
    'a subnet named by digits alone',
    subnet('10.98.0.0/24', { name: '98' }),
    422,
    'invalid_value',
    `name: "98" is not usable. Rule: ${TITLE}.`,
  ],
  [
    'a leased subnet moved',
    set('/subnets/10.20.0.0%2F24', { vlan: 'vlan40' }),
    409,
    'in_use',
    `10.20.0.0/24 is leased on fabric-1/vlan20: 52:54:00:00:00:50 has 10.20.0.50 by DHCP. Switch DHCP off there. Rule: it is free when its leases have ended (${LEASE_END}).`,
  ],
  [
    'a subnet of machines moved',
    set('/subnets/10.10.10.0%2F24', { vlan: 'vlan40' }),
    409,
    'in_use',
    '10.10.10.0/24 has addresses of machines, such as web1.regent.internal, on fabric-1/vlan10. Move them before the subnet goes to fabric-1/vlan40.',
  ],
  [
    'a subnet with a range deleted',
    remove('/subnets/10.10.10.0%2F24'),
    409,
    'in_use',
    '10.10.10.0/24 has addresses of machines, such as web1.regent.internal. Take them away first.',
  ],
  [
    'a leased subnet deleted',
    remove('/subnets/10.20.0.0%2F24'),
    409,
    'in_use',
    `10.20.0.0/24 is leased: 52:54:00:00:00:50 has 10.20.0.50 by DHCP. Rule: it is free when its leases have ended (${LEASE_END}).`,
  ],
  [
    'a VLAN in use deleted',
    remove('/vlans/vlan10'),
    409,
    'in_use',
    'fabric-1/vlan10 is used by the subnet 10.10.10.0/24, eth0 of the machine web1.regent.internal. Move or delete these first.',
  ],
  [
    'the untagged VLAN deleted',
    remove('/vlans/fabric-2%2Funtagged'),
    409,
    'in_use',
    'fabric-2/untagged is the untagged VLAN of its fabric. Rule: it lives as long as the fabric.',
  ],
  [
    'the untagged VLAN tagged',
    set('/vlans/fabric-2%2F0', { vid: 7 }),
    422,
    'invalid_value',
    'vid: fabric-2/untagged is the untagged VLAN of its fabric. Rule: it keeps the VID 0.',
  ],
  [
    'DHCP without a subnet',
    set('/vlans/vlan40', { dhcpOn: true }),
    409,
    'conflict',
    `The VLAN fabric-1/vlan40 has no IPv4 subnet. ${DHCP}`,
  ],
  [
    'DHCP without a dynamic range',
    set('/vlans/fabric-1%2F20', { dhcpOn: true }),
    409,
    'conflict',
    `The VLAN fabric-1/vlan20 has no dynamic range in 10.20.0.0/24. ${DHCP}`,
  ],
  [
    'a relay',
    set('/vlans/vlan10', { relayVlan: 'vlan40' }),
    422,
    'invalid_value',
    'relayVlan: fabric-1/vlan40 has no IPv4 subnet. Rule: racks have an address on the relay VLAN, where the relay sends requests.',
  ],
  [
    'a VID beyond 4094',
    ['POST', '/vlans', { vid: 4095 }],
    422,
    'invalid_value',
    'vid: 4095 is not a VLAN number. Rule: 0 (untagged) to 4094 (IEEE 802.1Q).',
  ],
  [
    'a VID twice in a fabric',
    ['POST', '/vlans', { vid: 10, name: 'other' }],
    409,
    'conflict',
    'Its fabric has a VLAN with this VID already. Rule: a fabric has each VID once.',
  ],
  [
    'a VLAN that two fabrics have',
    ['GET', '/vlans/vlan20'],
    409,
    'conflict',
    'Several VLANs are called vlan20. Name one with its fabric: fabric-1/vlan20, fabric-2/vlan20.',
  ],
  [
    'a VLAN that nobody has',
    ['GET', '/vlans/fabric-2%2Fvlan10'],
    404,
    'not_found',
    'There is no VLAN "fabric-2/vlan10". There are fabric-1/untagged-1, fabric-2/untagged, fabric-1/vlan10, fabric-1/vlan20, fabric-2/vlan20, fabric-1/vlan30, fabric-1/vlan40.',
  ],
  [
    'a fabric with VLANs deleted',
    remove('/fabrics/fabric-2'),
    409,
    'in_use',
    'fabric-2 has the VLANs vlan20. Delete them first.',
  ],
  [
    'a fabric twice',
    ['POST', '/fabrics', { name: 'fabric-2' }],
    409,
    'conflict',
    'A fabric with the name fabric-2 exists already.',
  ],
  [
    'a space with VLANs deleted',
    remove('/spaces/storage'),
    409,
    'in_use',
    'storage holds the VLANs fabric-1/vlan10. Take them out of it first.',
  ],
  [
    'a range that is not there',
    ['GET', '/ranges/10.10.10.1-10.10.10.2'],
    404,
    'not_found',
    'There is no range "10.10.10.1-10.10.10.2".',
  ],
  [
    'a reservation that is not there',
    remove('/reservations/10.10.10.77'),
    404,
    'not_found',
    'There is no reservation "10.10.10.77".',
  ],
];

describe('bad network input', () => {
  it.each(CASES)('%s', async (name, [method, path, body], ...[status, code, detail]) => {
    const answer = await site.call(method, path, body === undefined ? {} : { body });
    table.push(`  ${name.padEnd(34)} ${answer.status} ${answer.body.code}: ${answer.body.detail}`);
    expect(answer.body).toMatchObject({ status, code, detail });
    // A dry run refuses alike.
    if (method === 'GET') return;
    const dry = await site.call(method, `${path}?dry_run=true`, body === undefined ? {} : { body });
    expect(dry.body).toMatchObject({ status, code, detail });
  });
});
