import { describe, expect, it } from 'vitest';
import { clusterOf, CLUSTER, MIXED, SINGLE } from '../../../src/lab/topologies.ts';
import { addressOf, routeOf } from '../../../src/lab/topology.ts';

const nicsOf = (topology: typeof CLUSTER) =>
  Object.fromEntries(
    topology.hosts.map((host) => [host.name, host.nics.map((nic) => `${nic.network} ${addressOf(nic)}`).join(', ')]),
  );

describe('the topologies', () => {
  it('cluster: three regions, two racks, each rack on its VLAN, on that of its partner and on the BMC network', () => {
    expect(nicsOf(CLUSTER)).toEqual({
      r1: 'mgmt 10.77.0.11',
      r2: 'mgmt 10.77.0.12',
      r3: 'mgmt 10.77.0.13',
      k1: 'mgmt 10.77.0.21, vlan10 10.10.10.1, bmc 10.88.0.21, vlan20 10.20.20.2',
      k2: 'mgmt 10.77.0.22, vlan20 10.20.20.1, bmc 10.88.0.22, vlan10 10.10.10.2',
    });
    expect(CLUSTER.networks.flatMap(({ served }) => [served?.pair ?? []].flat())).toEqual(['k1', 'k2', 'k2', 'k1']);
    expect(CLUSTER.vip).toBe('10.77.0.10/24');
    expect(CLUSTER.clients.map((client) => [client.name, addressOf(client.nic), client.gateway])).toEqual([
      ['mgmt', '10.77.0.100', '10.77.0.254'],
      ['vlan10', '10.10.10.100', '10.10.10.254'],
      ['vlan20', '10.20.20.100', '10.20.20.254'],
    ]);
    expect(CLUSTER.clients[1]?.resolvers).toEqual(['10.77.0.11', '10.77.0.12', '10.77.0.13']);
    expect(CLUSTER.hosts.map((host) => host.disks?.map((disk) => disk.path).join(' '))).toEqual([
      ...['r1', 'r2', 'r3'].map(() => '/var/lib/postgresql /var/lib/etcd /var/log'),
      ...['k1', 'k2'].map(() => '/var/lib/kea /var/log'),
    ]);
  });

  it('mixed: one of three regions is a rack too', () => {
    expect(MIXED.hosts.map((host) => [host.name, host.roles])).toEqual([
      ['r1', ['region']],
      ['r2', ['region', 'rack']],
      ['r3', ['region']],
    ]);
    expect(nicsOf(MIXED)['r2']).toBe('mgmt 10.77.0.12, vlan10 10.10.10.1, bmc 10.88.0.12');
    const paths = MIXED.hosts[1]?.disks?.map((disk) => disk.path) ?? [];
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('are of any size up to nine, and no address is given twice', () => {
    for (const size of [
      { regions: 1, racks: 0 },
      { regions: 9, racks: 9 },
      { regions: 2, racks: 8, isMixed: true },
    ]) {
      const topology = clusterOf(size);
      const addresses = [
        ...topology.hosts.flatMap((host) => host.nics),
        ...topology.clients.map((client) => client.nic),
      ].map(addressOf);
      expect(new Set([...addresses, '10.77.0.10', '10.77.0.254']).size).toBe(addresses.length + 2);
    }
    for (const size of [
      { regions: 0, racks: 1 },
      { regions: 10, racks: 1 },
      { regions: 1.5, racks: 1 },
      { regions: 3, racks: NaN },
    ]) {
      expect(() => clusterOf(size)).toThrow(/is not possible/);
    }
    expect(() => clusterOf({ regions: 3, racks: 9, isMixed: true })).toThrow(/VLANs is not possible/);
  });

  it('hosts know the way by the router, and a lab without one has none', () => {
    const [r1] = CLUSTER.hosts;
    expect(r1 && routeOf(CLUSTER, r1)).toEqual({ cidr: '10.0.0.0/8', gateway: '10.77.0.254' });
    expect(SINGLE.hosts[0] && routeOf(SINGLE, SINGLE.hosts[0])).toBeNull();
  });
});
