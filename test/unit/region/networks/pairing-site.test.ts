import { expect, it } from 'vitest';
import type { HostFacts } from '../../../../src/core/host-values.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { type PairingFacts, pairingSite } from '../../../../src/region/networks/dhcp/pairing-site.ts';
import { K1, K2, PAIR_FACTS, pairSnapshot } from '../../../kit/pairs.ts';
import { aSubnet, aVlan } from '../../../kit/snapshots.ts';

type PairingNode = PairingFacts['known'][number];

const NOW = Date.parse('2026-03-01T10:00:00.000Z');

/** A node that reported so many seconds ago. */
function known(name: string, silentFor = 1, facts: HostFacts | null = PAIR_FACTS) {
  const at = new Date(NOW - silentFor * 1000).toISOString();
  return { id: `n-${name}`, name, facts, isGone: false, report: { generation: 1, at, versions: {}, services: [] } };
}

function siteOf(
  snapshot: Snapshot,
  nodes: readonly PairingNode[] = [known('k1'), known('k2')],
  leases = new Map<number, number>(),
) {
  return pairingSite(snapshot, { known: nodes, leases, now: NOW });
}

it('has VLANs with DHCP, the racks that they name, and where racks stand', () => {
  const { racks, vlans } = siteOf(pairSnapshot({ 2: { dhcpOn: false } }), undefined, new Map([[1, 7]]));
  expect(racks).toEqual([
    { uuid: K1, name: 'k1', why: null },
    { uuid: K2, name: 'k2', why: null },
  ]);
  expect(vlans).toEqual([
    {
      id: 1,
      pair: { primary: K1, secondary: K2 },
      chosen: null,
      leases: 7,
      stands: [
        { rack: K1, nic: 'eth1', why: null },
        { rack: K2, nic: 'eth1', why: null },
      ],
    },
  ]);
});

it('says who serves a VLAN that names nobody', () => {
  const { vlans } = siteOf(pairSnapshot({ 1: { primaryRackId: null, secondaryRackId: null } }));
  expect(vlans[0]).toMatchObject({ pair: { primary: null, secondary: null }, chosen: K1 });
});

it('does not count on a rack that is silent, gone, or has never reported', () => {
  const never = { ...known('k1'), report: null };
  const gone = { ...known('k1'), isGone: true };
  for (const k1 of [known('k1', 40), never, gone]) {
    expect(siteOf(pairSnapshot(), [k1, known('k2')]).racks).toMatchObject([
      { uuid: K1, why: 'k1 is silent' },
      { uuid: K2, why: null },
    ]);
  }
});

it('knows of links, of two interfaces on one VLAN, and of addresses of IPv6 alone', () => {
  const link = (changes: object): HostFacts => ({
    ...PAIR_FACTS,
    interfaces: PAIR_FACTS.interfaces.map((nic) => (nic.name === 'eth1' ? { ...nic, ...changes } : nic)),
  });
  const whyOf = (snapshot: Snapshot, facts = PAIR_FACTS) =>
    siteOf(snapshot, [known('k1', 1, facts), known('k2')]).vlans[0]?.stands.find(({ rack }) => rack === K1)?.why;
  const snapshot = pairSnapshot();
  expect(whyOf(snapshot, link({ isUp: false }))).toBe('eth1 of k1 is down');
  expect(whyOf(snapshot, link({ hasCarrier: false }))).toBe('eth1 of k1 has no carrier');
  const more = { nodeId: 'n-k1', vlanId: 1, interface: 'eth9', addresses: ['10.10.1.9/24'] };
  expect(whyOf({ ...snapshot, attachments: [...snapshot.attachments, more] })).toBe('k1 stands on it by eth1 and eth9');
  const attachments = snapshot.attachments.map((one) =>
    one.nodeId === 'n-k1' && one.vlanId === 1 ? { ...one, addresses: ['2001:db8::2/64'] } : one,
  );
  expect(whyOf({ ...snapshot, attachments })).toBeUndefined();
});

it('has the relay VLAN instead of those that are relayed to it, with the leases of all', () => {
  const snapshot = pairSnapshot({ 1: { dhcpOn: false, primaryRackId: null, secondaryRackId: null } });
  const branch = aVlan(3, 30, { dhcpOn: true, relayVlanId: 1 });
  const site = {
    ...snapshot,
    vlans: [...snapshot.vlans, branch],
    subnets: [...snapshot.subnets, aSubnet(3, 'branch', '10.30.0.0/24', { vlanId: 3 })],
  };
  const leases = new Map([
    [1, 2],
    [3, 5],
  ]);
  expect(siteOf(site, undefined, leases).vlans).toMatchObject([
    { id: 1, chosen: K1, leases: 7, pair: { primary: null } },
    { id: 2, pair: { primary: K2 } },
  ]);
});
