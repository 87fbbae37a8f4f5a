import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { generateZones } from '../../../../src/services/dns/bind-zone-generator.ts';
import { compileDns, prepareDns } from '../../../../src/services/dns/compile.ts';
import { publishedNames } from '../../../../src/services/dns/published-names.ts';
import { aDomain, aReservation, aSubnet, aVlan, emptySnapshot, machine, R1 } from '../../../kit/snapshots.ts';

const MAC = '52:54:00:00:00:10';
const site = (changes: Partial<Snapshot>) =>
  emptySnapshot({
    domains: [aDomain(1, 'regent.internal', { leaseNames: true }), aDomain(2, 'example.test', { ttl: 20 })],
    subnets: [aSubnet(1, 'a', '10.0.0.0/24')],
    ...changes,
  });
const leased = (hostname: string, last: number, domainId = 1) => ({ hostname, address: `10.0.0.${last}`, domainId });
const record = (name: string, type: 'A' | 'CNAME', data: string, domainId = 1) => ({
  id: 1,
  domainId,
  name,
  type,
  data,
  ttl: null,
});

/** `name type data` of all that is published but the nodes' own. */
const names = (changes: Partial<Snapshot>) =>
  publishedNames(site(changes))
    .filter((item) => item.source !== 'node')
    .map((item) => `${item.fqdn} ${item.type} ${item.data}`);

function pointer(changes: Partial<Snapshot>, last: number): string | undefined {
  const zone = generateZones(site(changes)).find(({ content }) => content.name === '0.0.10.in-addr.arpa');
  return zone?.content.records.find((item) => item.name === String(last))?.data;
}

describe('reserved addresses', () => {
  it("have the machine's name where the MAC is a machine's, its interface's below it", () => {
    const machines = [machine('web1', 2, { eno1: [], eno2: ['10.0.0.7'] })];
    const reservations = [
      aReservation(1, 1, '10.0.0.20', { mac: MAC, hostname: 'ignored' }),
      aReservation(2, 1, '10.0.0.21', { mac: '52:54:00:00:00:11' }),
    ];
    expect(names({ machines, reservations })).toEqual([
      'eno2.web1.example.test A 10.0.0.7',
      'web1.example.test A 10.0.0.20',
      'eno2.web1.example.test A 10.0.0.21',
    ]);
    expect(pointer({ machines, reservations }, 20)).toBe('web1.example.test');
  });

  it('have their own name in the default domain, or none', () => {
    const reservations = [
      aReservation(1, 1, '10.0.0.20', { mac: MAC, hostname: 'printer' }),
      aReservation(2, 1, '10.0.0.21', { hostname: 'router' }),
      aReservation(3, 1, '10.0.0.22', { mac: '52:54:00:00:00:99' }),
    ];
    const expected = ['printer.regent.internal A 10.0.0.20', 'router.regent.internal A 10.0.0.21'];
    expect(names({ reservations })).toEqual(expected);
    const other = { ...site({}).settings, default_domain: 'example.test' };
    expect(names({ reservations, settings: other })[0]).toBe('printer.example.test A 10.0.0.20');
  });

  it('never stand beside a CNAME; a record names their address last', () => {
    const reservations = [aReservation(1, 1, '10.0.0.20', { hostname: 'printer' })];
    expect(names({ reservations, records: [record('printer', 'CNAME', 'x.test')] })).toEqual([
      'printer.regent.internal CNAME x.test',
    ]);
    expect(pointer({ reservations, records: [record('a', 'A', '10.0.0.20', 2)] }, 20)).toBe('printer.regent.internal');
  });
});

