import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { formatAddress, parseAddress } from '../../../../src/core/ip.ts';
import { reverseName } from '../../../../src/model/names/reverse.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { generateZones } from '../../../../src/services/dns/bind-zone-generator.ts';
import type { ZoneContent } from '../../../../src/services/dns/desired.ts';
import { aSubnet, emptySnapshot, machine, R1, typicalSnapshot } from '../../../kit/snapshots.ts';

const zonesOf = (snapshot: Snapshot) => generateZones(snapshot).map((zone) => zone.content);

/** `name type data` of a zone's records, full names. */
function lines(zone: ZoneContent | undefined): string[] {
  return (zone?.records ?? []).map((item) => `${item.name} ${item.type} ${item.data}`);
}

function zoneNamed(snapshot: Snapshot, name: string): string[] {
  return lines(zonesOf(snapshot).find((zone) => zone.name === name)).filter((line) => !line.startsWith('@ NS'));
}

const site = (changes: Partial<Snapshot>) =>
  emptySnapshot({
    domains: [
      { id: 1, name: 'regent.internal', ttl: null, leaseNames: false },
      { id: 2, name: 'example.test', ttl: null, leaseNames: false },
    ],
    subnets: [aSubnet(1, 'a', '10.0.0.0/24')],
    ...changes,
  });
const record = (name: string, data: string, more: object = {}) => ({
  id: 1,
  domainId: 2,
  name,
  type: 'A' as const,
  data,
  ttl: null,
  ...more,
});

describe('forward zones', () => {
  it('names machines by their first interface, other interfaces below it', () => {
    const machines = [machine('web1', 2, { eno1: ['10.0.0.1', '2001:db8::1'], eno2: ['10.0.0.2'], bmc: [] })];
    expect(zoneNamed(site({ machines }), 'example.test')).toEqual([
      'eno2.web1 A 10.0.0.2',
      'web1 A 10.0.0.1',
      'web1 AAAA 2001:db8::1',
    ]);
  });

  it('puts a name into the longest domain that holds it, and delegates with glue', () => {
    const snapshot = site({
      settings: { ...emptySnapshot().settings, default_domain: 'sub.example.test' },
      domains: [...site({}).domains, { id: 3, name: 'sub.example.test', ttl: null, leaseNames: false }],
      records: [record('x.sub', '10.0.0.9'), record('y', '10.0.0.8')],
      machines: [machine('sub', 2, { eth0: ['10.0.0.7'] })],
    });
    expect(zoneNamed(snapshot, 'example.test')).toEqual([
      'sub NS r1.sub.example.test',
      'r1.sub A 10.77.0.11',
      'y A 10.0.0.8',
    ]);
    expect(zoneNamed(snapshot, 'sub.example.test')).toEqual(['@ A 10.0.0.7', 'r1 A 10.77.0.11', 'x A 10.0.0.9']);
  });

  it('names region nodes as servers, those with an address alone', () => {
    const nodes = [
      R1,
      { ...R1, id: 'n-r2', name: 'r2', addresses: [] },
      { ...R1, id: 'n-k', name: 'k', isRegion: false },
    ];
    const servers = lines(zonesOf(site({ nodes }))[0]).filter((line) => line.startsWith('@ NS'));
    expect(servers).toEqual(['@ NS r1.regent.internal']);
  });

  it('gives data of one name and type one TTL, the lowest, and a datum once', () => {
    const records = [
      record('a', '10.0.0.1', { ttl: 600 }),
      record('a', '10.0.0.2', { ttl: 60 }),
      record('web1', '10.0.0.3', { ttl: 5 }),
    ];
    const machines = [machine('web1', 2, { eth0: ['10.0.0.3'] })];
    const zone = zonesOf(site({ records, machines })).find((item) => item.name === 'example.test');
    expect(zone?.records.filter((item) => item.type === 'A')).toEqual([
      { name: 'a', type: 'A', data: '10.0.0.1', ttl: 60 },
      { name: 'a', type: 'A', data: '10.0.0.2', ttl: 60 },
      { name: 'web1', type: 'A', data: '10.0.0.3', ttl: 5 },
    ]);
  });

  it('takes the TTL of record, domain, site, in this order', () => {
    const ttl = (own: number | null, domain: number | null) => {
      const domains = [{ id: 2, name: 'example.test', ttl: domain, leaseNames: false }];
      const [zone] = zonesOf(site({ domains, records: [record('a', '10.0.0.1', { ttl: own })] }));
      return [zone?.ttl, zone?.records.find((item) => item.name === 'a')?.ttl];
    };
    expect(ttl(null, null)).toEqual([30, undefined]);
    expect(ttl(null, 300)).toEqual([300, undefined]);
    expect(ttl(5, 300)).toEqual([300, 5]);
  });
});

