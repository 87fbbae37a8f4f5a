import { AppError } from '../core/errors.ts';
import type { LabClient, LabDisk, LabHost, LabNetwork, LabRole, Topology } from './topology.ts';
import { addressOf, API_PORT, bareAddress } from './topology.ts';

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
      roles: ['region', 'rack'],
      apiPort: API_PORT,
    },
  ],
  clients: [
    {
      name: 'vlan10',
      nic: { device: 'eth0', network: 'vlan10', address: '10.10.10.100/24' },
      gateway: '10.10.10.1',
      resolvers: ['10.10.10.1'],
    },
  ],
};

const MGMT: LabNetwork = { name: 'mgmt', cidr: '10.77.0.0/24', router: '10.77.0.254/24' };
const BMC: LabNetwork = { name: 'bmc', cidr: '10.88.0.0/24', router: '10.88.0.254/24' };
const VIP = '10.77.0.10/24';
/** Hosts are numbered with one digit in their addresses. */
const MOST = 9;
const RESOLVERS = 3;

/** Where a failing disk hurts: the database with its WAL, the state of etcd, the logs. */
const REGION_DISKS: readonly LabDisk[] = [
  { path: '/var/lib/postgresql', megabytes: 3072 },
  { path: '/var/lib/etcd', megabytes: 1024 },
  { path: '/var/log', megabytes: 1024 },
];
/** The leases and the logs. */
const RACK_DISKS: readonly LabDisk[] = [
  { path: '/var/lib/kea', megabytes: 256 },
  { path: '/var/log', megabytes: 1024 },
];

/** How large a cluster is to be. */
export interface ClusterSize {
  readonly regions: number;
  readonly racks: number;
  /** The second region node has a NIC on the first VLAN and is its rack; racks that follow take the next VLANs. */
  readonly isMixed?: boolean;
}

/**
 * A site: regions r1… on the management network, racks k1… each on a VLAN of its own and on that of its partner, a BMC network that racks reach, and the
 * site's router (its layer-3 switch), which leads from each network to the others. So machines on a VLAN reach the regions'
 * resolvers and proxies as they do in a real site, and no host of the product is on that route. Throws AppError `lab_topology`.
 */
export function clusterOf(size: ClusterSize): Topology {
  const { regions, racks, isMixed = false } = size;
  check('regions', regions, isMixed ? 2 : 1);
  check('racks', racks, 0);
  const shift = isMixed ? 1 : 0;
  check('VLANs', racks + shift, 0);
  const names = [...(isMixed ? ['r2'] : []), ...count(racks).map((index) => `k${index}`)];
  const vlans = names.map((name, at) => vlanOf(at + 1, names.length < 2 ? [name] : [name, nextOf(names, at)]));
  // Its own VLAN, and that of the rack before it, whose secondary it is.
  const ownVlans = (name: string) => {
    const at = names.indexOf(name);
    if (at < 0) return [];
    const own = [vlans[at], names.length < 2 ? undefined : vlans.at(at - 1)];
    return own.flatMap((vlan) => vlan ?? []);
  };
  const region = (index: number): LabHost => {
    const name = `r${index}`;
    return host(name, `10.77.0.${10 + index}`, ownVlans(name), names.includes(name) ? ['region', 'rack'] : ['region']);
  };
  const rack = (index: number) => host(`k${index}`, `10.77.0.${20 + index}`, ownVlans(`k${index}`), ['rack']);
  const hosts = [...count(regions).map(region), ...count(racks).map(rack)];
  const resolvers = hosts.filter((item) => item.roles?.includes('region')).flatMap((item) => item.nics.slice(0, 1));
  const networks = [MGMT, ...vlans, BMC];
  const clients = [MGMT, ...vlans].map((network) => clientOf(network, resolvers.slice(0, RESOLVERS).map(addressOf)));
  const racksText = isMixed ? `, r2 a rack too, ${racks} more racks` : `, ${racks} racks`;
  return { name: `${regions} regions${racksText}`, networks, hosts, clients, vip: VIP };
}

function check(what: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value <= MOST) return;
  throw new AppError('lab_topology', `${value} ${what} is not possible. What to do: give ${least} to ${MOST}.`);
}

const count = (to: number): number[] => Array.from({ length: to }, (_, index) => index + 1);

const nextOf = (names: readonly string[], at: number): string => names[(at + 1) % names.length] ?? '';

function vlanOf(index: number, [primary = '', secondary]: readonly string[]): LabNetwork {
  const vid = index * 10;
  const prefix = `10.${vid}.${vid}`;
  return {
    name: `vlan${vid}`,
    cidr: `${prefix}.0/24`,
    router: `${prefix}.254/24`,
    served: {
      vid,
      first: `${prefix}.200`,
      last: `${prefix}.250`,
      ...(secondary === undefined ? {} : { pair: [primary, secondary] as const }),
    },
  };
}

/** A host on mgmt. A rack has its own VLAN at the first address, that of its partner at the second, and reaches the BMCs. */
function host(name: string, address: string, vlans: readonly LabNetwork[], roles: readonly LabRole[]): LabHost {
  const isRegion = roles.includes('region');
  const disks = [
    ...(isRegion ? REGION_DISKS : []),
    ...RACK_DISKS.filter((disk) => roles.includes('rack') && !(isRegion && disk.path === '/var/log')),
  ];
  const nics = [{ device: 'eth0', network: 'mgmt', address: `${address}/24` }];
  const [own, other] = vlans;
  if (own) {
    nics.push({ device: 'eth1', network: own.name, address: own.cidr.replace('.0/', '.1/') });
    nics.push({ device: 'eth2', network: 'bmc', address: `10.88.0.${address.split('.').at(-1)}/24` });
  }
  if (other) nics.push({ device: 'eth3', network: other.name, address: other.cidr.replace('.0/', '.2/') });
  return { name, nics, disks, roles };
}

function clientOf(network: LabNetwork, resolvers: readonly string[]): LabClient {
  const nic = { device: 'eth0', network: network.name, address: network.cidr.replace('.0/', '.100/') };
  return { name: network.name, nic, gateway: bareAddress(network.router ?? ''), resolvers };
}

/** The default: three regions, two racks, two VLANs: each rack is the primary one of one of them and the secondary one of the other. */
export const CLUSTER = clusterOf({ regions: 3, racks: 2 });

/** Three regions, of which the second is the only rack. */
export const MIXED = clusterOf({ regions: 3, racks: 0, isMixed: true });
