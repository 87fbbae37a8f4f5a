import { textDigest } from '../../core/digest.ts';
import { orderedNetworks } from '../../core/ip.ts';
import { ownNodeAmong } from '../../model/circle.ts';
import type { LocalZone } from '../../model/special/local-zones.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Finding, VersionKey } from '../kit/contract.ts';
import { type GeneratedZone, generateZones, localZonesOf } from './bind-zone-generator.ts';
import type { DnsDesired, Zone } from './desired.ts';
import { holdZones } from './hold.ts';

/** Work that every node shares: the zones' content, where unknown names are asked for, and what is held back. */
export interface DnsShared {
  readonly zones: readonly GeneratedZone[];
  readonly local: readonly LocalZone[];
  readonly forwarders: readonly string[];
  readonly findings: readonly Finding[];
}

/** Generates the zones once for the site. No zones without a region node: nobody would answer for them. */
export function prepareDns(snapshot: Snapshot, before: readonly DnsDesired[]): DnsShared {
  const { forwarders, findings } = forwardersOf(snapshot);
  if (!snapshot.nodes.some((node) => node.isRegion))
    return { zones: [], local: localZonesOf(snapshot, []), forwarders, findings };
  const generated = generateZones(snapshot);
  const digests = new Map(generated.map((zone) => [zone.content, zone.digest]));
  const held = holdZones(
    generated.map((zone) => zone.content),
    before,
  );
  const zones = held.zones.map((content) => ({
    content,
    digest: digests.get(content) ?? textDigest(JSON.stringify(content)),
  }));
  return { zones, local: localZonesOf(snapshot, zones), forwarders, findings: [...findings, ...held.findings] };
}

/** Every zone wants a serial for its content. */
export function versionedDns(_snapshot: Snapshot, shared: DnsShared): readonly VersionKey[] {
  return shared.zones.map((zone) => ({ key: zone.content.name, digest: zone.digest }));
}

/**
 * BIND runs on region nodes. A zone whose content has no published number is a fault, because a serial that does not
 * follow the content could go backwards or stand still.
 */
export function compileDns(snapshot: Snapshot, nodeId: string, shared: DnsShared): DnsDesired | null {
  const node = snapshot.nodes.find((item) => item.id === nodeId);
  if (!node?.isRegion) return null;
  const numbers = new Map(
    snapshot.versions
      .filter((row) => row.service === 'dns')
      .map((row) => [JSON.stringify([row.key, row.digest]), row.version]),
  );
  const { settings } = snapshot;
  return {
    zones: shared.zones.map(({ content, digest }): Zone => {
      const serial = numbers.get(JSON.stringify([content.name, digest]));
      if (serial === undefined) throw new TypeError(`zone ${content.name} has no serial for its content`);
      return { ...content, serial };
    }),
    local: [...shared.local],
    clients: clientsOf(snapshot),
    forwarders: [...shared.forwarders],
    dnssecValidation: settings.dnssec_validation,
    rateLimit: settings.dns_rate_limit,
  };
}

/** A resolver of ours as our own forwarder would send every question in a circle: it is left out. */
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
            sentence: `upstream_dns names ${host}, which is our own node ${circle.node}: questions would go in a circle, so nobody is sent there.`,
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
  return orderedNetworks([...cidrs, ...snapshot.settings.dns_trusted_acl]);
}