describe('reverse zones', () => {
  it.each([
    [
      'a node before a machine before a record',
      {
        nodes: [{ ...R1, addresses: ['10.0.0.1'] }],
        machines: [machine('a', 2, { e: ['10.0.0.1'] })],
        records: [record('b', '10.0.0.1')],
      },
      'r1.regent.internal',
    ],
    [
      'a machine before a record',
      { machines: [machine('z', 2, { e: ['10.0.0.1'] })], records: [record('a', '10.0.0.1')] },
      'z.example.test',
    ],
    [
      'the first name among records',
      { records: [record('b', '10.0.0.1'), record('a', '10.0.0.1'), record('c', '10.0.0.1')] },
      'a.example.test',
    ],
    ['no wildcard', { records: [record('*', '10.0.0.1'), record('w', '10.0.0.1')] }, 'w.example.test'],
  ])('a PTR record names %s', (_what, changes: Partial<Snapshot>, name) => {
    expect(zoneNamed(site(changes), '0.0.10.in-addr.arpa')).toEqual([`1 PTR ${name}`]);
  });

  it('has none for a wildcard alone, and none outside of the zones', () => {
    const records = [record('*', '10.0.0.1'), record('far', '10.0.1.1')];
    expect(
      zonesOf(site({ records }))
        .flatMap(lines)
        .filter((line) => line.includes('PTR')),
    ).toEqual([]);
  });

  it('are shared by small subnets and cut from wide ones', () => {
    const cidrs = ['10.1.0.0/26', '10.1.0.64/26', '10.2.0.0/22', '10.4.0.0/16', '2001:db8::/62'];
    const subnets = cidrs.map((cidr, index) => aSubnet(index, cidr, cidr));
    const names = zonesOf(site({ subnets }))
      .map((zone) => zone.name)
      .filter((name) => name.endsWith('.arpa'));
    const six = [0, 1, 2, 3].map((nibble) => `${nibble}.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa`);
    const four = ['0.1.10', '0.2.10', '1.2.10', '2.2.10', '3.2.10', '4.10'].map((name) => `${name}.in-addr.arpa`);
    expect(names.sort()).toEqual([...four, ...six].sort());
  });

  it('hold every published address of a subnet exactly once, under its own name', () => {
    const v4 = fc
      .integer({ min: 1, max: 1022 })
      .map((value) => formatAddress({ family: 4, value: 0x0a020000n + BigInt(value) }));
    const v6 = fc
      .bigInt({ min: 1n, max: 0xffffn })
      .map((value) => formatAddress({ family: 6, value: (0x20010db8n << 96n) + value }));
    const name = fc.stringMatching(/^[a-z]{1,4}$/);
    const subnets = ['10.2.0.0/22', '2001:db8::/120', '2001:db8::100/121'].map((cidr, index) =>
      aSubnet(index, cidr, cidr),
    );
    const entry = fc.tuple(name, fc.oneof(v4, v6));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), fc.array(entry, { maxLength: 40 }), (hosts, texts) => {
        const machines = hosts.map(([host, address]) => machine(host, 2, { eth0: [address] }));
        const records = texts.map(([owner, data]) => record(owner, data, { type: data.includes(':') ? 'AAAA' : 'A' }));
        const zones = zonesOf(site({ subnets, machines, records }));
        const reverse = zones.filter((zone) => zone.name.endsWith('.arpa'));
        const pointers = reverse.flatMap((zone) =>
          zone.records.filter((item) => item.type === 'PTR').map((item) => `${item.name}.${zone.name} ${item.data}`),
        );
        const owners = pointers.map((line) => line.split(' ')[0] ?? '');
        expect(new Set(owners).size).toBe(owners.length);
        for (const [, text] of [...hosts, ...texts]) {
          const address = parseAddress(text);
          if (isRejected(address)) throw new Error(address.message);
          const own = reverseName(address);
          const isServed = reverse.some((zone) => own === zone.name || own.endsWith(`.${zone.name}`));
          expect(owners.includes(own), text).toBe(isServed);
        }
      }),
    );
  });
});

describe('digests', () => {
  it('follow the content and not its order in the snapshot', () => {
    const snapshot = typicalSnapshot();
    const mixed = {
      ...snapshot,
      records: snapshot.records.toReversed(),
      domains: snapshot.domains.toReversed(),
      nodes: snapshot.nodes.toReversed(),
    };
    expect(generateZones(mixed)).toEqual(generateZones(snapshot));
    const other = { ...snapshot, records: snapshot.records.slice(1) };
    const differing = generateZones(other).filter(
      (zone, index) => zone.digest !== generateZones(snapshot)[index]?.digest,
    );
    expect(differing.map((zone) => zone.content.name)).toEqual(['example.test']);
  });
});
