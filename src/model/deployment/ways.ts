import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';
import { type Address, contains, formatAddress, formatNetwork, parseAddress, parseNetwork } from '../../core/ip.ts';

/** A way to another network. Texts are canonical; an empty one is not said yet, and such a route has no effect. */
export interface Way {
  readonly source: string;
  readonly destination: string;
  readonly gateway: string;
  /** Of two ways the one with the lower number is gone; 0: as the system likes. */
  readonly metric: number;
}

/** Largest metric of a route (rtnetlink: 32 bits). */
export const METRIC_MAX = 4_294_967_295;

/** Reads a network of a route; an empty text: not said. */
export function parseRouteNetwork(value: string, field: string): string | Rejected {
  if (value === '') return '';
  const network = value.includes('/') ? parseNetwork(value) : null;
  if (network !== null && !isRejected(network)) return formatNetwork(network);
  return invalid(field, `${show(value)} is no network`, 'ADDRESS/PREFIX without host bits, such as 10.20.0.0/16');
}

/** Reads the router of a route; an empty text: not said. */
export function parseRouteGateway(value: string, field: string): string | Rejected {
  if (value === '') return '';
  const address = parseAddress(value, field);
  return isRejected(address) ? address : formatAddress(address);
}

/** Why a route leads nowhere; null: it does, or something is not said yet. */
export function checkWay({ source, destination, gateway }: Omit<Way, 'metric'>): Rejected | null {
  const from = source === '' ? null : parseNetwork(source);
  const to = destination === '' ? null : parseNetwork(destination);
  const by = gateway === '' ? null : parseAddress(gateway);
  if (isRejected(from) || isRejected(to) || isRejected(by)) return null;
  if (from !== null && to !== null && from.family !== to.family)
    return invalid('destination', `${destination} is no way from ${source}`, 'both are IPv4, or both are IPv6');
  if (from !== null && source === destination)
    return invalid('destination', `${destination} is where the route begins`, 'a route leads to another network');
  if (from !== null && by !== null && !contains(from, by))
    return invalid('gateway', `${gateway} is not in ${source}`, 'the router is in the network where the route begins');
  return null;
}

/** The routes of a system that has one of these addresses, in the order of the routes. Pure. */
export function waysOf(
  routes: readonly Way[],
  addresses: readonly Address[],
): { readonly to: string; readonly via: string; readonly metric?: number }[] {
  return routes.flatMap(({ source, destination, gateway, metric }) => {
    const from = source === '' || destination === '' || gateway === '' ? null : parseNetwork(source);
    if (from === null || isRejected(from) || !addresses.some((address) => contains(from, address))) return [];
    return [{ to: destination, via: gateway, ...(metric === 0 ? {} : { metric }) }];
  });
}
