import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { compileSite } from '../../../../src/services/compile-node.ts';
import type { DhcpDesired } from '../../../../src/services/dhcp/desired.ts';
import { dhcp } from '../../../../src/services/dhcp/index.ts';
import { lintRelays, lintSiteDhcp } from '../../../../src/services/dhcp/lint/lint.ts';
import { OWN_PLACES } from '../../../../src/services/dhcp/places.ts';
import { viewDhcp } from '../../../../src/services/dhcp/view.ts';
import { K1, K2, PAIR_FACTS } from '../../../kit/pairs.ts';
import { relayedSnapshot, attachmentOf } from '../../../kit/relayed.ts';

const site = relayedSnapshot;
const attachment = attachmentOf;

function compiled(snapshot: Snapshot, rack = 'k1'): Readonly<Record<string, DhcpDesired | null>> {
  const { body } = compileSite(snapshot, [dhcp], new Map(), 1).nodes.get(`n-${rack}`) ?? {};
  const parts = Object.entries(body?.services ?? {});
  return Object.fromEntries(parts.map(([name, part]) => [name, part.desired as DhcpDesired | null]));
}
const vlansIn = (desired: DhcpDesired | null | undefined) =>
  desired?.networks.map(({ vlan, interface: nic, address, isRelayed }) => `${vlan} ${nic} ${address} ${isRelayed}`);

describe('a VLAN that no rack stands on', () => {
  it('is served where its relay VLAN is', () => {
    const { dhcp: desired } = compiled(site());
    expect(vlansIn(desired)).toEqual(['vlan10 eth1 10.10.1.2 undefined', 'vlan30 eth1 10.10.1.2 true']);
    expect(desired?.networks[1]?.subnets).toMatchObject([
      { cidr: '10.10.3.0/24', pools: [{ first: '10.10.3.100', last: '10.10.3.199' }], nextServer: '10.10.1.2' },
      { cidr: '10.10.4.0/24' },
    ]);
    expect(compiled(site(), 'k2')['dhcp']).toBeNull();
    expect(lintSiteDhcp(site())).toEqual([]);
  });

  it('has a network of its own in Kea’s file, without interface; the interface is there once', () => {
    const { dhcp: desired } = compiled(site());
    if (!desired) throw new Error('absent');
    const { file } = viewDhcp(OWN_PLACES, desired, PAIR_FACTS);
    expect(file.interfaces).toEqual(['eth1/10.10.1.2']);
    const networks = JSON.parse(file.networksText) as { name: string; interface?: string }[];
    expect(networks.map(({ name, interface: nic }) => [name, nic])).toEqual([
      ['vlan-1', 'eth1'],
      ['vlan-3-subnet-3', undefined],
      ['vlan-3-subnet-4', undefined],
    ]);
  });

  it('is served while its relay VLAN itself has DHCP off', () => {
    const { dhcp: desired } = compiled(site({ 1: { dhcpOn: false } }));
    expect(vlansIn(desired)).toEqual(['vlan30 eth1 10.10.1.2 true']);
  });

  it('belongs to the pair of its relay VLAN, on both racks', () => {
    const pair = { primaryRackId: K2, secondaryRackId: K1 };
    const snapshot = site({ 1: pair }, { attachments: [attachment(1, 1), attachment(2, 1)] });
    for (const rack of ['k1', 'k2'] as const) {
      const { dhcp: own, 'dhcp@k2_k1': both } = compiled(snapshot, rack);
      expect(own).toBeNull();
      expect(both?.networks.map(({ vlan }) => vlan)).toEqual(['vlan10', 'vlan30']);
    }
    // Of two racks that nobody named, one alone serves both.
    const free = site({}, { attachments: [attachment(1, 1), attachment(2, 1)] });
    expect(vlansIn(compiled(free)['dhcp'])).toHaveLength(2);
    expect(compiled(free, 'k2')['dhcp']).toBeNull();
  });

  it.each([
    ['its DHCP is off', { 3: { dhcpOn: false } }, {}],
    ['it has no relay VLAN', { 3: { relayVlanId: null } }, {}],
    ['no rack stands on the relay VLAN', {}, { attachments: [] }],
    ['the relay VLAN is relayed itself', { 1: { relayVlanId: 3 } }, { attachments: [] }],
  ])('is not served while %s', (_name, vlans, changes) => {
    expect(vlansIn(compiled(site(vlans, changes))['dhcp'])?.join() ?? '').not.toContain('vlan30');
  });

  it('is told when nobody serves it', () => {
    expect(lintSiteDhcp(site({ 1: { dhcpOn: false } }, { attachments: [] })).map(({ sentence }) => sentence)).toEqual([
      'VLAN vlan30 has DHCP on, but no accepted rack has an IPv4 address in a subnet of its relay VLAN vlan10: nobody serves it.',
    ]);
  });
});

it('a rack that stands on the VLAN comes before its relay, and that is told', () => {
  const snapshot = site({}, { attachments: [attachment(1, 1), attachment(2, 3)] });
  expect(vlansIn(compiled(snapshot)['dhcp'])).toEqual(['vlan10 eth1 10.10.1.2 undefined']);
  expect(vlansIn(compiled(snapshot, 'k2')['dhcp'])).toEqual(['vlan30 eth3 10.10.3.3 undefined']);
  expect(lintRelays(snapshot).map(({ sentence }) => sentence)).toEqual([
    'VLAN vlan30 has a relay VLAN, but k2 has an address on vlan30 itself. k2 serves it directly, and racks of the relay VLAN do not.',
  ]);
  expect(lintRelays(site())).toEqual([]);
});
