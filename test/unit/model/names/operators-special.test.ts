import { afterAll, describe, expect, it } from 'vitest';
import { isRejected, type Rejected } from '../../../../src/core/errors.ts';
import { parseInitArguments, readInitOptions } from '../../../../src/join/init/options.ts';
import { parseVip } from '../../../../src/model/cluster/cluster.ts';
import { DEFAULT_SETTINGS, parseSetting } from '../../../../src/model/site/settings.ts';
import { hidingZones, localZones } from '../../../../src/model/names/local-zones.ts';
import { checkSettingUse } from '../../../../src/model/site/setting-use.ts';
import { checkPublicSuffix, checkSpecialName, SPECIAL_NETWORKS } from '../../../../src/model/names/special-use.ts';
import { parseSubnetCidr } from '../../../../src/model/networks/subnet.ts';
import { parseReachableAddress } from '../../../../src/model/names/reachable-address.ts';
import { lintSpecialUse } from '../../../../src/services/dns/lint.ts';
import { aDomain, aSubnet, emptySnapshot } from '../../../kit/snapshots.ts';

const table: string[] = [];
afterAll(() => {
  process.stdout.write(`\nspecial-purpose blocks as subnets and as servers\n${table.join('\n')}\n`);
});

const textOf = (answer: unknown) => (isRejected(answer) ? (answer as Rejected).message : null);

describe('the table of special networks', () => {
  it.each(SPECIAL_NETWORKS)('$block', ({ block, what, source, hosts, servers }) => {
    // The first address of ::/8 has a block of its own.
    const address = block === '::/8' ? '4::1' : (block.split('/')[0] ?? '');
    const asServer = textOf(checkSettingUse('upstream_dns', [address]));
    const asNode = textOf(parseReachableAddress(address, 'address'));
    table.push(
      `  ${block.padEnd(22)} ${hosts ? 'subnet' : '      '} ${servers ? 'server' : '      '} ${what} (${source})`,
    );
    expect([asNode === null, asServer === null]).toEqual([hosts, servers]);
    for (const told of [asNode, asServer]) expect(told ?? `${what} (${source})`).toContain(`${what} (${source})`);
  });

  it('is the law of floating addresses, too', () => {
    expect(textOf(parseVip('127.0.0.5/8'))).toContain('127.0.0.5 is an address that other hosts do not reach');
    expect(textOf(parseVip('240.0.0.5/8'))).toContain('240.0.0.5 is an address that other hosts do not reach');
    expect(parseVip('192.0.2.10/24')).toBe('192.0.2.10/24');
  });
});

describe('names with a special use', () => {
  it.each([
    'localhost',
    'a.localhost',
    'arpa',
    'x.arpa',
    'in-addr.arpa',
    'local',
    'corp.local',
    'x.onion',
    'invalid',
    'alt',
  ])('%s is no domain of a site', (name) => expect(textOf(checkSpecialName(name))).toContain("no site's own"));
  it.each(['home.arpa', 'a.home.arpa', 'internal', 'x.internal', 'test', 'example', 'local.test', 'mylocal', 'com'])(
    '%s has no special use that forbids it',
    (name) => expect(checkSpecialName(name)).toBeNull(),
  );
  it.each([
    ['com', false, true],
    ['com', true, false],
    ['xn--p1ai', false, true],
    ['example.com', false, false],
    ['lan', false, false],
    ['corp', false, false],
    ['home', false, false],
    ['internal', false, false],
    ['test', false, false],
  ])('%s with force %s: refused %s', (name, force, isRefused) => {
    expect(checkPublicSuffix(name, force) !== null).toBe(isRefused);
  });
});

