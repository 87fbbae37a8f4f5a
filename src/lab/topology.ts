/** A layer-2 segment of the lab: one bridge in the switch namespace. */
export interface LabNetwork {
  /** Lower-case letters and digits, at most 8: it names the bridge. */
  readonly name: string;
  /** The segment's prefix, for people; the lab itself assigns no addresses but those of NICs and of the router. */
  readonly cidr: string;
  /** The router's address with prefix length; absent: the network leads nowhere. */
  readonly router?: string;
  /** For a network that the product serves. */
  readonly served?: LabServed;
}

/** How a network is served: the number of its VLAN, the addresses that DHCP gives there, and the pair of racks that does; none: it is left to the product. */
export interface LabServed {
  readonly vid: number;
  readonly first: string;
  readonly last: string;
  readonly pair?: readonly [primary: string, secondary: string];
}

/** A network interface of a host or client. */
export interface LabNic {
  readonly device: string;
  readonly network: string;
  /** Address with prefix length, as the host's own configuration has it. Absent: a bridge in the host carries the network on to its machines. */
  readonly address?: string;
}

/** The firmware of a machine: how it boots. */
export type LabFirmware = 'bios' | 'uefi';

/** A virtual machine, whole from its firmware on, which is switched by a BMC of its own. */
export interface LabMachine {
  readonly name: string;
  readonly firmware: LabFirmware;
  /** The network of its only NIC. */
  readonly network: string;
  readonly mac: string;
  readonly uuid: string;
  /** Its BMC's protocol, and its address with prefix length. */
  readonly bmc: { readonly type: 'ipmi' | 'redfish'; readonly address: string; readonly user: string };
}

/** A file system of its own and of bounded size, so that it can be filled without filling the machine's. */
export interface LabDisk {
  readonly path: string;
  /** Its size; only what is written takes room on the machine. */
  readonly megabytes: number;
}

/** What `scripts/up` makes of a host, as a person would: its own init or join says the same. */
export type LabRole = 'region' | 'rack';

/** A whole Debian host: own systemd, own network namespace. */
export interface LabHost {
  readonly name: string;
  readonly nics: readonly LabNic[];
  readonly disks?: readonly LabDisk[];
  readonly roles?: readonly LabRole[];
  /** The TCP port inside that is offered on the outer machine's 127.0.0.1; absent: nothing is. */
  readonly apiPort?: number;
  /** Virtual machines that it carries: then it is no host of the product, and lies on a root of its own kind. */
  readonly machines?: readonly LabMachine[];
}

/** A place on a network from which commands are run as a client would; no init, no daemons. Named as its network. */
export interface LabClient {
  readonly name: string;
  readonly nic: LabNic & { readonly address: string };
  readonly gateway: string;
  /** In the order in which they are queried; the C library knows three (resolv.conf(5)). */
  readonly resolvers: readonly string[];
}

/** What a lab consists of. A value: the same functions bring up one host or many. */
export interface Topology {
  readonly name: string;
  readonly networks: readonly LabNetwork[];
  readonly hosts: readonly LabHost[];
  readonly clients: readonly LabClient[];
  /** The cluster's address with prefix length, on the first network; its API is offered outside. Absent: no cluster. */
  readonly vip?: string;
}

/** What lies behind the router: every network that a lab may have or get, and nothing of the machine's own. */
const SITE_CIDR = '10.0.0.0/8';

/** A route to the networks that a host has no NIC on. */
export type LabRoute = { readonly cidr: string; readonly gateway: string };

/** The port of the API on every host. */
export const API_PORT = 5240;

/** An address without its prefix length. */
export const bareAddress = (address: string): string => address.split('/', 1)[0] ?? address;

/** The bare address of a NIC, without the prefix length; empty for one without an address. */
export const addressOf = (nic: LabNic): string => bareAddress(nic.address ?? '');

/** The host that carries the machines; null if there are none. */
export function machinesHost(topology: Topology): (LabHost & { readonly machines: readonly LabMachine[] }) | null {
  for (const host of topology.hosts) if (host.machines) return { ...host, machines: host.machines };
  return null;
}

/** Every host of the topology as `/etc/hosts` lines, by its first NIC; the machines' host is known to nobody. */
export function hostsFile(topology: Topology): string {
  const lines = topology.hosts.flatMap((host) => {
    const nic = host.machines ? undefined : host.nics[0];
    return nic ? [`${addressOf(nic)} ${host.name}`] : [];
  });
  return ['127.0.0.1 localhost', '::1 localhost', ...lines, ''].join('\n');
}

/**
 * A host's route to the networks that it has no NIC on: the router of its first one. Nowhere else: the lab has no outside. BMCs have none, so
 * that only racks reach them.
 */
export function routeOf(topology: Topology, host: LabHost): LabRoute | null {
  if (host.machines) return null;
  const router = topology.networks.find((network) => network.name === host.nics[0]?.network)?.router;
  return router === undefined ? null : { cidr: SITE_CIDR, gateway: bareAddress(router) };
}
