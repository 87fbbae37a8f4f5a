import { defined } from '../../../core/members.ts';
import { invalid, isRejected, type Rejected } from '../../../core/errors.ts';
import { type Address, formatAddress, type Network, parseAddress, parseNetwork } from '../../../core/ip.ts';
import { type BondSettings, type BridgeSettings, MTU_IPV6 } from '../interfaces/settings.ts';
import { checkTopology, lowestFirst, masterOf, mtuOf } from '../interfaces/topology.ts';
import type { InterfaceKind, InterfaceLink, MachineInterface } from '../machine.ts';
import { parseInterfaceName, parseMac } from '../machine.ts';
import { type Standpoint, findExcludedRoutes, selectRoutes, type NetworkRoute } from './network-routes.ts';
import { parseDomainName } from '../../names/names.ts';
import { parseGateway, parseHostAddress, type Subnet } from '../../networks/subnet.ts';
import type { Vlan } from '../../networks/vlan.ts';

/** What of a site a machine's network is planned from. `resolvers`: who answers names where a subnet names nobody; `search`: domains of short names. */
export interface NetworkSite {
  readonly subnets: readonly Pick<Subnet, 'id' | 'vlanId' | 'cidr' | 'gateway' | 'resolvers' | 'dnsOn'>[];
  readonly vlans: readonly Pick<Vlan, 'id' | 'name' | 'vid' | 'fabricId' | 'dnsOn'>[];
  readonly resolvers: readonly string[];
  readonly search: readonly string[];
  /** Routes to other networks; left out: none. */
  readonly routes?: readonly NetworkRoute[];
}

/** What a machine's network is planned from. `bootMac`: of the card that it booted from, null: not known. */
export type NetworkMachine = { readonly interfaces: readonly MachineInterface[]; readonly bootMac?: string | null };

/**
 * An interface as the deployed system is to have it. `mac`: by which a card is found, and which is given to anything else. `addresses`: `ADDRESS/PREFIX`.
 * `routers`: of the default routes, one of each family at most. `hasDhcp4`, `hasDhcp6`: DHCP assigns its addresses; `hasDhcpRoutes`: and its routes count.
 * `isPlain`: it is up and has nothing of its own, no address that it makes itself either. `hasAdvertised`: it takes what routers advertise in IPv6. `isNeeded`: the system waits for it when it starts.
 */
export interface PlannedInterface {
  readonly name: string;
  readonly kind: InterfaceKind;
  readonly mac: string;
  readonly parents: readonly string[];
  /** Octets; null: as usual. */
  readonly mtu: number | null;
  /** Of a VLAN interface. */
  readonly vid?: number;
  readonly bond?: BondSettings;
  readonly bridge?: BridgeSettings;
  readonly addresses: readonly string[];
  readonly routers: readonly string[];
  /** Routes to other networks; left out: none. */
  readonly routes?: readonly PlannedRoute[];
  readonly hasDhcp4: boolean;
  readonly hasDhcp6: boolean;
  readonly hasDhcpRoutes: boolean;
  readonly isPlain: boolean;
  readonly hasAdvertised: boolean;
  readonly isNeeded: boolean;
  readonly resolvers: readonly string[];
  readonly search: readonly string[];
}

/** A route to another network by a router. */
type PlannedRoute = { readonly to: string; readonly via: string; readonly metric?: number };

/** The network of a deployed system: each interface behind those that it stands on. */
export type NetworkPlan = { readonly interfaces: readonly PlannedInterface[] };

type PlannedLink = Omit<InterfaceLink, 'id'>;
/** An interface with what connects it. */
interface ConnectedInterface {
  readonly nic: MachineInterface;
  readonly index: number;
  readonly links: readonly PlannedLink[];
}
/** Of each family: the link by which the default route goes; null: there is none. */
type Gateways = { readonly 4: PlannedLink | null; readonly 6: PlannedLink | null };

/**
 * Plans the network of a deployed system from the model. A machine to whose interfaces nobody has given anything asks DHCP where it booted: without any
 * network nobody could reach it. The default route goes by the link that was chosen for it, else by the first one whose subnet has a router.
 */
export function planNetwork(machine: NetworkMachine, site: NetworkSite): NetworkPlan | Rejected {
  if (machine.interfaces.length === 0)
    return invalid('interfaces', 'the machine has none', 'a machine needs the network during and after its deployment');
  const all = withLinks(machine);
  const shapes = all.map(({ nic, links }) => ({ ...nic, isLinked: links.length > 0 }));
  const refusal = checkTopology(shapes, site.vlans);
  if (refusal) return refusal;
  const gateways = gatewaysOf(all, site);
  if (isRejected(gateways)) return gateways;
  const first = all.find(({ links }) => links.some(({ mode }) => mode !== 'link'));
  const main = all.find(({ links }) => links.some((link) => link === gateways[4] || link === gateways[6])) ?? first;
  const order = lowestFirst(shapes).map(({ name }) => name);
  const planned: PlannedInterface[] = [];
  const stands = standsOf(all, site);
  for (const one of all.toSorted((a, b) => order.indexOf(a.nic.name) - order.indexOf(b.nic.name))) {
    const found = planOne(one, { all: machine.interfaces, site, gateways, stands, isMain: one === main });
    if (isRejected(found)) return found;
    planned.push(found);
  }
  return { interfaces: planned };
}

