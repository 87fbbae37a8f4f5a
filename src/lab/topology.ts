/** A layer-2 segment of the lab: one bridge in the switch namespace. */
export interface LabNetwork {
  /** Lower-case letters and digits, at most 8: it names the bridge. */
  readonly name: string;
  /** The segment's prefix, for people; the lab itself assigns no addresses but those of NICs. */
  readonly cidr: string;
  /** For a network that the product serves: the number of its VLAN, and the addresses that DHCP gives there. */
  readonly served?: { readonly vid: number; readonly first: string; readonly last: string };
}

/** A network interface of a host or client. */
export interface LabNic {
  readonly device: string;
  readonly network: string;
  /** Address with prefix length, as the host's own configuration has it. */
  readonly address: string;
}

/** A whole Debian host: own systemd, own network namespace. */
export interface LabHost {
  readonly name: string;
  readonly nics: readonly LabNic[];
  /** The TCP port inside that is offered on the outer machine's 127.0.0.1; absent: nothing is. */
  readonly apiPort?: number;
}

/** A place on a network from which commands are run as a client would; no init, no daemons. Named as its network. */
export interface LabClient {
  readonly name: string;
  readonly nic: LabNic;
  readonly gateway: string;
  readonly resolver: string;
}

/** What a lab consists of. A value: the same functions bring up one host or many. */
export interface Topology {
  readonly name: string;
  readonly networks: readonly LabNetwork[];
  readonly hosts: readonly LabHost[];
  readonly clients: readonly LabClient[];
}

/** The port of the API on every host (cluster.md §7). */
const API_PORT = 5240;

/** One all-in-one host `r1` with a provisioning VLAN and a client on it. */
export const SINGLE: Topology = {
  name: 'single',
  networks: [
    { name: 'mgmt', cidr: '10.77.0.0/24' },
    { name: 'vlan10', cidr: '10.10.10.0/24', served: { vid: 10, first: '10.10.10.200', last: '10.10.10.250' } },
  ],
  hosts: [
    {
      name: 'r1',
      nics: [
        { device: 'eth0', network: 'mgmt', address: '10.77.0.11/24' },
        { device: 'eth1', network: 'vlan10', address: '10.10.10.1/24' },
      ],
      apiPort: API_PORT,
    },
  ],
  clients: [
    {
      name: 'vlan10',
      nic: { device: 'eth0', network: 'vlan10', address: '10.10.10.100/24' },
      gateway: '10.10.10.1',
      resolver: '10.10.10.1',
    },
  ],
};

/** The bare address of a NIC, without the prefix length. */
export function addressOf(nic: LabNic): string {
  return nic.address.slice(0, nic.address.indexOf('/'));
}

/** Every host of the topology as `/etc/hosts` lines, by its first NIC. */
export function hostsFile(topology: Topology): string {
  const lines = topology.hosts.flatMap((host) => {
    const nic = host.nics[0];
    return nic ? [`${addressOf(nic)} ${host.name}`] : [];
  });
  return ['127.0.0.1 localhost', '::1 localhost', ...lines, ''].join('\n');
}
