import { type BootClass, bootClasses } from '../boot-classes.ts';
import type { BootFiles, DhcpDesired, DhcpNetwork, DhcpSubnet } from '../desired.ts';

/**
 * A class for each subnet whose clients boot something of their own. Of several classes the first that names a boot file counts, whatever subnet
 * and client say (tried with Kea 2.6): so a class is evaluated only for those who request it, and such a subnet requests only its own.
 */
function subnetBootClasses(networks: readonly DhcpNetwork[]): BootClass[] {
  const subnets = networks.flatMap((network) => network.subnets.map((subnet) => ({ vlanId: network.vlanId, subnet })));
  return subnets.flatMap(({ vlanId, subnet }) =>
    subnet.bootFile === undefined
      ? []
      : [{ name: nameOf(subnet), vlanId, test: "member('ALL')", file: subnet.bootFile }],
  );
}

/** All classes of a node's Kea: those of subnets that boot something of their own, and the usual ones. */
export function allClasses(networks: readonly DhcpNetwork[], files: BootFiles): BootClass[] {
  return [...subnetBootClasses(networks), ...bootClasses(networks, files)];
}

/** Their names, whatever interfaces are there. */
export function classNames({ networks, boot }: DhcpDesired): string[] {
  return allClasses(networks, boot).map(({ name }) => name);
}

/** A class as Kea's file has it: evaluated for those networks and subnets that request it. */
export function keaClass({ name, test, file, options = [] }: BootClass): object {
  return {
    name,
    test,
    'only-if-required': true,
    'boot-file-name': file,
    'option-data': options,
  };
}

/** So long a client keeps its address at most that asks for a boot file and has no static lease, seconds. */
const PASSING_LEASE_S = 300;

/**
 * Clients that boot and that nobody knows: loaders ask once and never renew, and the system that they load asks for itself. So a thousand strange cards leave the
 * pool after minutes, however long leases last. It is no class that only some request: Kea evaluates those when the lease is made already.
 */
export function passingClass({ leaseTime, networks }: Pick<DhcpDesired, 'leaseTime' | 'networks'>): object {
  const times = networks.flatMap(({ subnets }) => subnets.map((subnet) => subnet.leaseTime ?? leaseTime));
  return {
    name: 'boot-unknown',
    test: "option[93].exists and member('UNKNOWN')",
    'valid-lifetime': Math.min(PASSING_LEASE_S, leaseTime, ...times),
  };
}

/** Classes of network boot that a whole network asks for: none, where a subnet of it has its own. */
export function classesOfNetwork(network: DhcpNetwork, classes: readonly BootClass[]): object {
  return { 'require-client-classes': isMixed(network) ? [] : usualClasses(network, classes) };
}

/** Classes that a subnet asks for itself. */
export function classesOfSubnet(network: DhcpNetwork, subnet: DhcpSubnet, classes: readonly BootClass[]): object {
  if (!isMixed(network)) return {};
  const names = subnet.bootFile === undefined ? usualClasses(network, classes) : [nameOf(subnet)];
  return { 'require-client-classes': names };
}

function isMixed({ subnets }: DhcpNetwork): boolean {
  return subnets.some(({ bootFile }) => bootFile !== undefined);
}

/** Regent's own: those of the VLAN, and those of every VLAN. */
function usualClasses({ vlanId, subnets }: DhcpNetwork, classes: readonly BootClass[]): string[] {
  const own = new Set(subnets.map(nameOf));
  const isUsual = (item: BootClass) => (item.vlanId ?? vlanId) === vlanId && !own.has(item.name);
  return classes.filter(isUsual).map(({ name }) => name);
}

function nameOf({ id }: Pick<DhcpSubnet, 'id'>): string {
  return `boot-subnet-${id}`;
}
