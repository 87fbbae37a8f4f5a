import { digestOf } from '../../core/stable-json.ts';
import type { HostFacts } from '../../core/host-values.ts';
import { bareAddress } from '../../core/ip.ts';
import type { FileSpec, Finding } from '../kit/contract.ts';
import { CLIENTS_GRAMMAR } from '../kit/grammar/trust-lists.ts';
import { pemLines } from '../kit/pem-lines.ts';
import { allocatorOf } from './allocator.ts';
import type { BootClass } from './boot-classes.ts';
import { allClasses, classesOfNetwork, classesOfSubnet, keaClass, passingClass } from './custom/boot.ts';
import { withSnippets } from './custom/merge.ts';
import { hasOption, withOptions } from './custom/options.ts';
import { bodiesOf } from './custom/snippets.ts';
import type { DhcpDesired, DhcpNetwork, DhcpPair, DhcpSubnet, NamedClient, StaticLease } from './desired.ts';
import { keaGrammar, PAIR_GRAMMAR } from './lint/grammar.ts';
import { checkedPair, type PairView, servedAs, viewPair } from './pair/view.ts';
import type { KeaPlaces } from './places.ts';

interface OptionView {
  readonly name: string;
  readonly data: string;
}

interface FileView {
  readonly isPersistent: boolean;
  readonly socket: string;
  readonly leaseFile: string;
  /** One, or none: the pair that the server is of. */
  readonly pairs: readonly PairView[];
  readonly tag: string;
  readonly links: readonly string[];
  readonly interfaces: readonly string[];
  readonly leaseTime: number;
  /** Texts of JSON: what operators set has names of Kea's own. */
  readonly optionsText: string;
  readonly classesText: string;
  readonly networksText: string;
  /** What snippets set for all clients besides. */
  readonly members: readonly { readonly name: string; readonly text: string }[];
}

/** What the template of `dhcp` sees: the file, and its copy for the checker. */
export interface DhcpView {
  readonly file: FileView;
  /** Lines of the certificate by which the partner is known; none while the pair speaks clear text. */
  readonly partner: readonly { readonly authority: readonly string[] }[];
  readonly pair: {
    readonly text: Omit<DhcpPair, 'trust'> & {
      readonly vlans: readonly string[];
      readonly interfaces: readonly string[];
    };
  } | null;
}

/** The checker's copy first: it is there when the file comes; so is what the file names. root owns them, Kea may read them. */
export function filesOf(places: KeaPlaces): readonly FileSpec<DhcpView>[] {
  const owned = { format: 'json', mode: 0o640, owner: 'root', group: '_kea' } as const;
  return [
    {
      ...owned,
      template: 'pair.json.hbs',
      grammar: PAIR_GRAMMAR,
      instances: ({ pair }) => (pair === null ? [] : [{ target: places.pair, view: pair }]),
    },
    {
      ...owned,
      format: 'text',
      comment: null,
      template: 'partner.crt.hbs',
      grammar: { ...CLIENTS_GRAMMAR, names: 'partner\\.crt' },
      instances: ({ partner }) => partner.map((view) => ({ target: places.partner, view })),
    },
    {
      ...owned,
      template: 'kea-dhcp4.conf.hbs',
      grammar: keaGrammar(places),
      instances: (view) => [
        {
          target: places.check,
          view: {
            ...view.file,
            isPersistent: false,
            pairs: view.file.pairs.map(checkedPair),
          },
          isCopy: true,
        },
        { target: places.conf, view: view.file },
      ],
    },
  ];
}

/** Ends the tag of a server that speaks TLS with its partner: the two change together (`ha/kea/in-turn`). */
const TLS_MARK = 't';

/**
 * Name of the running configuration: Kea gives it back as its server tag. That of a pair ends with what is alike on both sides: so each knows what the other
 * runs (`ha/kea/in-turn`). Leases that end are not in its file: a reload for each would stop a pair for seconds.
 */
