import { textDigest } from '../../core/stable-json.ts';
import { isRejected } from '../../core/errors.ts';
import { orderedNetworks, parseNetwork } from '../../core/ip.ts';
import { ownNodeAmong } from '../../model/site/circle.ts';
import type { LocalZone } from '../../model/names/local-zones.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Finding, PartList, VersionKey } from '../kit/contract.ts';
import { type GeneratedZone, generateZones, localZonesOf } from './bind-zone-generator.ts';
import { catalogOf, type Copying, copyingOf, givenCopies, takenCopies } from './copies.ts';
import type { DnsDesired, Forwarded, Zone } from './desired.ts';
import { forwardedOf } from './forwarded.ts';
import { holdBackZones } from './hold-back.ts';

const IN_SETTING = 'Take it out of the setting that names it: regent setting list.';

/** The daemon can do without an element of these lists. `holdBackZones` holds back zones, for all nodes alike. */
export const DNS_PARTS: readonly PartList[] = [
  {
    path: 'clients/*',
    name: (network) => `network ${String(network)}`,
    remedy: 'Change the subnet (regent subnet list) or the setting dns_trusted_acl.',
  },
  { path: 'forwarders/*', name: (host) => `resolver ${String(host)}`, remedy: IN_SETTING },
];

/** Work that every node shares: the zones' content, where to ask for unknown names, and what is held back. */
export interface DnsShared {
  readonly zones: readonly GeneratedZone[];
  readonly local: readonly LocalZone[];
  readonly forwarders: readonly string[];
  readonly forwarded: readonly Forwarded[];
  readonly findings: readonly Finding[];
  /** The racks that copy the zones; null: none does, so there is no catalog. */
  readonly copying: Copying | null;
  /** The last published content of each zone. */
  readonly last: ReadonlyMap<string, Zone>;
}

/** Generates the zones once for the site. Without a region node there are no zones, since no server would answer for them. */
export function prepareDns(snapshot: Snapshot, before: readonly DnsDesired[]): DnsShared {
  const { forwarders, ...upstream } = forwardersOf(snapshot);
  const { forwarded, ...elsewhere } = forwardedOf(snapshot);
  const findings = [...upstream.findings, ...elsewhere.findings];
  const forwarding = { forwarders, forwarded };
  if (!snapshot.nodes.some((node) => node.isRegion))
    return { zones: [], local: localZonesOf(snapshot, []), ...forwarding, findings, copying: null, last: new Map() };
  const generated = generateZones(snapshot);
  const digests = new Map(generated.map((zone) => [zone.content, zone.digest]));
  const held = holdBackZones(
    generated.map((zone) => zone.content),
    before,
  );
  const copying = copyingOf(snapshot);
  const catalog = copying === null ? [] : [catalogOf(held.zones.map((zone) => zone.name))];
  const zones = [...held.zones, ...catalog].map((content) => ({
    content,
    digest: digests.get(content) ?? textDigest(JSON.stringify(content)),
  }));
  return {
    zones,
    local: localZonesOf(snapshot, zones),
    ...forwarding,
    findings: [...findings, ...held.findings],
    copying,
    last: held.last,
  };
}

/** Every zone needs a serial for its content. */
export function versionedDns(_snapshot: Snapshot, shared: DnsShared): readonly VersionKey[] {
  return shared.zones.map((zone) => ({ key: zone.content.name, digest: zone.digest }));
}

/** Zones that keep their last good content, and zones whose content has no number because their serials are used up. */
export function heldBackDns(shared: DnsShared, snapshot: Snapshot): readonly Finding[] {
  const serialOf = serialsIn(snapshot);
  const lost = shared.zones
    .filter((zone) => serialOf(zone) === undefined && shared.last.has(zone.content.name))
    .map(({ content: { name } }): Finding => {
      return {
        code: 'zone_without_serial',
        severity: 'error',
        subject: `zone ${name}`,
        sentence: `Zone ${name} cannot publish its new content, because it has used its last serial. Its last good content stays in force.`,
        held: `zone ${name}`,
        remedy: `Give the domain another name: regent domain set ${name} --name NEW.`,
      };
    });
  return [...shared.findings, ...lost];
}

