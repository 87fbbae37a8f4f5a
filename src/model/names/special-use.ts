import { invalid, isRejected, type Rejected } from '../../core/errors.ts';
import type { Address, Network } from '../../core/ip.ts';
import { contains, formatNetwork, overlaps, parseAddress, parseNetwork } from '../../core/ip.ts';
import { isInDomain } from './names.ts';
import { isTopLevelDomain } from './top-level-domains.ts';

/**
 * A block of addresses with a special purpose. `hosts`: may hosts of a site have addresses of it, so that it may be a subnet? `servers`: may a
 * server that we ask (resolver, time source) have one? `isPrivate`: its reverse names are answered here and not by the public DNS (RFC 6303).
 */
export interface SpecialNetwork {
  readonly block: string;
  readonly what: string;
  readonly source: string;
  readonly hosts: boolean;
  readonly servers: boolean;
  readonly isPrivate?: boolean;
}

const NO_HOSTS = { hosts: false, servers: false } as const;
const FOREIGN = { hosts: false, servers: true } as const;
const HOSTS = { hosts: true, servers: true } as const;
const PRIVATE = { ...HOSTS, isPrivate: true } as const;

/**
 * IANA, "IPv4 Special-Purpose Address Registry" and "IPv6 Special-Purpose Address Registry" (RFC 6890, RFC 8190), with multicast and what RFC 4291
 * reserves. Documentation and benchmarking networks are allowed: laboratories use them. Of rows that hold a network the most specific one counts.
 */
export const SPECIAL_NETWORKS: readonly SpecialNetwork[] = [
  { block: '0.0.0.0/8', what: '"this network"', source: 'RFC 791 §3.2', ...NO_HOSTS },
  { block: '10.0.0.0/8', what: 'private', source: 'RFC 1918', ...PRIVATE },
  { block: '100.64.0.0/10', what: 'shared', source: 'RFC 6598', ...PRIVATE },
  { block: '127.0.0.0/8', what: 'loopback', source: 'RFC 1122 §3.2.1.3', ...NO_HOSTS },
  // A cloud's own resolvers and time sources may have link-local addresses, which a node on the link reaches.
  { block: '169.254.0.0/16', what: 'link-local', source: 'RFC 3927', ...FOREIGN },
  { block: '172.16.0.0/12', what: 'private', source: 'RFC 1918', ...PRIVATE },
  { block: '192.0.0.0/24', what: 'IETF protocol assignments', source: 'RFC 6890 §2.1', ...FOREIGN },
  { block: '192.0.2.0/24', what: 'documentation', source: 'RFC 5737', ...HOSTS },
  { block: '192.31.196.0/24', what: 'AS112 service', source: 'RFC 7535', ...FOREIGN },
  { block: '192.52.193.0/24', what: 'multicast tunnelling (AMT)', source: 'RFC 7450', ...FOREIGN },
  { block: '192.88.99.0/24', what: 'former 6to4 relay anycast', source: 'RFC 7526', ...NO_HOSTS },
  { block: '192.168.0.0/16', what: 'private', source: 'RFC 1918', ...PRIVATE },
  { block: '192.175.48.0/24', what: 'AS112 service', source: 'RFC 7534', ...FOREIGN },
  { block: '198.18.0.0/15', what: 'benchmarking', source: 'RFC 2544', ...HOSTS },
  { block: '198.51.100.0/24', what: 'documentation', source: 'RFC 5737', ...HOSTS },
  { block: '203.0.113.0/24', what: 'documentation', source: 'RFC 5737', ...HOSTS },
  { block: '224.0.0.0/4', what: 'multicast', source: 'RFC 5771', ...NO_HOSTS },
  { block: '240.0.0.0/4', what: 'reserved', source: 'RFC 1112 §4', ...NO_HOSTS },
  { block: '255.255.255.255/32', what: 'limited broadcast', source: 'RFC 919 §7', ...NO_HOSTS },
  { block: '::/128', what: 'unspecified address', source: 'RFC 4291 §2.5.2', ...NO_HOSTS },
  { block: '::1/128', what: 'loopback', source: 'RFC 4291 §2.5.3', ...NO_HOSTS },
  { block: '::ffff:0:0/96', what: 'IPv4-mapped', source: 'RFC 4291 §2.5.5.2', ...NO_HOSTS },
  { block: '64:ff9b::/96', what: 'IPv4/IPv6 translation', source: 'RFC 6052', ...FOREIGN },
  { block: '64:ff9b:1::/48', what: 'local IPv4/IPv6 translation', source: 'RFC 8215', ...FOREIGN },
  { block: '::/8', what: 'reserved', source: 'RFC 4291 §2.5', ...NO_HOSTS },
  { block: '100::/64', what: 'discard-only', source: 'RFC 6666', ...NO_HOSTS },
  { block: '100:0:0:1::/64', what: 'dummy prefix', source: 'RFC 9780', ...NO_HOSTS },
  { block: '2001::/23', what: 'IETF protocol assignments', source: 'RFC 2928', ...FOREIGN },
  { block: '2001:2::/48', what: 'benchmarking', source: 'RFC 5180', ...HOSTS },
  { block: '2001:db8::/32', what: 'documentation', source: 'RFC 3849', ...HOSTS },
  { block: '2002::/16', what: '6to4', source: 'RFC 3056', ...HOSTS },
  { block: '2620:4f:8000::/48', what: 'AS112 service', source: 'RFC 7534', ...FOREIGN },
  { block: '3fff::/20', what: 'documentation', source: 'RFC 9637', ...HOSTS },
  { block: '5f00::/16', what: 'segment routing (SRv6) identifiers', source: 'RFC 9602', ...NO_HOSTS },
  { block: 'fc00::/7', what: 'unique local', source: 'RFC 4193', ...HOSTS },
  { block: 'fd00::/8', what: 'unique local', source: 'RFC 4193', ...PRIVATE },
  // Without a zone (RFC 4007) nobody reaches such a server.
  { block: 'fe80::/10', what: 'link-local', source: 'RFC 4291 §2.5.6', ...NO_HOSTS },
  { block: 'fec0::/10', what: 'former site-local', source: 'RFC 3879', ...NO_HOSTS },
  { block: 'ff00::/8', what: 'multicast', source: 'RFC 4291 §2.7', ...NO_HOSTS },
];

