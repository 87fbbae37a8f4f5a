import type { RouteOutput } from '../../../src/contract/routes.ts';
import { before } from './when.ts';

type Item<I extends 'vlan.list' | 'subnet.list' | 'lease.list' | 'rack.list'> = RouteOutput<I>['items'][number];

/** Networks of a site that a test plays. */
export interface NetworkData {
  vlans: Item<'vlan.list'>[];
  subnets: Item<'subnet.list'>[];
  leases: Item<'lease.list'>[];
  racks: Item<'rack.list'>[];
}

const HOUR = 3_600_000;

/** Two VLANs with a pair each, one without DHCP. `free`: what takes the place of free texts. */
export function networks(free = ''): NetworkData {
  return {
    vlans: [
      vlan(1, 'vlan10', 10, free),
      vlan(2, 'vlan20', 20, free),
      { ...vlan(3, 'mgmt', 0, free), dhcpOn: false, server: null },
    ],
    subnets: [
      subnet(1, '10.10.10.0/24', 'vlan10'),
      subnet(2, '10.10.20.0/22', 'vlan20'),
      subnet(3, '2001:db8::/64', 'mgmt'),
    ],
    leases: [lease('10.10.10.100', free || 'printer'), lease('10.10.10.101', free || 'phone')],
    racks: [rack('k1', true, free), rack('k2', false, free)],
  };
}

/** k2 is gone: VLANs have one rack; a rack waits; an address was declined. */
export function illNetworks(free = ''): NetworkData {
  const well = networks(free);
  return {
    ...well,
    vlans: well.vlans.map((row) =>
      row.server === null
        ? row
        : {
            ...row,
            server: {
              ...row.server,
              servedBy: row.id === 1 ? null : 'k1',
              isWhole: false,
              why: free || 'k2 is silent',
            },
          },
    ),
    leases: well.leases.map((row, index) => (index === 0 ? { ...row, state: 'declined' as const } : row)),
    racks: [...well.racks, { ...rack('k9', false, free), state: 'waiting' as const, node: null, acceptedAt: null }],
  };
}

/** As many VLANs and subnets as a large site has. */
export function manyNetworks(vlans: number, subnets: number): NetworkData {
  const [first] = networks().leases;
  const cidrOf = (index: number) => `10.${100 + Math.floor(index / 250)}.${index % 250}.0/24`;
  return {
    ...networks(),
    vlans: Array.from({ length: vlans }, (_, index) => ({
      ...vlan(index + 1, `vlan${index + 1}`, index + 1, ''),
      fabric: `hall-${1 + Math.floor(index / 50)}`,
      fabricId: 1 + Math.floor(index / 50),
    })),
    subnets: Array.from({ length: subnets }, (_, index) => ({
      ...subnet(index + 1, cidrOf(index), `vlan${1 + (index % vlans)}`),
      vlanId: 1 + (index % vlans),
    })),
    leases:
      first === undefined
        ? []
        : Array.from({ length: 1000 }, (_, index) => ({
            ...first,
            address: `10.10.${Math.floor(index / 250)}.${1 + (index % 250)}`,
            hostname: `host${index + 1}`,
          })),
  };
}

function vlan(id: number, name: string, vid: number, free: string): NetworkData['vlans'][number] {
  const [primary, secondary] = id % 2 === 1 ? ['k1', 'k2'] : ['k2', 'k1'];
  return {
    id,
    name,
    vid,
    fabric: 'lab',
    fabricId: 1,
    space: free || null,
    spaceId: free === '' ? null : 1,
    dhcpOn: true,
    dnsOn: true,
    relayVlan: null,
    primaryRack: primary,
    secondaryRack: secondary,
    server: {
      primary,
      secondary,
      isChosen: false,
      servedBy: primary,
      since: before(5 * HOUR),
      isWhole: true,
      why: free || 'both racks follow each other',
    },
    racks: [
      {
        node: 'k1',
        interface: 'eth1',
        addresses: [`10.10.${vid}.2/24`],
      },
      {
        node: 'k2',
        interface: 'eth1',
        addresses: [`10.10.${vid}.3/24`],
      },
    ],
    enlistOn: true,
    pools: [
      {
        subnet: `10.10.${vid}.0/24`,
        size: 100,
        used: 40,
        free: 60,
        perHour: 1,
        fullAt: null,
        sides: [
          {
            node: 'k1',
            used: 40,
          },
        ],
        pools: [],
      },
    ],
  };
}

function subnet(id: number, cidr: string, vlanName: string): NetworkData['subnets'][number] {
  return {
    id,
    name: cidr,
    cidr,
    vlan: vlanName,
    vlanId: id,
    gateway: null,
    resolvers: [],
    managed: true,
    dnsOn: true,
    proxyOn: true,
    used: 12,
    dynamic: 100,
    ...({ dhcpOptions: [] } as object),
  } as NetworkData['subnets'][number];
}

function lease(address: string, hostname: string): NetworkData['leases'][number] {
  return {
    address,
    subnet: '10.10.10.0/24',
    subnetId: 1,
    vlan: 'lab/vlan10',
    vlanId: 1,
    node: 'k1',
    heldBy: ['k1', 'k2'],
    partner: 'k2',
    mac: '02:00:00:00:00:01',
    clientId: null,
    hostname,
    machine: null,
    kind: 'dynamic',
    state: 'active',
    startsAt: '2026-03-01T10:00:00Z',
    expiresAt: '2026-03-01T22:00:00Z',
  } as NetworkData['leases'][number];
}

function rack(name: string, isMaster: boolean, free: string): NetworkData['racks'][number] {
  return {
    uuid: `00000000-0000-4000-8000-00000000000${name.slice(1)}`,
    name,
    state: 'accepted',
    isMaster,
    isPlaceholder: false,
    node: name,
    publicKey: null,
    mayRekey: false,
    registeredAt: before(9 * HOUR),
    acceptedAt: before(8 * HOUR),
    seenAt: before(4e3),
    source: free || '10.77.0.21',
    machines: 3,
    vlans: [
      {
        vlan: 'lab/vlan10',
        interface: 'eth1',
        addresses: ['10.10.10.2/24'],
      },
    ],
  };
}
