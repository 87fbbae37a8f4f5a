import { orderedNetworks } from '../../core/ip.ts';
import { ownNodeAmong } from '../../model/circle.ts';
import type { LocalZone } from '../../model/special/local-zones.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { VersionKey } from '../kit/contract.ts';
import { type GeneratedZone, generateZones, localZonesOf } from './bind-zone-generator.ts';
import type { DnsDesired, Zone } from './desired.ts';

/** Work that every node shares: the zones' content. */
export interface DnsShared {
  readonly zones: readonly GeneratedZone[];
  readonly local: readonly LocalZone[];
}

/** Generates the zones once for the site. No zones without a region node: nobody would answer for them. */
export function prepareDns(snapshot: Snapshot): DnsShared {
  const zones = snapshot.nodes.some((node) => node.isRegion) ? generateZones(snapshot) : [];
  return { zones, local: localZonesOf(snapshot, zones) };
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
  refuseCircle(snapshot);
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
    forwarders: [...settings.upstream_dns],
    dnssecValidation: settings.dnssec_validation,
    rateLimit: settings.dns_rate_limit,
  };
}

/** A resolver of ours as our own forwarder would send every question in a circle. */
function refuseCircle(snapshot: Snapshot): void {
  const { nodes, settings } = snapshot;
  const own = ownNodeAmong(settings.upstream_dns, { nodes, domain: settings.default_domain });
  if (own) {
    throw new TypeError(
      `upstream_dns names ${own.host}, which is our own node ${own.node}: questions would go in a circle`,
    );
  }
}

function clientsOf(snapshot: Snapshot): string[] {
  const off = new Set(snapshot.vlans.filter((vlan) => !vlan.dnsOn).map((vlan) => vlan.id));
  const cidrs = snapshot.subnets
    .filter((subnet) => subnet.dnsOn && !off.has(subnet.vlanId))
    .map((subnet) => subnet.cidr);
  return orderedNetworks([...cidrs, ...snapshot.settings.dns_trusted_acl]);
}
