import { isRejected } from '../../src/core/errors.ts';
import {
  type NetworkMachine,
  type NetworkPlan,
  type NetworkSite,
  planNetwork,
} from '../../src/model/machines/deployment/network.ts';
import { parseBond, parseBridge } from '../../src/model/machines/interfaces/settings.ts';
import type { InterfaceLink, MachineInterface } from '../../src/model/machines/machine.ts';

const vlan = (id: number, vid: number, fabricId = 1) => ({ id, name: `vlan-${vid}`, vid, fabricId, dnsOn: true });
const subnet = (id: number, vlanId: number, cidr: string, more: { gateway?: string; resolvers?: string[] }) => ({
  id,
  vlanId,
  cidr,
  gateway: more.gateway ?? null,
  resolvers: more.resolvers ?? [],
  dnsOn: true,
});

/** A fabric with an untagged VLAN (1), 100 (2) and 200 (3), and another one (9); subnets of them. */
export const NETWORK_SITE: NetworkSite = {
  vlans: [vlan(1, 0), vlan(2, 100), vlan(3, 200), vlan(9, 100, 2)],
  subnets: [
    subnet(1, 1, '10.10.0.0/24', { gateway: '10.10.0.1' }),
    subnet(2, 2, '10.10.100.0/24', { gateway: '10.10.100.1', resolvers: ['10.10.100.53'] }),
    subnet(3, 3, '10.10.200.0/24', {}),
    subnet(4, 1, '2001:db8:10::/64', { gateway: '2001:db8:10::1' }),
  ],
  resolvers: ['10.10.0.53', '10.10.0.54'],
  search: ['example.test'],
};

/** A link; `id` is of no matter here. */
export function aLink(
  mode: InterfaceLink['mode'],
  subnetId: number | null,
  address: string | null = null,
  isGateway = false,
): InterfaceLink {
  return { id: 0, mode, subnetId, address, isGateway };
}

/** A card whose MAC address ends in its number. */
export function aCard(name: string, number: number, more: Partial<MachineInterface> = {}): MachineInterface {
  const mac = `52:54:00:00:00:${number.toString(16).padStart(2, '0')}`;
  return { id: number, name, mac, kind: 'physical', vlanId: 1, addresses: [], ...more };
}

/** A bond, a bridge or a VLAN interface on others. */
export function onTop(
  kind: 'bond' | 'bridge' | 'vlan',
  name: string,
  parents: string[],
  more: Partial<MachineInterface> = {},
): MachineInterface {
  const bond = parseBond({ mode: '802.3ad', lacpRate: 'fast', hashPolicy: 'layer3+4', upDelay: 200 });
  const bridge = parseBridge({ stp: true, forwardDelay: 4 });
  if (isRejected(bond) || isRejected(bridge)) throw new Error('settings of tests are good ones');
  const own = kind === 'bond' ? { bond } : kind === 'bridge' ? { bridge } : {};
  return { ...aCard(name, 1), kind, parents, ...own, ...more };
}

/** Machines of the golden files, by what is to be seen there. */
export const NETWORK_CASES: Readonly<Record<string, NetworkMachine>> = {
  'one-card': { interfaces: [aCard('eth0', 1, { addresses: [{ subnetId: 1, address: '10.10.0.20' }] })] },
  dhcp: { interfaces: [aCard('enp1s0', 1, { links: [aLink('dhcp', null)] }), aCard('enp2s0', 2, { links: [] })] },
  'nobody-said': { interfaces: [aCard('enp1s0', 1), aCard('enp2s0', 2)], bootMac: '52:54:00:00:00:02' },
  'two-families': {
    interfaces: [
      aCard('eth0', 1, { links: [aLink('static', 1, '10.10.0.20'), aLink('auto', 4, '2001:db8:10::20')] }),
      aCard('eth1', 2, { vlanId: null, links: [aLink('link', null)] }),
    ],
  },
  advertised: {
    interfaces: [
      aCard('eth0', 1, { acceptRa: false, links: [aLink('static', 4, '2001:db8:10::20')] }),
      aCard('eth1', 2, { acceptRa: true, links: [aLink('link', null)] }),
      aCard('eth2', 3, { acceptRa: false, links: [aLink('dhcp', 4)] }),
    ],
  },
  'several-subnets': {
    interfaces: [
      aCard('eth0', 1, { links: [aLink('dhcp', 1)] }),
      aCard('eth1', 2, { vlanId: 2, links: [aLink('static', 2, '10.10.100.20', true)] }),
      aCard('no', 3, { vlanId: 3, links: [aLink('static', 3, '10.10.200.20'), aLink('static', 3, '10.10.200.21')] }),
    ],
  },
  'bond-vlan-bridge': {
    interfaces: [
      onTop('bond', 'bond0', ['eth0', 'eth1'], { mtu: 9000, links: [aLink('auto', 1, '10.10.0.20')] }),
      aCard('eth0', 1),
      aCard('eth1', 2),
      onTop('bridge', 'br100', ['bond0-100'], { vlanId: 2, mtu: 1500, links: [aLink('static', 2, '10.10.100.20')] }),
      onTop('vlan', 'bond0-100', ['bond0'], { vlanId: 2 }),
      onTop('vlan', 'bond0-200', ['bond0'], { vlanId: 3, mtu: 1400, links: [aLink('static', 3, '10.10.200.20')] }),
    ],
  },
};

/** A plan that must be possible. */
export function planOfCase(name: string): NetworkPlan {
  const plan = planNetwork(NETWORK_CASES[name] ?? { interfaces: [] }, NETWORK_SITE);
  if (isRejected(plan)) throw new Error(`${name}: ${plan.message}`);
  return plan;
}