describe('what is there from before', () => {
  it('settings are read as they are, and refused when they are set', () => {
    const before = { upstream_dns: ['127.0.0.1'], ntp_servers: ['::1'], default_domain: 'corp.local' } as const;
    for (const [name, value] of Object.entries(before)) {
      const key = name as keyof typeof before;
      expect(parseSetting(key, value)).toEqual(value);
      expect(checkSettingUse(key, value)).not.toBeNull();
      expect(checkSettingUse(key, DEFAULT_SETTINGS[key])).toBeNull();
    }
  });

  it('subnets and domains are told as warnings', () => {
    const snapshot = emptySnapshot({
      subnets: [aSubnet(1, 'good', '10.0.0.0/24'), aSubnet(2, 'odd', '240.0.0.0/24')],
      domains: [aDomain(1, 'regent.internal'), aDomain(2, 'corp.local'), aDomain(3, 'com')],
    });
    expect(lintSpecialUse(snapshot).map(({ code, severity, subject }) => [code, severity, subject])).toEqual([
      ['special_network', 'warning', 'subnet odd'],
      ['special_name', 'warning', 'domain corp.local'],
    ]);
    expect(lintSpecialUse(snapshot)[1]?.sentence).toBe(
      "domain corp.local: name: corp.local lies in local, and local is no site's own: it is for multicast DNS (RFC 6762 §3). Rule: a domain that you own, or one below internal, home.arpa or test. Replace it.",
    );
    expect(isRejected(parseSubnetCidr('240.0.0.0/24'))).toBe(true);
  });
});

describe('local zones', () => {
  const names = (zones: readonly string[], keeps: boolean) =>
    localZones(new Set(zones), keeps).map((zone) => zone.name);

  it('are always those of the host itself, and private space where it is kept', () => {
    expect(names([], false)).toHaveLength(8);
    expect(names([], false)).toEqual(expect.arrayContaining(['localhost', '127.in-addr.arpa', 'invalid', 'onion']));
    // 10, 16 of 172.16/12, 192.168, 64 of 100.64/10, 169.254, fd00::/8, 4 of fe80::/10.
    expect(names([], true)).toHaveLength(8 + 1 + 16 + 1 + 64 + 1 + 1 + 4);
  });

  it('give way to the zones of the site', () => {
    expect(names(['10.in-addr.arpa'], true)).not.toContain('10.in-addr.arpa');
    expect(names(['1.10.in-addr.arpa'], true)).toContain('10.in-addr.arpa');
    expect(names(['172.in-addr.arpa'], true).filter((name) => name.endsWith('172.in-addr.arpa'))).toEqual([]);
    expect(names(['localhost'], true)).not.toContain('localhost');
    expect(hidingZones(new Set(['172.in-addr.arpa']))).toHaveLength(16);
    expect(hidingZones(new Set(['51.198.in-addr.arpa']))).toEqual(['100.51.198.in-addr.arpa']);
    expect(hidingZones(new Set(['10.in-addr.arpa', 'example.test']))).toEqual([]);
  });
});

describe('regent init', () => {
  it.each([
    [
      'corp.local',
      "--domain: corp.local lies in local, and local is no site's own: it is for multicast DNS (RFC 6762 §3).",
    ],
    ['com', "--domain: com is a public top-level domain: the site's hosts would lose every other name below it."],
    ['lab.example.com', null],
    ['lan', null],
  ])('--domain %s', (domain, refusal) => {
    const read = (argv: readonly string[], seed: string | null) => {
      const given = parseInitArguments(argv);
      if (given === 'help' || isRejected(given)) throw new Error('the arguments are wrong');
      return textOf(readInitOptions(given, seed === null ? null : { name: 'seed', text: seed }));
    };
    const told = read(['--single', '--domain', domain], null);
    const seeded = read(['--single'], `DOMAIN=${domain}\n`);
    expect(seeded).toBe(told === null ? null : told.replace('--domain', 'seed: DOMAIN'));
    table.push(`  regent init --domain ${domain}: ${told ?? 'taken'}`);
    expect(told === null ? null : told.slice(0, refusal?.length)).toBe(refusal);
  });
});
