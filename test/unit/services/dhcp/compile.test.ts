import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { formatAddress, parseAddress } from '../../../../src/core/ip.ts';
import type { Machine } from '../../../../src/model/machines/machine.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { compileDhcp, prepareDhcp } from '../../../../src/services/dhcp/compile.ts';
import type { DhcpDesired } from '../../../../src/services/dhcp/desired.ts';
import { lintDhcp, lintSiteDhcp } from '../../../../src/services/dhcp/lint/lint.ts';
import {
  aCopyKey,
  aDomain,
  aRack,
  aRange,
  aReservation,
  aSubnet,
  aVlan,
  emptySnapshot,
  R1,
} from '../../../kit/snapshots.ts';

const ATTACHMENT = { nodeId: R1.id, vlanId: 1, interface: 'eth1', addresses: ['10.10.10.1/24'] };

function site(changes: Partial<Snapshot> = {}): Snapshot {
  return emptySnapshot({
    attachments: [ATTACHMENT],
    vlans: [aVlan(1, 10, { dhcpOn: true })],
    subnets: [aSubnet(1, 'vlan10', '10.10.10.0/24', { gateway: '10.10.10.254' })],
    ranges: [aRange(1, 1, 'dynamic', ['10.10.10.100', '10.10.10.254'])],
    ...changes,
  });
}

const compile = (snapshot: Snapshot, nodeId = R1.id) => compileDhcp(snapshot, nodeId, prepareDhcp(snapshot));
function compiled(changes: Partial<Snapshot> = {}): DhcpDesired {
  const desired = compile(site(changes));
  if (!desired) throw new Error('absent');
  return desired;
}
const subnetOf = (desired: DhcpDesired, id = 1) =>
  desired.networks.flatMap((network) => network.subnets).find((subnet) => subnet.id === id);

function web(hostname: string, mac: string, addresses: readonly string[], domainId = 1): Machine {
  const nic = { id: 1, name: 'eth0', mac, kind: 'physical' as const, vlanId: 1 };
  return {
    id: hostname,
    hostname,
    domainId,
    interfaces: [{ ...nic, addresses: addresses.map((address) => ({ subnetId: 1, address })) }],
  };
}

describe('where Kea runs', () => {
  it.each([
    ['no accepted rack', { racks: [] }],
    ['a VLAN with DHCP off', { vlans: [aVlan(1, 10)] }],
    ['no attachment', { attachments: [] }],
    ['an attachment of another VLAN', { attachments: [{ ...ATTACHMENT, vlanId: 2 }] }],
    ['the attachment of another node', { attachments: [{ ...ATTACHMENT, nodeId: 'n-other' }] }],
    ['IPv6 alone', { attachments: [{ ...ATTACHMENT, addresses: ['2001:db8::1/64'] }] }],
    ['an interface whose name means something to Kea', { attachments: [{ ...ATTACHMENT, interface: "eth1' or '" }] }],
  ])('nowhere with %s', (_name, changes) => {
    expect(compile(site(changes))).toBeNull();
  });

  it('on the rack that stands on the VLAN', () => {
    expect(compiled().networks).toMatchObject([{ vlanId: 1, interface: 'eth1', address: '10.10.10.1' }]);
    expect(compile(site(), 'n-other')).toBeNull();
  });

  it('with one interface per VLAN, and one VLAN per interface', () => {
    const two = compiled({
      attachments: [{ ...ATTACHMENT, interface: 'eth9', addresses: ['10.10.10.9'] }, ATTACHMENT],
    });
    expect(two.networks.map((network) => network.interface)).toEqual(['eth1']);
    const shared = compiled({
      vlans: [aVlan(1, 10, { dhcpOn: true }), aVlan(2, 20, { dhcpOn: true })],
      subnets: [...site().subnets, aSubnet(2, 'b', '10.20.0.0/16', { vlanId: 2 })],
      attachments: [ATTACHMENT, { ...ATTACHMENT, vlanId: 2, addresses: ['10.20.0.1'] }],
    });
    expect(shared.networks).toHaveLength(1);
    expect(lintDhcp(shared).map((finding) => finding.sentence)).toEqual([
      'VLAN vlan20 gets no DHCP from this node: it is on eth1 like VLAN vlan10, and an interface belongs to one VLAN.',
    ]);
  });
});