/**
 * BIND runs on region nodes, and on racks, which copy the zones from them. A zone whose content has no published number keeps its last content,
 * because a serial that does not follow the content could go backwards or stand still. If it has no last content, the whole service is at fault.
 */
export function compileDns(snapshot: Snapshot, nodeId: string, shared: DnsShared): DnsDesired | null {
  const node = snapshot.nodes.find((item) => item.id === nodeId);
  const { copying } = shared;
  if (node?.isRegion)
    return {
      zones: publishedZones(snapshot, shared),
      local: [...shared.local],
      ...resolving(snapshot, shared),
      ...givenCopies(snapshot, copying),
    };
  if (!copying?.racks.has(nodeId)) return null;
  return {
    zones: [],
    local: [...localZonesOf(snapshot, shared.zones, { isWhole: true })],
    ...resolving(snapshot, shared),
    keys: [copying.key],
    copies: takenCopies(copying, publishedZones(snapshot, shared)),
  };
}

function publishedZones(snapshot: Snapshot, { zones, last }: DnsShared): Zone[] {
  const serialOf = serialsIn(snapshot);
  return zones.map((zone): Zone => {
    const serial = serialOf(zone);
    if (serial !== undefined) return { ...zone.content, serial };
    const before = last.get(zone.content.name);
    if (before === undefined) throw new TypeError(`zone ${zone.content.name} has no serial for its content`);
    return before;
  });
}

/** Which clients may ask for foreign names, and how named finds these: the same on every node. */
function resolving(
  snapshot: Snapshot,
  shared: DnsShared,
): Pick<DnsDesired, 'clients' | 'forwarders' | 'forwarded' | 'dnssecValidation' | 'rateLimit'> {
  const { settings } = snapshot;
  return {
    clients: clientsOf(snapshot),
    forwarders: [...shared.forwarders],
    ...(shared.forwarded.length === 0 ? {} : { forwarded: [...shared.forwarded] }),
    dnssecValidation: settings.dnssec_validation,
    rateLimit: settings.dns_rate_limit,
  };
}

/** Gives the published number of a zone's content. */
function serialsIn({ versions }: Snapshot): (zone: GeneratedZone) => number | undefined {
  const own = versions.filter((row) => row.service === 'dns');
  const numbers = new Map(own.map((row) => [JSON.stringify([row.key, row.digest]), row.version]));
  return ({ content, digest }) => numbers.get(JSON.stringify([content.name, digest]));
}

/** With one of our own resolvers as forwarder every question would go in a circle, so it is left out. */
function forwardersOf({ nodes, settings }: Snapshot): Pick<DnsShared, 'forwarders' | 'findings'> {
  const own = { nodes, domain: settings.default_domain };
  const found = settings.upstream_dns.map((host) => ({ host, circle: ownNodeAmong([host], own) }));
  const findings = found.flatMap(({ host, circle }): Finding[] =>
    circle === null
      ? []
      : [
          {
            code: 'upstream_circle',
            severity: 'error',
            subject: `resolver ${host}`,
            sentence: `upstream_dns names ${host}, which is the cluster's own node ${circle.node}. Queries would go in a circle, so none is sent there.`,
            held: `resolver ${host}`,
            remedy: `Take ${host} out of the setting upstream_dns.`,
          },
        ],
  );
  return { forwarders: found.filter(({ circle }) => circle === null).map(({ host }) => host), findings };
}

function clientsOf(snapshot: Snapshot): string[] {
  const off = new Set(snapshot.vlans.filter((vlan) => !vlan.dnsOn).map((vlan) => vlan.id));
  const cidrs = snapshot.subnets
    .filter((subnet) => subnet.dnsOn && !off.has(subnet.vlanId))
    .map((subnet) => subnet.cidr);
  // We hold back a text that is no network, and report it (`DNS_PARTS`).
  const isNetwork = (cidr: string) => !isRejected(parseNetwork(cidr));
  const all = [...cidrs, ...snapshot.settings.dns_trusted_acl];
  return [...orderedNetworks(all.filter(isNetwork)), ...all.filter((cidr) => !isNetwork(cidr))];
}
