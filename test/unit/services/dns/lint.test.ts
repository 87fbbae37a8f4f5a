import { describe, expect, it } from 'vitest';
import { compileSite } from '../../../../src/services/compile-node.ts';
import type { DnsDesired, ZoneRecord } from '../../../../src/services/dns/desired.ts';
import { dns } from '../../../../src/services/dns/index.ts';
import { lintDns } from '../../../../src/services/dns/lint.ts';
import { emptySnapshot, GOLDEN_SECONDS, machine, R1, typicalSnapshot } from '../../../kit/snapshots.ts';

const NS: ZoneRecord = { name: '@', type: 'NS', data: 'r1.regent.internal' };

function desired(records: readonly ZoneRecord[], name = 'example.test'): DnsDesired {
  const zone = {
    name,
    serial: 1,
    ttl: 30,
    negativeTtl: 30,
    primary: 'r1.regent.internal',
    contact: 'hostmaster.regent.internal',
  };
  return {
    zones: [{ ...zone, records: [...records] }],
    clients: [],
    forwarders: [],
    dnssecValidation: 'auto',
    rateLimit: 0,
  };
}

const cname = (name: string, data = 'x.test'): ZoneRecord => ({ name, type: 'CNAME', data });
const a = (name: string): ZoneRecord => ({ name, type: 'A', data: '10.0.0.1' });
const long = Array.from({ length: 4 }, () => 'a'.repeat(60)).join('.');

describe('lint of zones', () => {
  it.each([
    ['good data', [NS, a('a'), cname('b')], []],
    ['a CNAME beside data', [NS, a('a'), cname('a')], ['cname_beside_data']],
    ['a CNAME beside text', [NS, cname('a'), { name: 'a', type: 'TXT', data: 'x' }], ['cname_beside_data']],
    ['a CNAME at the domain itself', [NS, cname('@')], ['cname_beside_data']],
    ['two CNAMEs', [NS, cname('a', 'x.test'), cname('a', 'y.test')], ['cname_twice']],
    ['no name server', [a('a')], ['zone_without_ns']],
    ['a name server in the zone without an address', [{ ...NS, data: 'ns.example.test' }], ['ns_without_address']],
    ['a name server in the zone with one', [{ ...NS, data: 'ns.example.test' }, a('ns')], []],
    ['a name of 254 characters', [NS, a(long)], ['name_too_long']],
    ['a label of 64 characters', [NS, a('a'.repeat(64))], ['label_length']],
  ] as const)('%s', (_what, records, codes) => {
    const findings = lintDns(desired(records));
    expect(findings.map((finding) => finding.code)).toEqual(codes);
    for (const finding of findings) {
      expect(finding).toMatchObject({ severity: 'error', subject: 'zone example.test' });
      expect(finding.sentence).toMatch(/^zone example\.test .*\.$/);
    }
  });

  it('sees a zone that is there twice', () => {
    const one = desired([NS]);
    expect(lintDns({ ...one, zones: [...one.zones, ...one.zones] }).map((finding) => finding.code)).toEqual([
      'zone_duplicate',
    ]);
  });
});

describe('compile of dns', () => {
  const site = (snapshot: ReturnType<typeof emptySnapshot>) =>
    compileSite(snapshot, [dns], new Map(), GOLDEN_SECONDS).nodes.get(R1.id);

  it('finds a record and a machine that collide', () => {
    const records = [{ id: 1, domainId: 1, name: 'web1', type: 'CNAME' as const, data: 'x.test', ttl: null }];
    const node = site(emptySnapshot({ records, machines: [machine('web1', 1, { eth0: ['10.0.0.1'] })] }));
    expect(node?.findings.map((finding) => finding.sentence)).toEqual([
      'Zone regent.internal has a CNAME at web1.regent.internal beside A (RFC 1034 §3.6.2): it is left out of the zone.',
    ]);
  });

  it('refuses a zone without a name server', () => {
    const node = site(emptySnapshot({ nodes: [{ ...R1, addresses: [] }] }));
    expect(node?.findings.map((finding) => finding.code)).toEqual(['zone_without_ns']);
  });

  it('never asks itself', () => {
    const settings = { ...emptySnapshot().settings, upstream_dns: ['10.77.0.11', '192.0.2.53'] };
    const node = site(emptySnapshot({ settings }));
    expect(node?.findings).toMatchObject([{ code: 'upstream_circle', held: 'resolver 10.77.0.11' }]);
    expect(node?.body.services['dns']?.desired?.['forwarders']).toEqual(['192.0.2.53']);
  });

  it('lets subnets with DNS switched on and trusted networks recurse, in order and once', () => {
    const snapshot = typicalSnapshot();
    const settings = { ...snapshot.settings, dns_trusted_acl: [...snapshot.settings.dns_trusted_acl, '10.10.10.0/24'] };
    expect(site({ ...snapshot, settings })?.body.services['dns']?.desired?.['clients']).toEqual([
      '10.10.10.0/24',
      '172.20.4.0/22',
      '192.0.2.64/26',
      '198.51.100.0/24',
      '2001:db8:10::/64',
      '2001:db8:77::/48',
    ]);
  });
});
