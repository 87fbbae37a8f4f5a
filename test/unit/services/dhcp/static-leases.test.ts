import { describe, expect, it } from 'vitest';
import { staticLeases } from '../../../../src/services/dhcp/static-leases.ts';
import { aDomain, aSubnet, emptySnapshot } from '../../../kit/snapshots.ts';

const MAC = '52:54:00:00:00:10';
const nic = (
  name: string,
  kind: 'physical' | 'bond' | 'bridge' | 'vlan',
  parents: string[],
  addresses: [number, string][],
) => ({
  id: 1,
  name,
  mac: MAC,
  kind,
  vlanId: 1,
  parents,
  addresses: addresses.map(([subnetId, address]) => ({ subnetId, address })),
});

describe('static leases of a machine', () => {
  it('are those of cards, bonds and their bridges, not of what speaks in a VLAN', () => {
    const interfaces = [
      nic('bond0', 'bond', ['eth0'], [[1, '10.0.0.5']]),
      nic('eth0', 'physical', [], []),
      nic('bond0-20', 'vlan', ['bond0'], [[2, '10.2.0.5']]),
      nic('bond0-30', 'vlan', ['bond0'], []),
      nic('br30', 'bridge', ['bond0-30'], [[3, '10.3.0.5']]),
    ];
    const snapshot = emptySnapshot({
      domains: [aDomain(1, 'regent.internal')],
      subnets: [aSubnet(1, 'a', '10.0.0.0/24'), aSubnet(2, 'b', '10.2.0.0/24'), aSubnet(3, 'c', '10.3.0.0/24')],
      machines: [{ id: 'web100', hostname: 'web1', domainId: 1, interfaces }],
    });
    const { bySubnet, lost } = staticLeases(snapshot);
    expect([...bySubnet]).toEqual([[1, [{ mac: MAC, address: '10.0.0.5', hostname: 'web1' }]]]);
    expect(lost.size).toBe(0);
  });
});
