import { invalid, isRejected, type Rejected, rejected, show } from '../../core/errors.ts';
import {
  type Address,
  compareAddresses,
  contains,
  firstAddress,
  formatAddress,
  formatNetwork,
  lastAddress,
  type Network,
  overlaps,
  parseAddress,
  parseNetwork,
  sizeOf,
} from '../../core/ip.ts';
import { checkHostNetwork, checkServerAddress } from '../names/special-use.ts';

/**
 * A subnet on a VLAN. `cidr` canonical. `gateway`: the router that DHCP names, null: none. `resolvers`: what DHCP names instead of
 * Regent's own. `isManaged`: Regent gives addresses of it out; else only those of its dynamic ranges. `dnsOn`, `proxyOn`: its hosts
 * may ask our resolvers (where the VLAN allows it) and our proxy. `dhcpOptions`: more DHCP options for its hosts. `leaseTime`: seconds; null: the
 * site's. `bootServer`, `bootFile`: where its hosts boot from, null: from Regent. `ignoreUnknown`: only hosts with a static lease get an answer.
 */
export interface Subnet {
  readonly id: number;
  readonly vlanId: number;
  readonly name: string;
  readonly cidr: string;
  readonly gateway: string | null;
  readonly resolvers: readonly string[];
  readonly isManaged: boolean;
  readonly dnsOn: boolean;
  readonly proxyOn: boolean;
  readonly dhcpOptions: readonly string[];
  readonly leaseTime: number | null;
  readonly bootServer: string | null;
  readonly bootFile: string | null;
  readonly ignoreUnknown: boolean;
}

/** Parses a subnet's network: IPv4 /8–/32 or IPv6 /16–/128, of addresses that hosts may have. */
export function parseSubnetCidr(text: string): Network | Rejected {
  const network = parseNetwork(text, 'cidr');
  if (isRejected(network)) return network;
  const shortest = network.family === 4 ? 8 : 16;
  if (network.prefix < shortest)
    return invalid('cidr', `${show(text)} is too large`, `a prefix of /${shortest} or longer`);
  return checkHostNetwork(network) ?? network;
}

/** Refuses a network that shares addresses with an existing subnet, naming both. */
export function checkNoOverlap(network: Network, others: readonly Pick<Subnet, 'cidr' | 'name'>[]): Rejected | null {
  for (const other of others) {
    const parsed = parseNetwork(other.cidr);
    if (!isRejected(parsed) && overlaps(network, parsed))
      return rejected(
        'conflict',
        `${formatNetwork(network)} overlaps the subnet ${other.cidr} (${other.name}). Rule: subnets share no address.`,
      );
  }
  return null;
}

/** First and last address that a host may have: /31, /32, /127 and /128 use all (RFC 3021, RFC 6164). */
export function usableBounds(network: Network): { first: Address; last: Address } {
  const first = firstAddress(network);
  const last = lastAddress(network);
  if (last.value - first.value < 2n) return { first, last };
  // IPv4 keeps network and broadcast address; IPv6 keeps the subnet-router anycast address (RFC 4291 §2.6.1).
  return {
    first: { ...first, value: first.value + 1n },
    last: network.family === 4 ? { ...last, value: last.value - 1n } : last,
  };
}

/** Parses an address that must be usable by a host of the subnet; the error names the subnet. */
export function parseHostAddress(text: string, subnet: Pick<Subnet, 'cidr'>, field = 'address'): Address | Rejected {
  const address = parseAddress(text, field);
  if (isRejected(address)) return address;
  const network = parseNetwork(subnet.cidr);
  if (isRejected(network)) return network;
  const { first, last } = usableBounds(network);
  if (!contains(network, address))
    return invalid(field, `${text} is outside the subnet ${subnet.cidr}`, 'an address lies inside its subnet');
  if (compareAddresses(address, first) < 0 || compareAddresses(address, last) > 0)
    return invalid(
      field,
      `${text} is not a host's address of ${subnet.cidr}`,
      `${formatAddress(first)} to ${formatAddress(last)}`,
    );
  return address;
}

/** Parses the router of a subnet: one of its hosts' addresses. A network of one address has no room for a router. */
export function parseGateway(text: string, subnet: Pick<Subnet, 'cidr'>): string | Rejected {
  const address = parseHostAddress(text, subnet, 'gateway');
  if (isRejected(address)) return address;
  const network = parseNetwork(subnet.cidr);
  if (!isRejected(network) && sizeOf(network) === 1n)
    return invalid(
      'gateway',
      `${subnet.cidr} has only one address`,
      'a gateway and a host need two: a prefix of /31 or shorter (IPv6: /127)',
    );
  return formatAddress(address);
}

/** Parses the resolvers that DHCP names: addresses of the subnet's family, each once. */
export function parseResolvers(texts: readonly string[], subnet: Pick<Subnet, 'cidr'>): readonly string[] | Rejected {
  const resolvers: string[] = [];
  for (const [index, text] of texts.entries()) {
    const field = `resolvers/${index}`;
    const address = parseAddress(text, field);
    if (isRejected(address)) return address;
    if ((address.family === 6) !== subnet.cidr.includes(':'))
      return invalid(field, `${text} is an IPv${address.family} address`, `addresses of the family of ${subnet.cidr}`);
    const resolver = formatAddress(address);
    const refusal = checkServerAddress(resolver, field);
    if (refusal) return refusal;
    if (resolvers.includes(resolver)) return invalid(field, `${resolver} is there twice`, 'each resolver once');
    resolvers.push(resolver);
  }
  return resolvers;
}

/** Parses the server that hosts of a subnet load their boot file from: an IPv4 address, since DHCP has four octets for it (siaddr). */
export function parseBootServer(text: string, field = 'bootServer'): string | Rejected {
  const address = parseAddress(text, field);
  if (isRejected(address)) return address;
  if (address.family === 6)
    return invalid(field, `${text} is an IPv6 address`, 'an IPv4 address (RFC 2131 §2, siaddr)');
  const server = formatAddress(address);
  return checkServerAddress(server, field) ?? server;
}

/** Parses the name of a boot file: a path for TFTP, or a URL. DHCP has 128 octets for it, the last one 0 (RFC 2131 §2). */
export function parseBootFile(text: string, field = 'bootFile'): string | Rejected {
  if (/^\/?[A-Za-z0-9][A-Za-z0-9._~:/?=&%@+,-]{0,125}$/.test(text)) return text;
  return invalid(
    field,
    `${show(text)} is not a boot file`,
    '1–127 of letters, digits and . _ ~ : / ? = & % @ + , -, the first one a letter, a digit or /',
  );
}
