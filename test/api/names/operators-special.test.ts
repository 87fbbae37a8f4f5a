import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usePostgres } from '../../kit/postgres.ts';
import { type Answer, type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change } from '../../kit/store.ts';

/** Networks and names with a special purpose, each with its exact answer; the file prints them as a table (`scripts/test --only operators`). */

const pg = usePostgres();
let site: TestRegion;
const table: string[] = [];

type Call = readonly [Method, string, unknown?];
type Case = readonly [call: Call, status: number, answer: string];

const subnet = (cidr: string, more: object = {}): Call => ['POST', '/subnets', { cidr, ...more }];
const domain = (name: string, more: object = {}): Call => ['POST', '/domains', { name, ...more }];
const rename = (name: string, more: object = {}): Call => ['PATCH', '/domains/own.test', { name, ...more }];
const setting = (name: string, value: unknown): Call => ['PUT', `/settings/${name}`, { value }];

const HOSTS = 'Rule: a subnet has unicast addresses that hosts may have.';
const OWN = 'Rule: a domain that you own, or one below internal, home.arpa or test.';
const SUFFIX = (name: string, field = 'name') =>
  `${field}: ${name} is a public top-level domain: the site's hosts would lose every other name below it. Rule: a name below it that is yours; \`regent domain create --force\` accepts it.`;
const SERVER = 'Rule: the unicast address of another host.';

const refusedNetworks: readonly (readonly [string, string])[] = [
  ['127.0.0.0/8', 'is loopback (RFC 1122 §3.2.1.3)'],
  ['127.0.1.0/24', 'overlaps 127.0.0.0/8, which is loopback (RFC 1122 §3.2.1.3)'],
  ['0.0.0.0/8', 'is "this network" (RFC 791 §3.2)'],
  ['0.1.2.0/24', 'overlaps 0.0.0.0/8, which is "this network" (RFC 791 §3.2)'],
  ['169.254.0.0/16', 'is link-local (RFC 3927)'],
  ['169.254.169.0/24', 'overlaps 169.254.0.0/16, which is link-local (RFC 3927)'],
  ['169.0.0.0/8', 'overlaps 169.254.0.0/16, which is link-local (RFC 3927)'],
  ['224.0.0.0/24', 'overlaps 224.0.0.0/4, which is multicast (RFC 5771)'],
  ['239.255.0.0/16', 'overlaps 224.0.0.0/4, which is multicast (RFC 5771)'],
  ['240.0.0.0/8', 'overlaps 240.0.0.0/4, which is reserved (RFC 1112 §4)'],
  ['255.255.255.0/24', 'overlaps 240.0.0.0/4, which is reserved (RFC 1112 §4)'],
  ['255.255.255.255/32', 'is limited broadcast (RFC 919 §7)'],
  ['192.0.0.0/24', 'is IETF protocol assignments (RFC 6890 §2.1)'],
  ['192.0.0.0/23', 'overlaps 192.0.0.0/24, which is IETF protocol assignments (RFC 6890 §2.1)'],
  ['192.0.0.0/29', 'overlaps 192.0.0.0/24, which is IETF protocol assignments (RFC 6890 §2.1)'],
  ['192.88.99.0/24', 'is former 6to4 relay anycast (RFC 7526)'],
  ['192.175.48.0/24', 'is AS112 service (RFC 7534)'],
  ['::1/128', 'is loopback (RFC 4291 §2.5.3)'],
  ['::/64', 'overlaps ::/8, which is reserved (RFC 4291 §2.5)'],
  ['::ffff:0.0.0.0/96', 'is IPv4-mapped (RFC 4291 §2.5.5.2)'],
  ['::ffff:10.0.0.0/104', 'overlaps ::ffff:0:0/96, which is IPv4-mapped (RFC 4291 §2.5.5.2)'],
  ['64:ff9b::/96', 'is IPv4/IPv6 translation (RFC 6052)'],
  ['100::/64', 'is discard-only (RFC 6666)'],
  ['2001::/32', 'overlaps 2001::/23, which is IETF protocol assignments (RFC 2928)'],
  ['2001::/16', 'overlaps 2001::/23, which is IETF protocol assignments (RFC 2928)'],
  ['fe80::/64', 'overlaps fe80::/10, which is link-local (RFC 4291 §2.5.6)'],
  ['fec0::/64', 'overlaps fec0::/10, which is former site-local (RFC 3879)'],
  ['ff02::/64', 'overlaps ff00::/8, which is multicast (RFC 4291 §2.7)'],
];

const goodNetworks = [
  '10.1.0.0/16',
  '172.16.1.0/24',
  '192.168.1.0/24',
  '100.64.0.0/24',
  '192.0.2.0/29',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '198.18.0.0/24',
  '126.0.0.0/8',
  '128.0.0.0/16',
  '223.255.255.0/24',
  '192.0.1.0/24',
  '2001:db8:1::/64',
  '2001:2::/64',
  '2a00:1::/64',
  '3fff::/64',
  'fd00:1::/64',
];

