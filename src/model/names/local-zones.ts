/** What a zone that every resolver serves by itself holds. `unnamed`: an address of a subnet without a name, whose negative answers end soon. */
export const LOCAL_ZONE_KINDS = ['localhost', 'loopback4', 'loopback6', 'empty', 'unnamed'] as const;
export type LocalZoneKind = (typeof LOCAL_ZONE_KINDS)[number];

/** A zone that is served here whatever an upstream says. */
export type LocalZone = { readonly name: string; readonly kind: LocalZoneKind };

const empty = (name: string): LocalZone => ({ name, kind: 'empty' });
const nibbles = (count: number) => '0.'.repeat(count);
const numbers = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

/**
 * Always: `localhost` and the names of loopback (RFC 6761 §6.3, RFC 6303 §4.2), what never exists (RFC 6761 §6.4, RFC 7686 §2), and addresses that no
 * host has (RFC 6303 §4.2, §4.3). `test` and `local` are left to the upstream: laboratories and directories have zones there.
 */
export const ALWAYS_LOCAL: readonly LocalZone[] = [
  { name: 'localhost', kind: 'localhost' },
  { name: '127.in-addr.arpa', kind: 'loopback4' },
  { name: `1.${nibbles(31)}ip6.arpa`, kind: 'loopback6' },
  ...['invalid', 'onion', '0.in-addr.arpa', '255.255.255.255.in-addr.arpa', `0.${nibbles(31)}ip6.arpa`].map(empty),
];

/**
 * Reverse names of private, shared and link-local space (RFC 6303 §4.1, §4.4, §4.5, RFC 7793). Those of documentation networks are not
 * among them: a laboratory's upstream has names there.
 */
export const PRIVATE_REVERSE: readonly LocalZone[] = [
  '10.in-addr.arpa',
  ...numbers(16, 31).map((octet) => `${octet}.172.in-addr.arpa`),
  '168.192.in-addr.arpa',
  ...numbers(64, 127).map((octet) => `${octet}.100.in-addr.arpa`),
  '254.169.in-addr.arpa',
  'd.f.ip6.arpa',
  ...['8', '9', 'a', 'b'].map((nibble) => `${nibble}.e.f.ip6.arpa`),
].map(empty);

/** Zones that named makes by itself where no upstream is set: the private ones, and those of documentation networks (RFC 6303 §4.3, §4.6). */
const MADE_BY_NAMED = [
  ...PRIVATE_REVERSE.map((zone) => zone.name),
  ...['2.0.192', '100.51.198', '113.0.203'].map((labels) => `${labels}.in-addr.arpa`),
  '8.b.d.0.1.0.0.2.ip6.arpa',
];

/** The zones of named's own that would hide a part of the site's zones: those that lie in one of them. */
export function hidingZones(zones: ReadonlySet<string>): readonly string[] {
  return MADE_BY_NAMED.filter((name) => !zones.has(name) && isCovered(name, zones));
}

/** The local zones beside the site's own (`zones`): a zone of the site replaces one of the same name, and private ones that lie in it. */
export function localZones(zones: ReadonlySet<string>, keepsPrivate: boolean): readonly LocalZone[] {
  const beside = (zone: LocalZone) => !zones.has(zone.name);
  const always = ALWAYS_LOCAL.filter(beside);
  return keepsPrivate ? [...always, ...PRIVATE_REVERSE.filter((zone) => !isCovered(zone.name, zones))] : always;
}

/** Is the name one of the zones, or does it lie in one? */
function isCovered(name: string, zones: ReadonlySet<string>): boolean {
  return [...parents(name)].some((parent) => zones.has(parent));
}

/** A name and every name above it. */
function* parents(name: string): Generator<string> {
  for (let rest = name; rest !== ''; rest = rest.includes('.') ? rest.slice(rest.indexOf('.') + 1) : '') yield rest;
}