describe('pools', () => {
  it('leave out the gateway, nodes, machines and reservations, whatever the ranges say', () => {
    const desired = compiled({
      nodes: [{ ...R1, addresses: ['10.10.10.200'] }],
      machines: [web('web1', '52:54:00:00:00:01', ['10.10.10.120'])],
      reservations: [aReservation(1, 1, '10.10.10.130')],
      ranges: [
        aRange(2, 1, 'dynamic', ['10.10.10.121', '10.10.10.254']),
        aRange(3, 1, 'reserved', ['10.10.10.2', '10.10.10.9']),
        aRange(1, 1, 'dynamic', ['10.10.10.1', '10.10.10.1']),
      ],
    });
    expect(subnetOf(desired)?.pools).toEqual([
      { first: '10.10.10.121', last: '10.10.10.129' },
      { first: '10.10.10.131', last: '10.10.10.199' },
      { first: '10.10.10.201', last: '10.10.10.253' },
    ]);
  });

  it('hold every address of the dynamic ranges that nobody has, and no other', () => {
    const last = fc.integer({ min: 1, max: 254 });
    const address = (value: number) => formatAddress({ family: 4, value: BigInt(0x0a0a0a00 + value) });
    fc.assert(
      fc.property(fc.tuple(last, last), fc.uniqueArray(last, { maxLength: 20 }), ([a, b], taken) => {
        const [first, end] = [Math.min(a, b), Math.max(a, b)];
        const desired = compiled({
          ranges: [aRange(1, 1, 'dynamic', [address(first), address(end)])],
          reservations: taken.map((value, index) => aReservation(index + 1, 1, address(value))),
        });
        const given = (subnetOf(desired)?.pools ?? []).flatMap((pool) => {
          const [from, to] = [parseAddress(pool.first), parseAddress(pool.last)];
          if (isRejected(from) || isRejected(to)) throw new Error('no address');
          return Array.from(
            { length: Number(to.value - from.value) + 1 },
            (_, index) => Number(from.value - 0x0a0a0a00n) + index,
          );
        });
        const expected = Array.from({ length: end - first + 1 }, (_, index) => first + index);
        expect(given).toEqual(expected.filter((value) => ![1, 254, ...taken].includes(value)));
      }),
    );
  });

  it('are served for an unmanaged subnet, too; a VLAN without any is told', () => {
    const subnets = [aSubnet(1, 'vlan10', '10.10.10.0/24', { isManaged: false })];
    expect(subnetOf(compiled({ subnets }))?.pools).toHaveLength(1);
    expect(lintDhcp(compiled({ ranges: [] }))).toMatchObject([{ code: 'no_dynamic_range', severity: 'warning' }]);
    expect(lintDhcp(compiled())).toEqual([]);
  });
});

describe('what clients are told', () => {
  it.each([
    ['their subnet’s resolvers', { resolvers: ['192.0.2.53', '2001:db8::53'] }, true, ['192.0.2.53']],
    [
      'our region nodes, those on the subnet first, this one first of all',
      {},
      true,
      ['10.10.10.1', '10.10.10.2', '10.77.0.13'],
    ],
    ['none where the subnet has DNS off', { dnsOn: false }, true, []],
    ['none where the VLAN has DNS off', {}, false, []],
  ])('resolvers: %s', (_name, changes, dnsOn, expected) => {
    const node = (id: string, address: string) => ({
      id,
      name: id,
      isRegion: true,
      isRack: false,
      state: 'member' as const,
      addresses: [address],
    });
    const desired = compiled({
      vlans: [aVlan(1, 10, { dhcpOn: true, dnsOn })],
      subnets: [aSubnet(1, 'vlan10', '10.10.10.0/24', changes)],
      nodes: [
        node('n-a', '10.77.0.13'),
        node('n-b', '10.77.0.12'),
        R1,
        { ...node('n-c', '10.77.0.14'), isRegion: false },
      ],
      attachments: [ATTACHMENT, { ...ATTACHMENT, nodeId: 'n-b', addresses: ['10.10.10.2/24'] }],
    });
    expect(subnetOf(desired)?.resolvers).toEqual(expected);
  });
  it('names a rack that copies the zones after the regions of the subnet and before those elsewhere', () => {
    const region = (id: string, address: string) => ({
      ...R1,
      id,
      name: id.slice(2),
      isRack: false,
      addresses: [address],
    });
    const rack = { ...R1, id: 'n-k1', name: 'k1', isRegion: false, addresses: ['10.77.0.21'] };
    const own = { ...ATTACHMENT, nodeId: 'n-k1', addresses: ['10.10.10.5/24'] };
    const changes = {
      nodes: [rack, region('n-r1', '10.77.0.11'), region('n-r2', '10.77.0.12')],
      racks: [aRack(1, 'n-k1', true)],
      attachments: [own, { ...ATTACHMENT, nodeId: 'n-r2', addresses: ['10.10.10.2/24'] }],
    };
    const resolvers = (more: Partial<Snapshot>) => {
      const desired = compile(site({ ...changes, ...more }), 'n-k1');
      return desired === null ? null : subnetOf(desired)?.resolvers;
    };
    expect(resolvers({ copyKey: aCopyKey() })).toEqual(['10.10.10.2', '10.10.10.5', '10.77.0.11']);
    expect(resolvers({})).toEqual(['10.10.10.2', '10.77.0.11']);
    const partner = { ...rack, id: 'n-k0', name: 'k0', addresses: ['10.77.0.20'] };
    const pair = {
      copyKey: aCopyKey(),
      nodes: [partner, ...changes.nodes],
      racks: [aRack(1, 'n-k1', true), aRack(2, 'n-k0')],
      attachments: [...changes.attachments, { ...own, nodeId: 'n-k0', addresses: ['10.10.10.4/24'] }],
    };
    expect(resolvers(pair)).toEqual(['10.10.10.2', '10.10.10.5', '10.10.10.4', '10.77.0.11']);
    const off = [aSubnet(1, 'vlan10', '10.10.10.0/24', { dnsOn: false })];
    expect(resolvers({ copyKey: aCopyKey(), subnets: off })).toEqual([]);
    const given = [aSubnet(1, 'vlan10', '10.10.10.0/24', { resolvers: ['192.0.2.53'] })];
    expect(resolvers({ copyKey: aCopyKey(), subnets: given })).toEqual(['192.0.2.53']);
  });

  it('this node’s address in their own subnet, else on their VLAN; a router only where there is one', () => {
    const desired = compiled({
      subnets: [...site().subnets, aSubnet(2, 'b', '10.11.0.0/24'), aSubnet(3, 'c', '10.12.0.0/24')],
      attachments: [{ ...ATTACHMENT, addresses: ['10.10.10.1/24', '10.11.0.1/24'] }],
    });
    expect(desired.networks).toHaveLength(1);
    expect([1, 2, 3].map((id) => subnetOf(desired, id)?.nextServer)).toEqual(['10.10.10.1', '10.11.0.1', '10.10.10.1']);
    expect([1, 2, 3].map((id) => subnetOf(desired, id)?.gateway)).toEqual(['10.10.10.254', undefined, undefined]);
  });

  it('the default domain first, at most six to search', () => {
    const domains = Array.from({ length: 9 }, (_, index) => aDomain(index + 1, `d${index}.test`));
    const search = compiled({ domains: [...domains, aDomain(10, 'regent.internal')] }).search;
    expect(search).toEqual(['regent.internal', 'd0.test', 'd1.test', 'd2.test', 'd3.test', 'd4.test']);
  });
});

