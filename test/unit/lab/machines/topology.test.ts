import { describe, expect, it } from 'vitest';
import { parseCall, topologyOf } from '../../../../src/lab/call.ts';
import { layoutOf } from '../../../../src/lab/layout.ts';
import { withMachines } from '../../../../src/lab/machines/topology.ts';
import { clusterOf, CLUSTER, SINGLE } from '../../../../src/lab/topologies.ts';
import {
  addressOf,
  bareAddress,
  hostsFile,
  machinesHost,
  routeOf,
  type Topology,
} from '../../../../src/lab/topology.ts';

const machinesOf = (topology: Topology) => machinesHost(topology)?.machines ?? [];
const nicsOf = (topology: Topology, name: string) =>
  topology.hosts.find((host) => host.name === name)?.nics.map((nic) => `${nic.network} ${addressOf(nic)}`.trim());

describe('machines in a topology', () => {
  it('are four on two VLANs, by both firmwares; the host has an address on the BMC network alone', () => {
    const topology = withMachines(CLUSTER);
    expect(nicsOf(topology, 'm')).toEqual(['bmc 10.88.0.100', 'vlan10', 'vlan20']);
    expect(machinesOf(topology).map(({ name, firmware, network, bmc }) => [name, firmware, network, bmc.type])).toEqual(
      [
        ['m1', 'bios', 'vlan10', 'ipmi'],
        ['m2', 'uefi', 'vlan10', 'ipmi'],
        ['m3', 'bios', 'vlan20', 'ipmi'],
        ['m4', 'uefi', 'vlan20', 'redfish'],
      ],
    );
    for (const host of CLUSTER.hosts) expect(nicsOf(topology, host.name)).toEqual(nicsOf(CLUSTER, host.name));
  });

  it('have names, addresses and ids that nobody else has, the same in every lab', () => {
    const topology = withMachines(clusterOf({ regions: 9, racks: 9 }));
    const machines = machinesOf(topology);
    for (const key of ['name', 'mac', 'uuid'] as const) expect(new Set(machines.map((item) => item[key])).size).toBe(4);
    for (const { uuid } of machines)
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    const addresses = [
      ...topology.hosts.flatMap((host) => host.nics.map(addressOf)).filter((address) => address !== ''),
      ...machines.map(({ bmc }) => bareAddress(bmc.address)),
    ];
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(machinesOf(withMachines(CLUSTER))).toEqual(machines);
  });

  it('are all on the only VLAN of a single host, which gets a NIC on the BMC network', () => {
    const topology = withMachines(SINGLE);
    expect(nicsOf(topology, 'r1')).toEqual(['mgmt 10.77.0.11', 'vlan10 10.10.10.1', 'bmc 10.88.0.11']);
    expect(nicsOf(topology, 'm')).toEqual(['bmc 10.88.0.100', 'vlan10']);
    expect(machinesOf(topology).map(({ network }) => network)).toEqual(['vlan10', 'vlan10', 'vlan10', 'vlan10']);
  });

  it('are added once, and not where no VLAN is served', () => {
    const topology = withMachines(CLUSTER);
    expect(withMachines(topology)).toBe(topology);
    expect(() => withMachines(clusterOf({ regions: 1, racks: 0 }))).toThrow(/need a VLAN/);
  });

  it('their host is reached by no name and no way but the BMC network', () => {
    const topology = withMachines(CLUSTER);
    expect(hostsFile(topology)).toBe(hostsFile(CLUSTER));
    const host = machinesHost(topology);
    expect(host && routeOf(topology, host)).toBeNull();
  });

  it('come with --machines, beside whatever else is said', () => {
    const named = (...words: string[]) => topologyOf(parseCall(['up', ...words]), layoutOf('nowhere-at-all'));
    expect(named('--machines')).toEqual(withMachines(CLUSTER));
    expect(named('--single', '--machines')).toEqual(withMachines(SINGLE));
    expect(machinesHost(named('--single'))).toBeNull();
  });
});