function withLinks({ interfaces, bootMac = null }: NetworkMachine): ConnectedInterface[] {
  const all = interfaces.map(
    (nic, index): ConnectedInterface => ({ nic, index, links: nic.links ?? nic.addresses.map(asStatic) }),
  );
  if (all.some(({ links }) => links.length > 0)) return all;
  const booted = interfaces.find(({ kind, mac }) => kind === 'physical' && mac === bootMac);
  const free = interfaces.filter(({ name, kind }) => kind !== 'vlan' && masterOf(interfaces, name) === null);
  const top = booted === undefined ? null : topOf(interfaces, booted);
  const asking = top === null ? free : [top];
  return all.map((one) => (asking.includes(one.nic) ? { ...one, links: [BY_DHCP] } : one));
}

const BY_DHCP: PlannedLink = { mode: 'dhcp', address: null, subnetId: null, isGateway: false };

function asStatic({ address, subnetId }: MachineInterface['addresses'][number]): PlannedLink {
  return { mode: 'static', address, subnetId, isGateway: false };
}

function topOf(all: readonly MachineInterface[], nic: MachineInterface): MachineInterface {
  const master = masterOf(all, nic.name);
  return master === null ? nic : topOf(all, master);
}

function gatewaysOf(all: readonly ConnectedInterface[], site: NetworkSite): Gateways | Rejected {
  const gateways: { 4: PlannedLink | null; 6: PlannedLink | null } = { 4: null, 6: null };
  for (const family of [4, 6] as const) {
    const candidates = all.flatMap(({ nic, links }) =>
      links.filter((link) => familyOf(link, site) === family && hasRouter(link, site)).map((link) => ({ nic, link })),
    );
    const [chosen, second] = candidates.filter(({ link }) => link.isGateway);
    if (chosen && second) {
      const problem = `the default route of IPv${family} would go through ${chosen.nic.name} and ${second.nic.name}`;
      return invalid('interfaces', problem, 'a machine has one default route for each family');
    }
    gateways[family] = (chosen ?? candidates[0])?.link ?? null;
  }
  return gateways;
}

/** DHCP that is tied to no subnet is IPv4's. Null: the link has no address at all. */
function familyOf(link: PlannedLink, site: NetworkSite): 4 | 6 | null {
  if (link.mode === 'link') return null;
  const subnet = site.subnets.find(({ id }) => id === link.subnetId);
  return (link.address ?? subnet?.cidr ?? '').includes(':') ? 6 : 4;
}

function hasRouter(link: PlannedLink, site: NetworkSite): boolean {
  const subnet = site.subnets.find(({ id }) => id === link.subnetId);
  return link.mode === 'dhcp' ? subnet === undefined || subnet.gateway !== null : subnet?.gateway != null;
}

interface Planning {
  readonly all: readonly MachineInterface[];
  readonly site: NetworkSite;
  readonly gateways: Gateways;
  readonly isMain: boolean;
  readonly stands: Omit<Standpoint, 'addresses'>;
}

/** Every text that goes into a file of the machine is read again here, wherever it comes from. */
function planOne(
  { nic, index, links }: ConnectedInterface,
  { all, site, gateways, stands, isMain }: Planning,
): PlannedInterface | Rejected {
  const at = `interfaces/${index}`;
  const name = parseInterfaceName(nic.name, `${at}/name`);
  if (isRejected(name)) return name;
  const mac = parseMac(nic.mac, `${at}/mac`);
  if (isRejected(mac)) return mac;
  const mtu = plannedMtu(all, nic);
  const fixed = fixedOf(links, { site, gateways, at, mtu });
  if (isRejected(fixed)) return fixed;
  const asks = links.filter(({ mode }) => mode === 'dhcp');
  const asksFamily = (family: 4 | 6) => asks.some((link) => familyOf(link, site) === family);
  const vid = nic.kind === 'vlan' ? site.vlans.find(({ id }) => id === nic.vlanId)?.vid : undefined;
  const isPlain = links.every(({ mode }) => mode === 'link');
  const routes = selectRoutes(site.routes ?? [], { ...stands, addresses: addressesOf(links, site) });
  const names = isPlain ? { resolvers: [], search: [] } : namesOf(links, site, asks.length > 0);
  if (isRejected(names)) return names;
  return {
    name,
    kind: nic.kind,
    mac,
    parents: [...(nic.parents ?? [])],
    mtu,
    ...defined({ vid, bond: nic.bond, bridge: nic.bridge }),
    ...fixed,
    ...(routes.length === 0 ? {} : { routes }),
    hasDhcp4: asksFamily(4),
    hasDhcp6: asksFamily(6),
    hasDhcpRoutes: asks.some((link) => link === gateways[4] || link === gateways[6]),
    isPlain: isPlain && nic.acceptRa !== true,
    hasAdvertised: nic.acceptRa ?? !isPlain,
    isNeeded: isMain,
    ...names,
  };
}

