import type { BondSettings } from '../interfaces/settings.ts';
import type { NetworkPlan, PlannedInterface } from './network.ts';

type NetworkdLine = readonly [key: string, value: string | number];
type Section = readonly [title: string, lines: readonly NetworkdLine[]];

/**
 * The plan as files of systemd-networkd and udev (systemd.link(5), .netdev(5), .network(5)), by name. A card is found by its own MAC address, whatever
 * the kernel calls it and whatever address its bond gives it: so a name that another card has yet costs nothing but the name.
 */
export function networkdFiles({ interfaces }: NetworkPlan): Readonly<Record<string, string>> {
  const files = interfaces.flatMap((one): [string, string][] => [
    one.kind === 'physical'
      ? [`10-${one.name}.link`, textOf(linkOf(one))]
      : [`20-${one.name}.netdev`, textOf(netdevOf(one))],
    [`30-${one.name}.network`, textOf(networkOf(one, interfaces))],
  ]);
  return Object.fromEntries(files);
}

function linkOf({ name, mac }: PlannedInterface): Section[] {
  return [
    ['Match', [['PermanentMACAddress', mac]]],
    ['Link', [['Name', name]]],
  ];
}

function netdevOf({ name, kind, mac, vid, bond, bridge }: PlannedInterface): Section[] {
  const netdev: Section = [
    'NetDev',
    [
      ['Name', name],
      ['Kind', kind],
      ['MACAddress', mac],
    ],
  ];
  if (vid !== undefined) return [netdev, ['VLAN', [['Id', vid]]]];
  if (bond) return [netdev, ['Bond', bondLines(bond)]];
  if (!bridge) return [netdev];
  const delay: NetworkdLine = ['ForwardDelaySec', bridge.forwardDelay];
  return [netdev, ['Bridge', [['STP', yes(bridge.stp)], delay]]];
}

function bondLines({
  mode,
  miimon,
  downDelay,
  upDelay,
  lacpRate,
  hashPolicy,
  gratuitousArps,
}: BondSettings): NetworkdLine[] {
  return [
    ['Mode', mode],
    ['MIIMonitorSec', `${miimon}ms`],
    ['DownDelaySec', `${downDelay}ms`],
    ['UpDelaySec', `${upDelay}ms`],
    ['GratuitousARP', gratuitousArps],
    ...(lacpRate === undefined ? [] : [['LACPTransmitRate', lacpRate] as const]),
    ...(hashPolicy === undefined ? [] : [['TransmitHashPolicy', hashPolicy] as const]),
  ];
}

function networkOf(one: PlannedInterface, all: readonly PlannedInterface[]): Section[] {
  const match: NetworkdLine = one.kind === 'physical' ? ['PermanentMACAddress', one.mac] : ['Name', one.name];
  const link: NetworkdLine[] = [
    ...(one.mtu === null ? [] : [['MTUBytes', one.mtu] as const]),
    ['RequiredForOnline', yes(one.isNeeded)],
  ];
  return [
    ['Match', [match]],
    ['Link', link],
    ['Network', networkLines(one, all)],
    ...one.routers.map((router): Section => ['Route', [['Gateway', router]]]),
    ...(one.routes ?? []).map(
      ({ to, via, metric }): Section => [
        'Route',
        [['Gateway', via], ['Destination', to], ...(metric === undefined ? [] : [['Metric', metric] as const])],
      ],
    ),
    ...dhcpSections(one),
  ];
}

function networkLines(one: PlannedInterface, all: readonly PlannedInterface[]): NetworkdLine[] {
  const above = all.filter(({ parents }) => parents.includes(one.name));
  const master = above.find(({ kind }) => kind !== 'vlan');
  return [
    ...(master === undefined ? [] : [[master.kind === 'bond' ? 'Bond' : 'Bridge', master.name] as const]),
    ...above.filter(({ kind }) => kind === 'vlan').map(({ name }) => ['VLAN', name] as const),
    ['DHCP', dhcpMode(one)],
    ['LinkLocalAddressing', one.isPlain ? 'no' : 'ipv6'],
    ['IPv6AcceptRA', yes(one.hasAdvertised)],
    ...one.addresses.map((address) => ['Address', address] as const),
    ...one.resolvers.map((address) => ['DNS', address] as const),
    ...(one.search.length === 0 ? [] : [['Domains', one.search.join(' ')] as const]),
  ];
}

function dhcpMode({ hasDhcp4, hasDhcp6 }: PlannedInterface): string {
  if (hasDhcp4 && hasDhcp6) return 'yes';
  if (hasDhcp4) return 'ipv4';
  return hasDhcp6 ? 'ipv6' : 'no';
}

/** The client identifies itself by its MAC address, as firmware does, so that it gets the same lease (boot.md: client-id). */
function dhcpSections({ hasDhcp4, hasDhcp6, hasDhcpRoutes, hasAdvertised }: PlannedInterface): Section[] {
  const routes: NetworkdLine = ['UseRoutes', yes(hasDhcpRoutes)];
  return [
    ...(hasDhcp4 ? [['DHCPv4', [['ClientIdentifier', 'mac'], routes]] as const] : []),
    // Without a router that announces DHCPv6 the client starts by itself.
    ...(hasDhcp6 && !hasAdvertised ? [['DHCPv6', [['WithoutRA', 'solicit']]] as const] : []),
    ...(hasDhcp6 && hasAdvertised && !hasDhcpRoutes ? [['IPv6AcceptRA', [['UseGateway', 'no']]] as const] : []),
  ];
}

const yes = (is: boolean): string => (is ? 'yes' : 'no');

function textOf(sections: readonly Section[]): string {
  return sections
    .map(([title, lines]) => `[${title}]\n${lines.map(([key, value]) => `${key}=${value}\n`).join('')}`)
    .join('\n');
}