/** A name with a special use. `isAllowed`: a site may have it, or a name below it, as a domain. */
export interface SpecialName {
  readonly name: string;
  readonly what: string;
  readonly source: string;
  readonly isAllowed: boolean;
}

/** IANA, "Special-Use Domain Names" (RFC 6761), and what ICANN keeps for private use. Of rows that hold a name the longest counts. */
export const SPECIAL_NAMES: readonly SpecialName[] = [
  { name: 'alt', what: 'it is for names outside of the DNS', source: 'RFC 9476', isAllowed: false },
  { name: 'arpa', what: 'it is for the infrastructure of the Internet', source: 'RFC 3172', isAllowed: false },
  { name: 'example', what: 'it is for documentation', source: 'RFC 6761 §6.5', isAllowed: true },
  { name: 'home.arpa', what: 'it is for home networks', source: 'RFC 8375', isAllowed: true },
  { name: 'internal', what: 'it is for private use', source: 'ICANN resolution 2024.07.29.06', isAllowed: true },
  { name: 'invalid', what: 'it never exists', source: 'RFC 6761 §6.4', isAllowed: false },
  { name: 'local', what: 'it is for multicast DNS', source: 'RFC 6762 §3', isAllowed: false },
  { name: 'localhost', what: 'it is each host itself', source: 'RFC 6761 §6.3', isAllowed: false },
  { name: 'onion', what: 'it is for Tor', source: 'RFC 7686', isAllowed: false },
  { name: 'test', what: 'it is for tests', source: 'RFC 6761 §6.2', isAllowed: true },
];

type SpecialNetworkRow = SpecialNetwork & { readonly network: Network };

const ROWS: readonly SpecialNetworkRow[] = SPECIAL_NETWORKS.map((row) => {
  const network = parseNetwork(row.block);
  if (isRejected(network)) throw new TypeError(network.message);
  return { ...row, network };
}).sort((a, b) => b.network.prefix - a.network.prefix);

