import { textDigest } from '../../core/stable-json.ts';
import { isRejected } from '../../core/errors.ts';
import { type Address, type Network, parseAddress, parseNetwork } from '../../core/ip.ts';
import { isInDomain, relativeName } from '../../model/names/names.ts';
import { type LocalZone, localZones } from '../../model/names/local-zones.ts';
import { isCutByAddress, keepsPrivateReverse, reverseName, reverseZones } from '../../model/names/reverse.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { ZoneContent, ZoneRecord } from './desired.ts';
import { delegationOf, forwardedOf, isServedHere } from './forwarded.ts';
import { type NameServer, nameServers, type PublishedName, publishedNames, SOURCES } from './published-names.ts';
import { coveringName, nameAbove } from './rules.ts';

/** Longest time in seconds for which a resolver may remember that a name does not exist. A new machine's name soon appears. */
const NEGATIVE_TTL_MAX = 60;

/** A zone's content and its digest, under which it gets its serial. */
export type GeneratedZone = { readonly content: ZoneContent; readonly digest: string };

/**
 * All zones of a site, without serials: one for each domain that it answers for, and the reverse zones of each subnet. Sorted by name, forward
 * zones first.
 *
 * - A subnet that ends inside a label has a zone per address that has a name (`isCutByAddress`); its other addresses are `localZonesOf`.
 * - A name lives in the zone of the longest domain that holds it; a parent delegates to it, with glue. A name of a domain that others answer for has
 *   its PTR record here, and nothing else.
 * - PTR: every published address that a reverse zone holds has exactly one. It names the node that has the address, else
 *   the machine, else what it is reserved for, else a record, else the DHCP client that has it; among equals the name that is first in code-point order. Wildcards own none.
 */
export function generateZones(snapshot: Snapshot): readonly GeneratedZone[] {
  const names = publishedNames(snapshot);
  const servers = nameServers(snapshot);
  const zones = [...forwardZones(snapshot, names, servers), ...reverseZonesOf(snapshot, names, servers)];
  // The members of a zone always have the same order, so plain JSON is stable, and much faster.
  return zones.map((content) => ({ content, digest: textDigest(JSON.stringify(content)) }));
}

/**
 * What named serves beside the site's zones: names with a special use, private reverse space if no upstream answers it, and the addresses without a
 * name of subnets that are cut by address. `zones`: the result of `generateZones`. `isWhole`: named makes none by itself, also without an upstream.
 */
export function localZonesOf(
  snapshot: Snapshot,
  zones: readonly GeneratedZone[],
  { isWhole } = { isWhole: false },
): readonly LocalZone[] {
  const { settings } = snapshot;
  const own = new Set(zones.map((zone) => zone.content.name));
  const unnamed = reverseNetworks(snapshot).flatMap(({ network, isCut }) =>
    isCut ? reverseZones(network, isCut).filter((name) => !own.has(name)) : [],
  );
  // Without an upstream named makes the private zones itself (RFC 6303).
  const hasUpstream = settings.upstream_dns.length > 0;
  const keepsPrivate = hasUpstream ? keepsPrivateReverse(settings) : isWhole;
  return [...localZones(own, keepsPrivate), ...unnamed.sort().map((name) => ({ name, kind: 'unnamed' as const }))];
}

/** The networks of all subnets, and whether each is cut into a zone per address. */
function reverseNetworks(snapshot: Snapshot): readonly { readonly network: Network; readonly isCut: boolean }[] {
  return snapshot.subnets.map((subnet) => {
    const network = parseNetwork(subnet.cidr);
    if (isRejected(network)) throw new TypeError(`subnet ${subnet.name}: ${network.message}`);
    return { network, isCut: isCutByAddress(network, snapshot.settings) };
  });
}

function forwardZones(
  snapshot: Snapshot,
  names: readonly PublishedName[],
  servers: readonly NameServer[],
): readonly ZoneContent[] {
  const records = new Map<string, ZoneRecord[]>(snapshot.domains.filter(isServedHere).map(({ name }) => [name, []]));
  const known = new Map(snapshot.domains.map((domain) => [domain.name, domain]));
  const { forwarded } = forwardedOf(snapshot);
  const ttls = new Map(snapshot.domains.map((domain) => [domain.name, domain.ttl ?? snapshot.settings.default_ttl]));
  for (const item of names) {
    const zone = coveringName(item.fqdn, known);
    if (zone === null) continue;
    const name = relativeName(item.fqdn, zone);
    records.get(zone)?.push(recordOf(name, item, ttls.get(zone)));
  }
  const children = Map.groupBy([...records.keys()].sort(), (zone) => nameAbove(zone, known));
  return [...records.keys()].sort().map((zone) => {
    const own = (records.get(zone) ?? []).sort(byOwner);
    const ttl = ttls.get(zone) ?? snapshot.settings.default_ttl;
    return zoneContent(snapshot, { zone, ttl, servers }, [
      ...delegations(zone, children.get(zone) ?? [], servers),
      ...forwarded
        .filter((child) => nameAbove(child.zone, known) === zone)
        .flatMap((child) => delegationOf(zone, child)),
      ...own,
    ]);
  });
}

