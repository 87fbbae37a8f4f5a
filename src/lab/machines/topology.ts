import { createHash } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import type { LabHost, LabMachine, LabNetwork, Topology } from '../topology.ts';

/** The host that carries the machines. */
export const MACHINES_HOST = 'm';

const BMC: LabNetwork = { name: 'bmc', cidr: '10.88.0.0/24', router: '10.88.0.254/24' };
const BMC_USER = 'operator';
const SERVED_NETWORKS = 2;

/** m1 and m3 boot by BIOS, m2 and m4 by UEFI; the last one's BMC speaks Redfish. */
const KINDS = [
  { name: 'm1', firmware: 'bios', at: 0, type: 'ipmi' },
  { name: 'm2', firmware: 'uefi', at: 0, type: 'ipmi' },
  { name: 'm3', firmware: 'bios', at: 1, type: 'ipmi' },
  { name: 'm4', firmware: 'uefi', at: 1, type: 'redfish' },
] as const;

/**
 * The topology with the host `m` and its machines: m1 and m2 on the first network that the product serves, m3 and m4 on
 * the second one (on the first if there is only one). Racks get a NIC on the BMC network where there was none. Throws
 * AppError `lab_topology` if nothing is served.
 */
export function withMachines(topology: Topology): Topology {
  if (topology.hosts.some((host) => host.machines)) return topology;
  const served = topology.networks.filter((network) => network.served).slice(0, SERVED_NETWORKS);
  if (served.length === 0)
    throw new AppError('lab_topology', 'Machines need a VLAN that a rack serves. What to do: add at least one rack.');
  const hasBmc = topology.networks.some((network) => network.name === BMC.name);
  const networks = hasBmc ? topology.networks : [...topology.networks, BMC];
  const hosts = hasBmc ? topology.hosts : topology.hosts.map(withBmcNic);
  const name = `${topology.name}, machines ${KINDS.map((kind) => kind.name).join(' ')}`;
  return { ...topology, name, networks, hosts: [...hosts, machinesHostOn(served)] };
}

function withBmcNic(host: LabHost): LabHost {
  if (!host.roles?.includes('rack')) return host;
  const number = host.nics[0]?.address?.split('/', 1)[0]?.split('.').at(-1) ?? '';
  const device = `eth${host.nics.length}`;
  return { ...host, nics: [...host.nics, { device, network: BMC.name, address: `10.88.0.${number}/24` }] };
}

/** Its first NIC is on the BMC network; the others are bridged to its machines. */
function machinesHostOn(served: readonly LabNetwork[]): LabHost {
  const bridged = served.map((network, index) => ({ device: `eth${index + 1}`, network: network.name }));
  const machines = KINDS.map(({ name, firmware, at, type }, index): LabMachine => {
    const network = (served[at] ?? served[0])?.name ?? '';
    const bmc = { type, address: `10.88.0.${101 + index}/24`, user: BMC_USER };
    // Virtual machines in the field also have 52:54:00.
    return { name, firmware, network, mac: `52:54:00:ab:00:0${index + 1}`, uuid: uuidOf(name), bmc };
  });
  const nics = [{ device: 'eth0', network: BMC.name, address: '10.88.0.100/24' }, ...bridged];
  return { name: MACHINES_HOST, nics, machines };
}

/** The same in every lab, so that a machine is the same one after every boot of the lab; of version 8 (RFC 9562), its bits our own. */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(`regent lab machine ${name}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
