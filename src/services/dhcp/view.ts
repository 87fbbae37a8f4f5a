import { digestOf } from '../../core/digest.ts';
import type { HostFacts } from '../../core/host-values.ts';
import { bareAddress } from '../../core/ip.ts';
import type { FileSpec, Finding } from '../kit/contract.ts';
import { bootClasses } from './boot-classes.ts';
import { classesOfNetwork, classesOfSubnet, subnetBootClasses } from './custom/boot.ts';
import { isTold, withOptions } from './custom/options.ts';
import type { DhcpDesired, DhcpNetwork, DhcpSubnet, StaticLease } from './desired.ts';

/** Regent's own folder of Kea; Debian's AppArmor profile lets kea-dhcp4 read all of `/etc/kea`. */
export const FOLDER = '/etc/kea/regent';
/** Kea's file. Its name is part of the pid file's, which AppArmor allows under Debian's name alone. */
export const KEA_CONF = `${FOLDER}/kea-dhcp4.conf`;
/** The same for `kea-dhcp4 -T`, but without lease file: the checker would read all leases, and fail for what is wrong with them. */
export const KEA_CHECK = `${FOLDER}/check/kea-dhcp4.conf`;

interface OptionView {
  readonly name: string;
  readonly data: string;
}

/** A class of clients, looked at for those networks and subnets that ask for it. */
interface ClassView {
  readonly name: string;
  readonly test: string;
  readonly file: string;
  readonly options: readonly OptionView[];
  readonly isLast: boolean;
}

interface FileView {
  readonly isPersistent: boolean;
  readonly tag: string;
  readonly links: readonly string[];
  readonly interfaces: readonly string[];
  readonly leaseTime: number;
  /** Texts of JSON: what operators set has names of Kea's own. */
  readonly optionsText: string;
  readonly classes: readonly ClassView[];
  readonly networksText: string;
}

/** What the template of `dhcp` sees: the file, and its copy for the checker. */
export interface DhcpView {
  readonly file: FileView;
}

/** The checker's copy first: it is there when the file comes. root owns both, Kea may read them. */
export const DHCP_FILES: readonly FileSpec<DhcpView>[] = [
  {
    template: 'kea-dhcp4.conf.hbs',
    format: 'json',
    mode: 0o640,
    owner: 'root',
    group: '_kea',
    instances: (view) => [
      { target: KEA_CHECK, view: { ...view.file, isPersistent: false }, isCopy: true },
      { target: KEA_CONF, view: view.file },
    ],
  },
];

/** Name of the running configuration: Kea gives it back as its server tag. */
export function tagOf(desired: DhcpDesired): string {
  return digestOf(desired).slice(0, 32);
}

/**
 * Makes the template's view. A VLAN whose interface or address is not there is left out, because Kea refuses the whole file for it, and a reload
 * with it would end the service of all. An interface's index is in the file: when it is made anew the file changes, and Kea opens new sockets.
 */
export function viewDhcp(desired: DhcpDesired, facts: HostFacts): DhcpView {
  const present = desired.networks.filter((network) => absenceOf(network, facts) === null);
  const classes = [...subnetBootClasses(present), ...bootClasses(present, desired.boot)];
  return {
    file: {
      isPersistent: true,
      tag: tagOf(desired),
      links: present.map((network) => `${network.interface}#${nicOf(network, facts)?.index ?? 0}`),
      interfaces: present.map((network) => `${network.interface}/${network.address}`),
      leaseTime: desired.leaseTime,
      optionsText: JSON.stringify(
        withOptions(
          [option('domain-name', [desired.domain]), option('domain-search', desired.search)],
          desired.options,
        ),
      ),
      classes: classes.map(({ name, test, file, vendorClass }, index) => ({
        name,
        test,
        file,
        options: vendorClass === undefined ? [] : [option('vendor-class-identifier', [vendorClass])],
        isLast: index === classes.length - 1,
      })),
      networksText: JSON.stringify(
        present.map((network) => ({
          name: `vlan-${network.vlanId}`,
          interface: network.interface,
          ...classesOfNetwork(network, classes),
          subnet4: network.subnets.map((subnet) => ({
            ...viewSubnet(subnet, desired),
            ...classesOfSubnet(network, subnet, classes),
          })),
        })),
      ),
    },
  };
}

/** What this host cannot serve right now: interfaces that are away, without their address, down or without a carrier. */
export function limitsDhcp(desired: DhcpDesired, facts: HostFacts): readonly Finding[] {
  return desired.networks.flatMap((network) => {
    const why = silenceOf(network, facts) ?? absenceOf(network, facts);
    if (why === null) return [];
    const subject = `VLAN ${network.vlan}`;
    const sentence = `${subject} gets no DHCP from this node: ${why}.`;
    return [{ code: 'interface_away', severity: 'warning' as const, subject, sentence }];
  });
}

function absenceOf(network: DhcpNetwork, facts: HostFacts): string | null {
  const nic = nicOf(network, facts);
  if (!nic) return `there is no interface ${network.interface}`;
  const hasAddress = nic.addresses.some((address) => bareAddress(address) === network.address);
  return hasAddress ? null : `${network.interface} does not have the address ${network.address}`;
}

function silenceOf(network: DhcpNetwork, facts: HostFacts): string | null {
  const nic = nicOf(network, facts);
  if (nic?.isUp === false) return `${network.interface} is down`;
  return nic?.hasCarrier === false ? `${network.interface} has no carrier` : null;
}

function nicOf(network: DhcpNetwork, facts: HostFacts): HostFacts['interfaces'][number] | undefined {
  return facts.interfaces.find((nic) => nic.name === network.interface);
}

function viewSubnet(subnet: DhcpSubnet, { options: ofSite }: DhcpDesired): object {
  const { gateway, resolvers, options, leaseTime } = subnet;
  const timeServers = isTold('ntp-servers', options, ofSite) ? [] : subnet.timeServers;
  const own = [
    ...(gateway === undefined ? [] : [option('routers', [gateway])]),
    ...(resolvers.length === 0 ? [] : [option('domain-name-servers', resolvers)]),
    ...(timeServers.length === 0 ? [] : [option('ntp-servers', timeServers)]),
  ];
  return {
    id: subnet.id,
    subnet: subnet.cidr,
    'next-server': subnet.nextServer,
    ...(leaseTime === undefined ? {} : { 'valid-lifetime': leaseTime }),
    pools: subnet.pools.map(({ first, last }) => viewPool(`${first}-${last}`, subnet)),
    'option-data': withOptions(own, options),
    reservations: subnet.leases.map(viewLease),
  };
}

/** Kea knows whether a client has a static lease before it looks for an address (`reservations-lookup-first`). */
function viewPool(pool: string, { ignoreUnknown = false }: DhcpSubnet): object {
  return { pool, ...(ignoreUnknown ? { 'client-class': 'KNOWN' } : {}) };
}

function viewLease(lease: StaticLease): object {
  const { domain, options = [] } = lease;
  const own = domain === undefined ? [] : [option('domain-name', [domain])];
  const told = withOptions(own, options);
  return {
    'hw-address': lease.mac,
    'ip-address': lease.address,
    ...(lease.hostname === undefined ? {} : { hostname: lease.hostname }),
    ...(told.length === 0 ? {} : { 'option-data': told }),
  };
}

function option(name: string, values: readonly string[]): OptionView {
  return { name, data: values.join(', ') };
}
