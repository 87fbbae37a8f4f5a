import { bareAddress } from '../../../core/ip.ts';
import { PORTS } from '../../../core/node-ports.ts';
import type { Machine } from '../../../model/machines/machine.ts';
import type { Settings } from '../../../model/site/settings.ts';
import type { Snapshot } from '../../../model/snapshot.ts';
import { servingOf, type ServingSite } from '../../../model/networks/serving.ts';
import type { Cluster } from '../../../model/cluster/node.ts';

/** Resolvers that a system asks (resolv.conf(5)). */
const RESOLVERS_MAX = 3;

/** Where a machine's racks are on its VLANs, the primary one first: of the first of its VLANs that racks serve. Pure. */
export function rackAddresses(site: ServingSite, { interfaces }: Pick<Machine, 'interfaces'>): string[] {
  const { servers, positions } = servingOf(site);
  for (const vlanId of vlansOf(site, interfaces)) {
    const server = servers.get(vlanId);
    if (server === undefined) continue;
    const racks = [server.primary, ...(server.secondary === null ? [] : [server.secondary])];
    const found = racks.flatMap(
      ({ nodeId }) => positions.get(nodeId)?.served.find(({ vlan }) => vlan.id === vlanId)?.address ?? [],
    );
    if (found.length > 0) return found;
  }
  return [];
}

/** VLANs of a machine's interfaces in their order, by what they say or by their addresses. Pure. */
export function vlansOf({ subnets }: Pick<Snapshot, 'subnets'>, interfaces: Machine['interfaces']): number[] {
  const bySubnet = new Map(subnets.map(({ id, vlanId }) => [id, vlanId]));
  return [
    ...new Set(
      interfaces.flatMap(({ vlanId, addresses }) => [
        ...(vlanId === null ? [] : [vlanId]),
        ...addresses.flatMap(({ subnetId }) => bySubnet.get(subnetId) ?? []),
      ]),
    ),
  ];
}

/** Base URLs of racks' web servers. Pure. */
export function sourcesOf(addresses: readonly string[]): string[] {
  return addresses.map((address) => `http://${address}:${PORTS.bootFiles}`);
}

/** Who answers names where a subnet names nobody: the regions. Pure. */
export function siteResolvers({ nodes }: Pick<Snapshot, 'nodes'>): string[] {
  return nodes.flatMap(({ isRegion, addresses }) => (isRegion ? addresses.slice(0, 1) : [])).slice(0, RESOLVERS_MAX);
}

/** Where a deployed system gets its packages by; null: directly. The cluster's own proxy is at the floating address, else on a region. Pure. */
export function packageProxy(
  settings: Settings,
  cluster: Cluster | null,
  { nodes }: Pick<Snapshot, 'nodes'>,
): string | null {
  if (settings.http_proxy !== '' && !settings.use_peer_proxy) return settings.http_proxy;
  if (!settings.enable_http_proxy) return null;
  const vip = cluster?.vip ?? null;
  const region = nodes.find(({ isRegion, addresses }) => isRegion && addresses.length > 0);
  const host = vip === null ? region?.addresses[0] : bareAddress(vip);
  if (host === undefined) return null;
  return `http://${host.includes(':') ? `[${host}]` : host}:${settings.maas_proxy_port}`;
}