/** The NS records of child zones, and the addresses of name servers that live in a child zone. */
function delegations(zone: string, children: readonly string[], servers: readonly NameServer[]): readonly ZoneRecord[] {
  const ns = children.flatMap((child) =>
    servers.map((server) => ({ name: relativeName(child, zone), type: 'NS' as const, data: server.fqdn })),
  );
  const glue = servers
    .filter((server) => children.some((child) => isInDomain(server.fqdn, child)))
    .flatMap((server) => server.addresses.map((data) => addressRecord(relativeName(server.fqdn, zone), data)));
  return [...ns, ...glue];
}

function addressRecord(name: string, data: string): ZoneRecord {
  return { name, type: data.includes(':') ? 'AAAA' : 'A', data };
}

function reverseZonesOf(
  snapshot: Snapshot,
  names: readonly PublishedName[],
  servers: readonly NameServer[],
): readonly ZoneContent[] {
  const records = new Map<string, (readonly [bigint, ZoneRecord])[]>();
  const cut = new Set<string>();
  for (const { network, isCut } of reverseNetworks(snapshot)) {
    for (const zone of reverseZones(network, isCut)) {
      records.set(zone, []);
      if (isCut) cut.add(zone);
    }
  }
  const ttl = snapshot.settings.default_ttl;
  for (const [address, item] of pointers(names)) {
    const name = reverseName(address);
    const zone = coveringName(name, records);
    if (zone === null) continue;
    const owner = relativeName(name, zone);
    const record: ZoneRecord = { name: owner, type: 'PTR', data: item.fqdn, ...ownTtl(item.ttl, ttl) };
    records.get(zone)?.push([address.value, record]);
  }
  const named = [...records.keys()].filter((zone) => !cut.has(zone) || records.get(zone)?.length !== 0);
  return named.sort().map((zone) => {
    const sorted = (records.get(zone) ?? []).sort((a, b) => (a[0] < b[0] ? -1 : 1));
    return zoneContent(
      snapshot,
      { zone, ttl, servers },
      sorted.map(([, record]) => record),
    );
  });
}

/** For every address the published name that its PTR record names. */
function pointers(names: readonly PublishedName[]): readonly (readonly [Address, PublishedName])[] {
  const best = new Map<string, PublishedName>();
  for (const item of names) {
    if ((item.type !== 'A' && item.type !== 'AAAA') || item.fqdn.startsWith('*')) continue;
    const known = best.get(item.data);
    if (!known || owns(item, known)) best.set(item.data, item);
  }
  return Array.from(best, ([text, item]) => {
    const address = parseAddress(text);
    if (isRejected(address)) throw new TypeError(`${item.fqdn}: ${address.message}`);
    return [address, item] as const;
  });
}

function owns(item: PublishedName, other: PublishedName): boolean {
  const rank = SOURCES.indexOf(item.source) - SOURCES.indexOf(other.source);
  return rank < 0 || (rank === 0 && item.fqdn < other.fqdn);
}

function zoneContent(
  snapshot: Snapshot,
  zone: { readonly zone: string; readonly ttl: number; readonly servers: readonly NameServer[] },
  records: readonly ZoneRecord[],
): ZoneContent {
  const contact = `hostmaster.${snapshot.settings.default_domain}`;
  const ns = zone.servers.map((server) => ({ name: '@', type: 'NS' as const, data: server.fqdn }));
  return {
    name: zone.zone,
    ttl: zone.ttl,
    negativeTtl: Math.min(zone.ttl, NEGATIVE_TTL_MAX),
    // Without a name server lint refuses the zone; its sentence is better than an exception here.
    primary: zone.servers[0]?.fqdn ?? contact,
    contact,
    records: [...ns, ...records],
  };
}

function recordOf(name: string, item: PublishedName, zoneTtl: number | undefined): ZoneRecord {
  return { name, type: item.type, data: item.data, ...ownTtl(item.ttl, zoneTtl) };
}

const ownTtl = (ttl: number, zoneTtl: number | undefined): { ttl?: number } => (ttl === zoneTtl ? {} : { ttl });

/** The zone's own name first, then by name, type and datum, so that equal content has equal text. */
function byOwner(a: ZoneRecord, b: ZoneRecord): number {
  if (a.name !== b.name) return a.name === '@' ? -1 : b.name === '@' || a.name > b.name ? 1 : -1;
  return a.type === b.type ? (a.data < b.data ? -1 : 1) : a.type < b.type ? -1 : 1;
}