const refusedNames: readonly (readonly [string, string])[] = [
  ['arpa', "arpa is no site's own: it is for the infrastructure of the Internet (RFC 3172)"],
  [
    'e164.arpa',
    "e164.arpa lies in arpa, and arpa is no site's own: it is for the infrastructure of the Internet (RFC 3172)",
  ],
  ['localhost', "localhost is no site's own: it is each host itself (RFC 6761 §6.3)"],
  [
    'a.localhost',
    "a.localhost lies in localhost, and localhost is no site's own: it is each host itself (RFC 6761 §6.3)",
  ],
  ['LOCALHOST.', "localhost is no site's own: it is each host itself (RFC 6761 §6.3)"],
  ['invalid', "invalid is no site's own: it never exists (RFC 6761 §6.4)"],
  ['x.invalid', "x.invalid lies in invalid, and invalid is no site's own: it never exists (RFC 6761 §6.4)"],
  ['onion', "onion is no site's own: it is for Tor (RFC 7686)"],
  ['x.onion', "x.onion lies in onion, and onion is no site's own: it is for Tor (RFC 7686)"],
  ['local', "local is no site's own: it is for multicast DNS (RFC 6762 §3)"],
  ['corp.local', "corp.local lies in local, and local is no site's own: it is for multicast DNS (RFC 6762 §3)"],
  ['alt', "alt is no site's own: it is for names outside of the DNS (RFC 9476)"],
];

const publicSuffixes = ['com', 'org', 'de', 'uk', 'app', 'xn--p1ai', 'DEV'];
const goodNames = [
  'home.arpa',
  'x.home.arpa',
  'internal',
  'lab.internal',
  'test',
  'example',
  'my.example.com',
  'lan',
  'corp',
  'home',
  'notlocal',
  'mylocal.test',
];

const CASES: readonly Case[] = [
  ...refusedNetworks.map(([cidr, why]): Case => [subnet(cidr), 422, `cidr: ${cidr} ${why}. ${HOSTS}`]),
  [subnet('126.0.0.0/7'), 422, 'cidr: "126.0.0.0/7" is too large. Rule: a prefix of /8 or longer.'],
  [subnet('0.0.0.0/0'), 422, 'cidr: "0.0.0.0/0" is too large. Rule: a prefix of /8 or longer.'],
  ...goodNetworks.map((cidr): Case => [subnet(cidr), 201, cidr]),
  [
    subnet('10.250.0.0/24', { resolvers: ['127.0.0.53'] }),
    422,
    `resolvers/0: 127.0.0.53 lies in 127.0.0.0/8, which is loopback (RFC 1122 §3.2.1.3). ${SERVER}`,
  ],
  ...refusedNames.flatMap(([name, why]): Case[] => [
    [domain(name), 422, `name: ${why}. ${OWN}`],
    // Force is for public suffixes alone.
    [domain(name, { force: true }), 422, `name: ${why}. ${OWN}`],
    [rename(name), 422, `name: ${why}. ${OWN}`],
  ]),
  ...publicSuffixes.flatMap((name): Case[] => [
    [domain(name), 422, SUFFIX(name.toLowerCase())],
    [rename(name), 422, SUFFIX(name.toLowerCase())],
  ]),
  ...goodNames.map((name): Case => [domain(name), 201, name]),
  [domain('com', { force: true }), 201, 'com'],
  [rename('org', { force: true }), 200, 'org'],
  [setting('default_domain', 'local'), 422, `default_domain: ${refusedNames[9]?.[1]}. ${OWN}`],
  [
    setting('upstream_dns', ['127.0.0.1']),
    422,
    `upstream_dns: 127.0.0.1 lies in 127.0.0.0/8, which is loopback (RFC 1122 §3.2.1.3). ${SERVER}`,
  ],
  [
    setting('upstream_dns', ['192.0.2.53', '255.255.255.255']),
    422,
    `upstream_dns: 255.255.255.255 lies in 255.255.255.255/32, which is limited broadcast (RFC 919 §7). ${SERVER}`,
  ],
  [
    setting('upstream_dns', ['0.0.0.0']),
    422,
    `upstream_dns: 0.0.0.0 lies in 0.0.0.0/8, which is "this network" (RFC 791 §3.2). ${SERVER}`,
  ],
  [
    setting('upstream_dns', ['fe80::1']),
    422,
    `upstream_dns: fe80::1 lies in fe80::/10, which is link-local (RFC 4291 §2.5.6). ${SERVER}`,
  ],
  [setting('upstream_dns', ['169.254.169.253']), 200, '169.254.169.253'],
  [
    setting('ntp_servers', ['224.0.1.1']),
    422,
    `ntp_servers: 224.0.1.1 lies in 224.0.0.0/4, which is multicast (RFC 5771). ${SERVER}`,
  ],
  [
    setting('ntp_servers', ['::1']),
    422,
    `ntp_servers: ::1 lies in ::1/128, which is loopback (RFC 4291 §2.5.3). ${SERVER}`,
  ],
  [
    setting('ntp_servers', ['clock.localhost']),
    422,
    'ntp_servers: clock.localhost lies in localhost: it is each host itself (RFC 6761 §6.3). Rule: the name of another host in the DNS.',
  ],
  [setting('ntp_servers', ['169.254.169.123', 'pool.ntp.org']), 200, '169.254.169.123,pool.ntp.org'],
  [
    setting('http_proxy', 'http://224.0.0.9:3128'),
    422,
    `http_proxy: 224.0.0.9 lies in 224.0.0.0/4, which is multicast (RFC 5771). ${SERVER}`,
  ],
  [
    setting('dns_trusted_acl', ['224.0.0.0/8']),
    422,
    'dns_trusted_acl: 224.0.0.0/8 lies in 224.0.0.0/4, which is multicast (RFC 5771). Rule: a network of hosts.',
  ],
];

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  const made = await site.call('POST', '/domains', { body: { name: 'own.test' } });
  if (made.status !== 201) throw new Error(made.raw);
});