export function tagOf({ pair, endedLeases: _ended, ...desired }: DhcpDesired): string {
  // Who decides about a pair is not Kea's matter.
  if (pair === undefined) return digestOf(desired).slice(0, 32);
  const { isDrained: _, trust: { partner } = {}, ...own } = pair;
  const tls = partner === undefined ? {} : { trust: partner };
  const whole = digestOf({ ...desired, pair: { ...own, ...tls, regions: [] } });
  return `${whole.slice(0, 16)}${digestOf(alikeOf(desired)).slice(0, 16)}${partner === undefined ? '' : TLS_MARK}`;
}

type Alike = Omit<DhcpDesired, 'pair' | 'endedLeases' | 'lostVlans' | 'lostLeases' | 'searchLeftOut'>;

/** What both sides of a pair have alike: all but their own interfaces and addresses. */
function alikeOf({ networks, leaseTime, domain, search, options = [], snippets = [], clients = [] }: Alike): object {
  return {
    ...(clients.length === 0 ? {} : { clients }),
    leaseTime,
    domain,
    search,
    options,
    snippets,
    networks: networks.map(({ vlanId, isRelayed = false, subnets }) => ({
      vlanId,
      isRelayed,
      subnets: subnets.map(({ nextServer, timeServers, resolvers, ...subnet }) => ({
        ...subnet,
        resolvers: resolvers.toSorted(),
        nextServer: timeServers.includes(nextServer) ? '' : nextServer,
      })),
    })),
  };
}

/**
 * Makes the template's view. A VLAN whose interface or address is not there is left out, because Kea refuses the whole file for it, and a reload
 * with it would end the service of all. An interface's index is in the file: when the interface is created again the file changes, and Kea opens new sockets.
 */
export function viewDhcp(places: KeaPlaces, desired: DhcpDesired, facts: HostFacts): DhcpView {
  const present = desired.networks.filter((network) => absenceOf(network, facts) === null);
  const classes = allClasses(present, desired.boot);
  const { pair } = desired;
  return {
    pair: pair === undefined ? null : { text: { ...withoutTrust(pair), ...reachOf(desired) } },
    partner: pair?.trust?.partner === undefined ? [] : [{ authority: pemLines(pair.trust.partner) }],
    file: {
      isPersistent: true,
      socket: places.socket,
      leaseFile: places.leases,
      pairs: pair === undefined ? [] : [viewPair(pair, places.partner)],
      tag: tagOf(desired),
      links: onceEach(present.map((network) => `${network.interface}#${nicOf(network, facts)?.index ?? 0}`)),
      interfaces: onceEach(present.map((network) => `${network.interface}/${network.address}`)),
      leaseTime: desired.leaseTime,
      ...viewGlobals(desired, classes),
      networksText: JSON.stringify(
        present.flatMap(sharesOf).map((network) => ({
          name: network.name,
          ...(network.isRelayed === true ? {} : { interface: network.interface }),
          ...authorityOf(network),
          ...classesOfNetwork(network, classes),
          subnet4: network.subnets.map((subnet) =>
            withSnippets(
              { ...viewSubnet(subnet, desired), ...classesOfSubnet(network, subnet, classes), ...servedAs(pair) },
              bodiesOf(desired, subnet.cidr),
            ),
          ),
        })),
      ),
    },
  };
}

/** `ha/dhcp` knows partners by their nodes' certificates. */
function withoutTrust({ trust: _trust, ...pair }: DhcpPair): Omit<DhcpPair, 'trust'> {
  return pair;
}

/** How `ha/dhcp` names the network to people, and where it checks whether clients can reach this node. */
function reachOf({ networks }: DhcpDesired): { vlans: string[]; interfaces: string[] } {
  return {
    vlans: networks.map((network) => network.vlan),
    interfaces: onceEach(networks.map((network) => network.interface)),
  };
}

/**
 * Kea's shared networks of a VLAN: one, whose clients may have an address of any of its subnets. A relayed client is known by the relay's address, and gets
 * one of that subnet alone: the router has no other there.
 */