describe('names of leases', () => {
  it('are published forward and reverse, for a short time', () => {
    const leaseNames = [leased('laptop', 100), leased('phone', 101, 2)];
    expect(names({ leaseNames })).toEqual(['laptop.regent.internal A 10.0.0.100', 'phone.example.test A 10.0.0.101']);
    expect(pointer({ leaseNames }, 100)).toBe('laptop.regent.internal');
    const settings = { ...site({}).settings, default_ttl: 3600 };
    const ttls = publishedNames(site({ leaseNames, settings })).filter((item) => item.source === 'lease');
    expect(ttls.map((item) => item.ttl)).toEqual([60, 20]);
  });

  it.each<[string, Partial<Snapshot>]>([
    ['a node', { nodes: [{ ...R1, name: 'taken' }] }],
    ['a node without an address', { nodes: [{ ...R1, name: 'taken', addresses: [] }] }],
    ['a machine', { machines: [machine('taken', 1, { eno1: ['10.0.0.9'] })] }],
    ['a machine without an address', { machines: [machine('taken', 1, { eno1: [] })] }],
    ['a reserved address', { reservations: [aReservation(1, 1, '10.0.0.20', { hostname: 'taken' })] }],
    ['a record', { records: [record('taken', 'A', '10.0.0.30')] }],
    ['an alias', { records: [record('taken', 'CNAME', 'x.test')] }],
    ['a zone', { domains: [...site({}).domains, aDomain(3, 'taken.regent.internal')] }],
  ])('never take that of %s', (_what, changes) => {
    const published = publishedNames(site({ leaseNames: [leased('taken', 100)], ...changes }));
    expect(published.filter((item) => item.source === 'lease')).toEqual([]);
  });

  it.each<[string, Partial<Snapshot>]>([
    ['a machine', { machines: [machine('web1', 1, { eno1: ['10.0.0.100'] })] }],
    ['a reservation', { reservations: [aReservation(1, 1, '10.0.0.100', { hostname: 'printer' })] }],
    ['a record', { records: [record('www', 'A', '10.0.0.100')] }],
  ])('never stand at an address that has a name by %s', (_what, changes) => {
    const published = publishedNames(site({ leaseNames: [leased('laptop', 100)], ...changes }));
    expect(published.filter((item) => item.source === 'lease')).toEqual([]);
  });

  it('a wildcard takes nothing from them', () => {
    const records = [record('*', 'A', '10.0.0.100')];
    expect(names({ leaseNames: [leased('laptop', 100)], records })).toContain('laptop.regent.internal A 10.0.0.100');
    expect(pointer({ leaseNames: [leased('laptop', 100)], records }, 100)).toBe('laptop.regent.internal');
  });

  it('go with the snapshot that has them, and the rest of the zones stays as it was', () => {
    const digests = (changes: Partial<Snapshot>) => generateZones(site(changes)).map((zone) => zone.digest);
    expect(digests({ leaseNames: [] })).toEqual(digests({}));
    expect(digests({ leaseNames: [leased('laptop', 100)] })).not.toEqual(digests({}));
  });
});

describe('who may ask', () => {
  it('subnets whose VLAN and own switch are on', () => {
    const snapshot = site({
      vlans: [aVlan(1, 10), aVlan(2, 20, { dnsOn: false })],
      subnets: [
        aSubnet(1, 'a', '10.0.0.0/24'),
        aSubnet(2, 'b', '10.0.1.0/24', { dnsOn: false }),
        aSubnet(3, 'c', '10.0.2.0/24', { vlanId: 2 }),
      ],
    });
    const shared = prepareDns(snapshot, []);
    const versions = shared.zones.map((zone, index) => ({
      service: 'dns',
      key: zone.content.name,
      digest: zone.digest,
      version: index + 1,
    }));
    expect(compileDns({ ...snapshot, versions }, R1.id, shared)?.clients).toEqual(['10.0.0.0/24']);
  });
});

describe('interfaces that stand on others', () => {
  const nic = (name: string, kind: 'physical' | 'bond' | 'vlan', parents: string[], addresses: string[]) => ({
    id: 1,
    name,
    mac: MAC,
    kind,
    vlanId: 1,
    addresses: addresses.map((address) => ({ subnetId: 1, address })),
    ...(parents.length === 0 ? {} : { parents }),
  });

  it('have their names; a lease of the MAC address that a bond borrows is the bond’s', () => {
    const interfaces = [
      nic('bond0', 'bond', ['eth0'], ['10.0.0.5']),
      nic('eth0', 'physical', [], []),
      nic('bond0.20', 'vlan', ['bond0'], ['10.0.0.6']),
    ];
    const machines = [{ id: 'web100', hostname: 'web1', domainId: 2, interfaces }];
    const reservations = [aReservation(1, 1, '10.0.0.20', { mac: MAC })];
    expect(names({ machines, reservations })).toEqual([
      'web1.example.test A 10.0.0.5',
      'bond0-20.web1.example.test A 10.0.0.6',
      'web1.example.test A 10.0.0.20',
    ]);
  });

  it('leave the lease of a card to the card, where a VLAN interface alone stands on it', () => {
    const interfaces = [nic('eth0', 'physical', [], []), nic('eth0-20', 'vlan', ['eth0'], ['10.0.0.6'])];
    const machines = [{ id: 'web100', hostname: 'web1', domainId: 2, interfaces }];
    const reservations = [aReservation(1, 1, '10.0.0.20', { mac: MAC })];
    expect(names({ machines, reservations })).toContain('web1.example.test A 10.0.0.20');
  });
});