afterAll(async () => {
  process.stdout.write(`\nspecial networks and names, and their answers\n${table.join('\n')}\n`);
  await site.close();
});

const inputOf = ([method, path, body]: Call) => `${method} ${path} ${JSON.stringify(body ?? {})}`;
const textOf = ({ body }: Answer) =>
  [body.detail, body['cidr'], body['name']].find((text): text is string => typeof text === 'string') ?? '';

describe('networks and names with a special purpose', () => {
  it.each(CASES)('%j', async (call, status, expected) => {
    const [method, path, body] = call;
    const dry = await site.call(method, `${path}?dry_run=true`, { body });
    const answer = await site.call(method, path, { body });
    const value = answer.body['value'];
    const text = path.startsWith('/settings') && answer.status < 300 ? String(value) : textOf(answer);
    table.push(`  ${inputOf(call).padEnd(60)} ${answer.status} ${text}`);
    expect([answer.status, text]).toEqual([status, expected]);
    expect([dry.status, dry.body.detail]).toEqual([status < 300 ? 200 : status, status < 300 ? undefined : expected]);
  });

  it.each([
    ['10.77.0.0/24', 'zone 0.77.10.in-addr.arpa'],
    ['10.78.0.0/26', 'zone 0.78.10.in-addr.arpa; the rest of 10.78.0.0/24 is private and has no names here'],
    ['192.0.2.64/28', '16 zones, one per address; the rest of 192.0.2.0/24 is resolved upstream'],
    ['2001:db8:2::/126', '4 zones, one per address; the rest of 2001:db8:2::/124 is resolved upstream'],
  ])('subnet create %s says its reverse zones', async (cidr, reverse) => {
    const made = await site.call('POST', '/subnets', { body: { cidr } });
    table.push(`  subnet create ${cidr}: reverse names: ${String(made.body['reverse'])}`);
    expect(made.body).toMatchObject({ cidr, reverse });
    const shown = await site.call('GET', `/subnets/${encodeURIComponent(cidr)}`);
    expect(shown.body).toMatchObject({ reverse });
  });

  it('private reverse names go upstream where the setting says so', async () => {
    const wrong = await site.call('PUT', '/settings/dns_private_reverse', { body: { value: 'there' } });
    expect(wrong.body).toMatchObject({
      status: 422,
      detail:
        'dns_private_reverse: "there" is unknown. Rule: here (no such names exist) or upstream (upstream_dns resolves them).',
    });
    expect((await site.call('PUT', '/settings/dns_private_reverse', { body: { value: 'upstream' } })).status).toBe(200);
    expect((await site.call('GET', '/subnets/10.78.0.0%2F26')).body).toMatchObject({
      reverse: '64 zones, one per address; the rest of 10.78.0.0/24 is resolved upstream',
    });
  });

  it('force is told in the audit', async () => {
    const actions = await site.db.read((tx) =>
      tx.all(
        sql<{
          action: string;
        }>`select action from audit where action like '%with force' and outcome not like 'refused%'`,
      ),
    );
    expect(actions).toEqual([
      { action: 'domain create com with force' },
      { action: 'domain set own.test name org with force' },
    ]);
  });

  it('a domain from before this law can be read, changed and listed, and is not brought back once it is deleted', async () => {
    await change(site.db, async (tx) => {
      await tx.run(sql`alter table domains disable trigger check_special_name`);
      await tx.run(sql`insert into domains (name) values ('old.local')`);
      await tx.run(sql`alter table domains enable trigger check_special_name`);
      return null;
    });
    expect((await site.call('GET', '/domains/old.local')).status).toBe(200);
    const set = await site.call('PATCH', '/domains/old.local', { body: { ttl: 60 } });
    expect(set.status).toBe(200);
    expect((await site.call('DELETE', '/domains/old.local')).status).toBe(200);
    const changes = await site.call('GET', '/config/history?limit=1');
    const revision = (changes.body['items'] as { id: number }[])[0]?.id;
    const back = await site.call('POST', `/config/history/${revision}/rollback`);
    table.push(`  rollback of the deletion of old.local: ${back.status} ${back.body.detail}`);
    expect(back.body).toMatchObject({
      status: 422,
      detail: 'old.local lies in local. Rule: a site does not use a name with a special use (RFC 6761).',
    });
  });
});
