import { invalid, isRejected, type Rejected, rejected, show } from '../../../core/errors.ts';
import {
  type Address,
  compareAddresses,
  contains,
  firstAddress,
  formatAddress,
  formatNetwork,
  lastAddress,
  type Network,
  parseAddress,
  parseNetwork,
} from '../../../core/ip.ts';
import { usableBounds } from '../../networks/subnet.ts';

/** A route to another network. Texts are canonical; an empty one is not set yet, and such a route has no effect. */
export interface NetworkRoute {
  readonly source: string;
  readonly destination: string;
  readonly gateway: string;
  /** Of two routes the one with the lower number is used; 0: as the system chooses. */
  readonly metric: number;
}

/** Largest metric of a route (rtnetlink: 32 bits). */
export const METRIC_MAX = 4_294_967_295;

/** Reads a network of a route; an empty text: not set. */
export function parseRouteNetwork(value: string, field: string): string | Rejected {
  if (value === '') return '';
  const network = value.includes('/') ? parseNetwork(value) : null;
  if (network !== null && !isRejected(network)) return formatNetwork(network);
  return invalid(field, `${show(value)} is no network`, 'ADDRESS/PREFIX without host bits, such as 10.20.0.0/16');
}

/** Reads the router of a route; an empty text: not set. */
export function parseRouteGateway(value: string, field: string): string | Rejected {
  if (value === '') return '';
  const address = parseAddress(value, field);
  return isRejected(address) ? address : formatAddress(address);
}

/** Why a route leads nowhere; null: it does, or something is not set yet. */
export function checkRoute({ source, destination, gateway }: Omit<NetworkRoute, 'metric'>): Rejected | null {
  const from = source === '' ? null : parseNetwork(source);
  const to = destination === '' ? null : parseNetwork(destination);
  const by = gateway === '' ? null : parseAddress(gateway);
  if (isRejected(from) || isRejected(to) || isRejected(by)) return null;
  if (from !== null && to !== null && from.family !== to.family)
    return invalid('destination', `${destination} cannot be reached from ${source}`, 'both are IPv4, or both are IPv6');
  if (to !== null && to.prefix === 0)
    return invalid(
      'destination',
      `${destination} is every network`,
      'the gateway of a subnet makes the default route: regent subnet set CIDR --gateway ADDRESS',
    );
  if (from !== null && to !== null && holds(from, to))
    return invalid(
      'destination',
      `${destination} is ${source === destination ? '' : 'a part of '}where the route begins`,
      'a route leads to another network',
    );
  if (from !== null && by !== null && !contains(from, by))
    return invalid('gateway', `${gateway} is not in ${source}`, 'the router is in the network where the route begins');
  if (from !== null && by !== null && !isHostOf(from, by))
    return invalid('gateway', `${gateway} is not a host's address of ${source}`, 'the router is a host of its network');
  return null;
}

/** Why a route does not fit beside the others; null: it does. */
export function checkRouteUnique(
  route: NetworkRoute,
  others: readonly (NetworkRoute & { readonly name: string })[],
): Rejected | null {
  const { source, destination, gateway, metric } = route;
  if (source === '' || destination === '') return null;
  const same = others.find((one) => one.source === source && one.destination === destination && one.metric === metric);
  if (same === undefined) return null;
  const problem = `the route ${same.name} leads from ${source} to ${destination} already, by ${same.gateway || 'no router yet'}`;
  const rule = same.gateway === gateway ? 'each route occurs once' : 'two routes to one network differ in their metric';
  return rejected('conflict', `destination: ${problem}. Rule: ${rule}.`, [{ field: 'destination', problem }]);
}

function holds(outer: Network, inner: Network): boolean {
  return contains(outer, firstAddress(inner)) && contains(outer, lastAddress(inner));
}

function isHostOf(network: Network, address: Address): boolean {
  const { first, last } = usableBounds(network);
  return compareAddresses(address, first) >= 0 && compareAddresses(address, last) <= 0;
}

/** What a system has: addresses, and the networks in which it stands. */
export interface Standpoint {
  /** Of the interface. */
  readonly addresses: readonly Address[];
  /** Of the whole machine. */
  readonly own: readonly Address[];
  readonly networks: readonly Network[];
}

/** Does a route that concerns the system have no place there? It leads where the system stands itself, or by the system itself. */
function isLeftOut({ destination, gateway }: NetworkRoute, { own, networks }: Omit<Standpoint, 'addresses'>): boolean {
  const to = parseNetwork(destination);
  if (isRejected(to)) return true;
  return networks.some((network) => holds(network, to)) || own.some((address) => formatAddress(address) === gateway);
}

function concerns({ source, destination, gateway }: NetworkRoute, addresses: readonly Address[]): boolean {
  const from = source === '' || destination === '' || gateway === '' ? null : parseNetwork(source);
  return from !== null && !isRejected(from) && addresses.some((address) => contains(from, address));
}

/** Routes that a system would have, if it did not stand in the network where they lead, or were their router itself. Pure. */
export function findExcludedRoutes(routes: readonly NetworkRoute[], at: Omit<Standpoint, 'addresses'>): NetworkRoute[] {
  return routes.filter((route) => concerns(route, at.own) && isLeftOut(route, at));
}

/** The routes of an interface, in the order of the routes. Pure. */
export function selectRoutes(
  routes: readonly NetworkRoute[],
  at: Standpoint,
): { readonly to: string; readonly via: string; readonly metric?: number }[] {
  return routes.flatMap((route) => {
    const { destination, gateway, metric } = route;
    if (!concerns(route, at.addresses) || isLeftOut(route, at)) return [];
    return [{ to: destination, via: gateway, ...(metric === 0 ? {} : { metric }) }];
  });
}
