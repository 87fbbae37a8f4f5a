import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { forwardServerOf, parseForwardServer } from '../../../../src/model/names/forward-server.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { compileSite } from '../../../../src/services/compile-node.ts';
import type { DnsDesired } from '../../../../src/services/dns/desired.ts';
import { dns } from '../../../../src/services/dns/index.ts';
import { aDomain, aSubnet, clusterSnapshot, machine } from '../../../kit/snapshots.ts';

describe('a name server with a port', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', 53],
    ['192.0.2.1:53', '192.0.2.1', 53],
    ['192.0.2.1:5353', '192.0.2.1:5353', 5353],
    ['2001:DB8::1', '2001:db8::1', 53],
    ['[2001:db8::1]', '2001:db8::1', 53],
    ['[2001:db8::1]:53', '2001:db8::1', 53],
    ['[2001:0db8::1]:5353', '[2001:db8::1]:5353', 5353],
  ])('%s is %s', (text, canonical, port) => {
    expect(parseForwardServer(text, 'forwardTo')).toBe(canonical);
    expect(forwardServerOf(canonical)).toEqual({
      address: canonical.replace(/^\[|\].*$|(?<=^[\d.]+):\d+$/g, ''),
      port,
    });
  });

  it.each([
    '',
    'ns.example.test',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    '192.0.2.1:',
    '192.0.2.1:dns',
    '127.0.0.1',
    '192.0.2.0/24',
  ])('%j is refused, and the sentence names the field', (text) => {
    const refusal = parseForwardServer(text, 'forwardTo');
    expect(isRejected(refusal) && refusal.fields?.[0]?.field).toBe('forwardTo');
  });
});

const site = (changes: Partial<Snapshot>) =>
  clusterSnapshot({ subnets: [aSubnet(1, 'a', '10.10.10.0/24')], ...changes });

function compiled(snapshot: Snapshot, nodeId = 'n-r1') {
  const made = compileSite(snapshot, [dns], new Map(), 1_790_000_000);
  const node = made.nodes.get(nodeId);
  const desired = node?.body.services['dns']?.desired as DnsDesired;
  const lines = (name: string) =>
    desired.zones
      .find((zone) => zone.name === name)
      ?.records.filter((record) => record.name !== '@')
      .map((record) => `${record.name} ${record.type} ${record.data}`);
  return { desired, lines, findings: node?.findings ?? [] };
}

describe('domains that others answer for', () => {
  const domains = [
    aDomain(1, 'regent.internal'),
    aDomain(2, 'example.test'),
    aDomain(3, 'corp.example.test', { authoritative: false, forwardTo: ['192.0.2.54', '192.0.2.54:5353'] }),
    aDomain(4, 'own.corp.example.test'),
  ];
  const machines = [machine('web1', 3, { eth0: ['10.10.10.21'] }), machine('web2', 4, { eth0: ['10.10.10.22'] })];

  it('have no zone, a place in the zone above, and reverse names', () => {
    const { desired, lines, findings } = compiled(site({ domains, machines }));
    expect(findings).toEqual([]);
    expect(desired.zones.map(({ name }) => name)).not.toContain('corp.example.test');
    expect(lines('example.test')).toEqual(['corp NS ns1.corp.example.test', 'ns1.corp A 192.0.2.54']);
    expect(lines('own.corp.example.test')).toEqual(['web2 A 10.10.10.22']);
    expect(lines('10.10.10.in-addr.arpa')).toEqual([
      '21 PTR web1.corp.example.test',
      '22 PTR web2.own.corp.example.test',
    ]);
    const forwarded = [
      { zone: 'corp.example.test', servers: [53, 5353].map((port) => ({ address: '192.0.2.54', port })) },
    ];
    expect(desired.forwarded).toEqual(forwarded);
    expect(compiled(site({ domains, machines }), 'n-k1').desired.forwarded).toEqual(forwarded);
  });

  it('are copied by nobody, whatever they say of that', () => {
    const copied = [
      ...domains.slice(0, 2),
      aDomain(3, 'corp.test', { authoritative: false, transferTo: ['192.0.2.5'] }),
    ];
    expect(compiled(site({ domains: copied })).desired.transfers).toBeUndefined();
  });

  it('do without a server that is one of our own nodes, and say so', () => {
    const circle = [
      ...domains.slice(0, 2),
      aDomain(3, 'corp.test', { authoritative: false, forwardTo: ['10.77.0.21:5353', '192.0.2.54'] }),
    ];
    const { desired, findings } = compiled(site({ domains: circle }));
    expect(desired.forwarded).toEqual([{ zone: 'corp.test', servers: [{ address: '192.0.2.54', port: 53 }] }]);
    expect(findings).toMatchObject([{ code: 'forward_circle', held: 'server 10.77.0.21:5353 of corp.test' }]);
    expect(findings[0]?.sentence).toContain("cluster's own node k1");
  });

  it('are warned of when nobody finds them', () => {
    const lost = [
      ...domains.slice(0, 2),
      aDomain(3, 'corp.example.test', { authoritative: false }),
      aDomain(4, 'corp.test', { authoritative: false }),
    ];
    const { findings, lines } = compiled(
      site({ domains: lost, machines: [machine('web1', 3, { eth0: ['10.10.10.21'] })] }),
    );
    expect(lines('example.test')).toEqual([]);
    expect(findings.map(({ code, subject }) => [code, subject])).toEqual([
      ['domain_unreachable', 'domain corp.example.test'],
    ]);
  });
});
