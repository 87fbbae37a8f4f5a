import type { RouteOutput } from '../../../src/contract/routes.ts';
import { before } from './when.ts';

/** Networks of a site. */
export interface NetworkData {
  vlans: RouteOutput<'vlan.list'>['items'];
}

const HOUR = 3_600_000;

/** Two VLANs with a pair each, one without DHCP. */
export function networks(): NetworkData {
  return {
    vlans: [vlan(1, 'vlan10', 10), vlan(2, 'vlan20', 20), { ...vlan(3, 'mgmt', 0), dhcpOn: false, server: null }],
  };
}

function vlan(id: number, name: string, vid: number): NetworkData['vlans'][number] {
  const [primary, secondary] = id % 2 === 1 ? ['k1', 'k2'] : ['k2', 'k1'];
  return {
    id,
    name,
    vid,
    fabric: 'lab',
    fabricId: 1,
    space: null,
    spaceId: null,
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
      why: 'both racks follow each other',
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