/** The addresses that decide which routes links need: their own, and for DHCP the start of their subnet. */
function addressesOf(links: readonly PlannedLink[], { subnets }: Pick<NetworkSite, 'subnets'>): Address[] {
  return links.flatMap(({ mode, address, subnetId }) => {
    if (mode === 'link') return [];
    const cidr = subnets.find(({ id }) => id === subnetId)?.cidr;
    const found = address === null ? cidr?.split('/')[0] : address;
    const parsed = found === undefined ? null : parseAddress(found);
    return parsed === null || isRejected(parsed) ? [] : [parsed];
  });
}

/** Where the whole machine stands. */
function standsOf(
  all: readonly ConnectedInterface[],
  site: Pick<NetworkSite, 'subnets'>,
): Omit<Standpoint, 'addresses'> {
  const links = all.flatMap((one) => one.links).filter(({ mode }) => mode !== 'link');
  const networks = links.flatMap(({ subnetId }): Network[] => {
    const cidr = site.subnets.find(({ id }) => id === subnetId)?.cidr;
    const network = cidr === undefined ? null : parseNetwork(cidr);
    return network === null || isRejected(network) ? [] : [network];
  });
  return { own: addressesOf(links, site), networks };
}

/** Routes of the site that a machine does not get: they lead where it stands itself, or go by itself. Pure. */
export function routesLeftOut(machine: NetworkMachine, site: Pick<NetworkSite, 'subnets' | 'routes'>): NetworkRoute[] {
  return findExcludedRoutes(site.routes ?? [], standsOf(withLinks(machine), site));
}

/** Null if nobody has set one: then the system's own is right. */
function plannedMtu(all: readonly MachineInterface[], nic: MachineInterface): number | null {
  return all.some(({ mtu }) => mtu != null) ? mtuOf(all, nic) : null;
}

interface Fixing {
  readonly site: NetworkSite;
  readonly gateways: Gateways;
  readonly at: string;
  readonly mtu: number | null;
}

function fixedOf(
  links: readonly PlannedLink[],
  { site, gateways, at, mtu }: Fixing,
): Pick<PlannedInterface, 'addresses' | 'routers'> | Rejected {
  const addresses: string[] = [];
  const routers: string[] = [];
  for (const [number, link] of links.entries()) {
    if (link.address === null) continue;
    const field = `${at}/addresses/${number}`;
    const subnet = site.subnets.find(({ id }) => id === link.subnetId);
    const network = subnet && parseNetwork(subnet.cidr);
    if (!subnet || !network || isRejected(network))
      return invalid(
        `${field}/subnet`,
        `the subnet of ${link.address} is not there`,
        'an address lies inside its subnet',
      );
    const address = parseHostAddress(link.address, subnet, `${field}/address`);
    if (isRejected(address)) return address;
    if (address.family === 6 && mtu !== null && mtu < MTU_IPV6)
      return invalid(
        `${at}/mtu`,
        `${mtu} is too small for ${link.address}`,
        `IPv6 needs ${MTU_IPV6} octets (RFC 8200 §5)`,
      );
    addresses.push(`${formatAddress(address)}/${network.prefix}`);
    if (link !== gateways[address.family] || subnet.gateway === null) continue;
    const router = parseGateway(subnet.gateway, subnet);
    if (isRejected(router)) return router;
    routers.push(router);
  }
  return { addresses, routers };
}

/** Those of its subnets; else the site's, where hosts of the subnet may ask them. Whom DHCP names comes by itself. */
function namesOf(
  links: readonly PlannedLink[],
  site: NetworkSite,
  hasDhcp: boolean,
): Pick<PlannedInterface, 'resolvers' | 'search'> | Rejected {
  const subnets = links.flatMap((link) => site.subnets.filter(({ id }) => id === link.subnetId));
  const own = subnets.flatMap(({ resolvers }) => resolvers);
  const isAllowed = subnets.some(
    ({ dnsOn, vlanId }) => dnsOn && site.vlans.find(({ id }) => id === vlanId)?.dnsOn !== false,
  );
  const resolvers = own.length > 0 ? own : isAllowed && !hasDhcp ? site.resolvers : [];
  const search: string[] = [];
  for (const text of resolvers.length > 0 ? site.search : []) {
    const domain = parseDomainName(text);
    if (isRejected(domain)) return domain;
    search.push(domain);
  }
  return { resolvers: [...new Set(resolvers)], search: [...new Set(search)] };
}