describe('static leases', () => {
  it('are machines’ addresses and reservations with a MAC, in order, with their names', () => {
    const desired = compiled({
      domains: [aDomain(1, 'regent.internal'), aDomain(2, 'example.test')],
      machines: [
        web('web2', '52:54:00:00:00:02', ['10.10.10.22'], 2),
        web('web1', '52:54:00:00:00:01', ['2001:db8::1']),
      ],
      reservations: [
        aReservation(1, 1, '10.10.10.9', { mac: '52:54:00:00:00:09', hostname: 'printer' }),
        aReservation(2, 1, '10.10.10.8', { mac: '52:54:00:00:00:01', hostname: 'ignored' }),
        aReservation(3, 1, '10.10.10.7'),
      ],
    });
    expect(subnetOf(desired)?.leases).toEqual([
      { mac: '52:54:00:00:00:01', address: '10.10.10.8', hostname: 'web1' },
      { mac: '52:54:00:00:00:09', address: '10.10.10.9', hostname: 'printer' },
      { mac: '52:54:00:00:00:02', address: '10.10.10.22', hostname: 'web2', domain: 'example.test' },
    ]);
  });

  it('one per MAC and subnet; the others are told', () => {
    const desired = compiled({
      machines: [web('web1', '52:54:00:00:00:01', ['10.10.10.22', '10.10.10.21'])],
      reservations: [aReservation(1, 1, '10.10.10.5', { mac: '52:54:00:00:00:01' })],
    });
    expect(subnetOf(desired)?.leases.map((lease) => lease.address)).toEqual(['10.10.10.22']);
    expect(lintDhcp(desired).map((finding) => finding.sentence)).toEqual([
      '52:54:00:00:00:01 gets 10.10.10.22 by DHCP and never 10.10.10.21: an interface has one static lease in a subnet.',
      '52:54:00:00:00:01 gets 10.10.10.22 by DHCP and never 10.10.10.5: an interface has one static lease in a subnet.',
    ]);
  });
});

describe('a VLAN that nobody serves', () => {
  const sentence =
    'VLAN vlan10 has DHCP on, but no accepted rack has an IPv4 address in a subnet of it: nobody serves it.';
  it.each([
    ['no attachment', { attachments: [] }, [sentence]],
    ['a rack that is not accepted', { racks: [] }, [sentence]],
    ['IPv6 alone', { attachments: [{ ...ATTACHMENT, addresses: ['2001:db8::1/64'] }] }, [sentence]],
    ['DHCP off', { attachments: [], vlans: [aVlan(1, 10)] }, []],
    ['a rack on it', {}, []],
  ])('is told of: %s', (_name, changes, expected) => {
    expect(lintSiteDhcp(site(changes)).map((finding) => finding.sentence)).toEqual(expected);
  });
});