function sharesOf(network: DhcpNetwork): (DhcpNetwork & { readonly name: string })[] {
  const name = `vlan-${network.vlanId}`;
  if (network.isRelayed !== true) return [{ ...network, name }];
  return network.subnets.map((subnet) => ({ ...network, name: `${name}-subnet-${subnet.id}`, subnets: [subnet] }));
}

/** Where unknown clients are ignored, another server may have them: to refuse the addresses that they have from it would take these away. */
function authorityOf({ subnets }: DhcpNetwork): object {
  return subnets.some(({ ignoreUnknown }) => ignoreUnknown === true) ? { authoritative: false } : {};
}

/** Several VLANs come by the interface of their relay VLAN. */
function onceEach(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** What all clients get, with the snippets for them. */
function viewGlobals(
  desired: DhcpDesired,
  classes: readonly BootClass[],
): Pick<FileView, 'optionsText' | 'classesText' | 'members'> {
  const own = [option('domain-name', [desired.domain]), option('domain-search', desired.search)];
  const {
    'option-data': options,
    'client-classes': all,
    ...rest
  } = withSnippets(
    {
      'option-data': withOptions(own, desired.options),
      'client-classes': [passingClass(desired), ...classes.map(keaClass)],
      ...viewClients(desired),
    },
    bodiesOf(desired, 'global'),
  );
  return {
    optionsText: JSON.stringify(options),
    classesText: JSON.stringify(all),
    members: Object.entries(rest).map(([name, value]) => ({ name, text: JSON.stringify(value) })),
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

/** VLANs that are not in Kea's file on this host, so that its checker does not see them. */
export function unseenDhcp({ networks }: DhcpDesired, facts: HostFacts): readonly string[] {
  return networks.flatMap((network) => {
    const why = absenceOf(network, facts);
    return why === null ? [] : [`VLAN ${network.vlan} is not in the file: ${why}`];
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

function viewSubnet(subnet: DhcpSubnet, desired: DhcpDesired): object {
  const { gateway, resolvers, options, leaseTime } = subnet;
  const timeServers = hasOption('ntp-servers', options, desired.options)
    ? []
    : (subnet.externalTime ?? subnet.timeServers);
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
    ...allocatorOf(subnet),
    // Where only clients with a static lease get an address, a name does not make a client known.
    ...(subnet.ignoreUnknown === true && desired.clients !== undefined ? { 'reservations-global': false } : {}),
    pools: subnet.pools.map(({ first, last }) => viewPool(`${first}-${last}`, subnet)),
    'option-data': withOptions(own, options),
    reservations: subnet.leases.map((lease) => withSnippets(viewLease(lease), bodiesOf(desired, lease.mac))),
  };
}

/** Reservations without an address, for clients of any subnet. Kea asks those of the client's subnet first. */
function viewClients(desired: DhcpDesired): object {
  const { clients = [] } = desired;
  if (clients.length === 0) return {};
  return {
    'reservations-global': true,
    'reservations-in-subnet': true,
    reservations: clients.map((client) => withSnippets(viewHost(client), bodiesOf(desired, client.mac))),
  };
}

/** Kea knows whether a client has a static lease before it searches for an address (`reservations-lookup-first`). */
function viewPool(pool: string, { ignoreUnknown = false }: DhcpSubnet): object {
  return { pool, ...(ignoreUnknown ? { 'client-class': 'KNOWN' } : {}) };
}

function viewLease(lease: StaticLease): object {
  const { 'hw-address': mac, ...host } = viewHost(lease);
  return { 'hw-address': mac, 'ip-address': lease.address, ...host };
}

function viewHost({ mac, hostname, domain, options = [] }: NamedClient | StaticLease) {
  const own = domain === undefined ? [] : [option('domain-name', [domain])];
  const optionData = withOptions(own, options);
  return {
    'hw-address': mac,
    ...(hostname === undefined ? {} : { hostname }),
    ...(optionData.length === 0 ? {} : { 'option-data': optionData }),
  };
}

function option(name: string, values: readonly string[]): OptionView {
  return { name, data: values.join(', ') };
}