/** The most specific special block that holds an address or the whole of a network; undefined: none does. */
function rowOf(item: Address | Network): SpecialNetworkRow | undefined {
  return ROWS.find(({ network }) => contains(network, item) && (!('prefix' in item) || network.prefix <= item.prefix));
}

/** Refuses a network that shares addresses with a block whose addresses no host of a site may have; names the block and its source. */
export function checkHostNetwork(network: Network, field = 'cidr'): Rejected | null {
  const holder = rowOf(network);
  const clash =
    holder?.hosts === false
      ? holder
      : ROWS.find((row) => !row.hosts && row.network.prefix > network.prefix && overlaps(row.network, network));
  if (!clash) return null;
  const text = formatNetwork(network);
  const problem =
    text === formatNetwork(clash.network) ? `is ${clash.what}` : `overlaps ${clash.block}, which is ${clash.what}`;
  return invalid(field, `${text} ${problem} (${clash.source})`, 'a subnet has unicast addresses that hosts may have');
}

/** The block that holds an address which no host of a site may have; null: a host may have it. */
export function blockWithoutHosts(address: Address): SpecialNetwork | null {
  const row = rowOf(address);
  return row?.hosts === false ? row : null;
}

/** Refuses an address that no server can have which a node asks over the network; names the block. A text that is no address passes. */
export function checkServerAddress(text: string, field: string): Rejected | null {
  const address = parseAddress(text, field);
  const row = isRejected(address) ? undefined : rowOf(address);
  if (!row || row.servers) return null;
  return invalid(
    field,
    `${text} lies in ${row.block}, which is ${row.what} (${row.source})`,
    'the unicast address of another host',
  );
}

/** Refuses a network that no question can come from: multicast, reserved. Loopback and link-local hosts may ask. */
export function checkSourceNetwork(network: Network, field: string): Rejected | null {
  const row = rowOf(network);
  if (!row || row.hosts || row.servers || ['loopback', 'link-local'].includes(row.what)) return null;
  const text = formatNetwork(network);
  return invalid(field, `${text} lies in ${row.block}, which is ${row.what} (${row.source})`, 'a network of hosts');
}

/** Is the whole network private space, whose reverse names the public DNS does not have (RFC 6303)? */
export const isPrivateNetwork = (network: Network): boolean => rowOf(network)?.isPrivate === true;

/** The longest special name that holds `name`; undefined: none does. */
function specialNameOf(name: string): SpecialName | undefined {
  return SPECIAL_NAMES.filter((item) => isInDomain(name, item.name)).sort((a, b) => b.name.length - a.name.length)[0];
}

/** Refuses the name of a server that the DNS never gives an address of another host for, such as one below `localhost` or `invalid`. */
export function checkServerName(name: string, field: string): Rejected | null {
  const row = specialNameOf(name);
  if (!row || row.isAllowed || row.name === 'arpa') return null;
  return invalid(
    field,
    `${name} lies in ${row.name}: ${row.what} (${row.source})`,
    'the name of another host in the DNS',
  );
}

/** Refuses a domain whose name, or one above it, has a special use that leaves a site no room; names the use and its source. */
export function checkSpecialName(name: string, field = 'name'): Rejected | null {
  const row = specialNameOf(name);
  if (!row || row.isAllowed) return null;
  const where = name === row.name ? name : `${name} lies in ${row.name}, and ${row.name}`;
  return invalid(
    field,
    `${where} is no site's own: ${row.what} (${row.source})`,
    'a domain that you own, or one below internal, home.arpa or test',
  );
}

/**
 * Refuses a name of one label that is a public top-level domain: the site would lose every name of the Internet below it. `isForced`: the operator
 * says that it is meant. Other single labels (`lan`, `corp`) pass.
 */
export function checkPublicSuffix(name: string, isForced: boolean, field = 'name'): Rejected | null {
  if (isForced || !isTopLevelDomain(name)) return null;
  return invalid(
    field,
    `${name} is a public top-level domain: the site's hosts would lose every other name below it`,
    'a name below it that is yours; `regent domain create --force` accepts it',
  );
}
