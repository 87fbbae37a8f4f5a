import { isRejected } from '../../core/errors.ts';
import { bareAddress, compareAddresses, formatAddress, orderedNetworks, parseAddress } from '../../core/ip.ts';
import { checkNoCircle } from '../../model/circle.ts';
import { proxyPlace } from '../../model/proxy-url.ts';
import type { Node, Snapshot } from '../../model/snapshot.ts';
import type { ProxyDesired } from './desired.ts';

/**
 * Squid runs on region nodes, for the subnets that may use a proxy, unless it is switched off or machines are to use
 * another proxy themselves.
 */
export function compileProxy(snapshot: Snapshot, nodeId: string): ProxyDesired | null {
  const { settings, nodes } = snapshot;
  const node = nodes.find((item) => item.id === nodeId);
  if (!node?.isRegion || !settings.enable_http_proxy) return null;
  const other = proxyPlace(settings.http_proxy);
  if (other !== null && !settings.use_peer_proxy) return null;
  const nodeNames = nodes.map((item) => `${item.name}.${settings.default_domain}`);
  const circle = checkNoCircle('http_proxy', settings.http_proxy, { nodes, domain: settings.default_domain });
  if (circle !== null) throw new TypeError(circle.message);
  return {
    name: `${node.name}.${settings.default_domain}`,
    port: settings.maas_proxy_port,
    clients: orderedNetworks(snapshot.subnets.filter((subnet) => subnet.proxyOn).map((subnet) => subnet.cidr)),
    nodes: sortedAddresses(snapshot),
    nodeNames: nodeNames.toSorted(),
    resolvers: ['127.0.0.1', ...otherRegions(nodes, node).flatMap((item) => item.addresses.slice(0, 1))],
    parent: other,
    cacheMb: settings.proxy_cache_size,
  };
}

/** Where names are answered when the node's own named is not. */
function otherRegions(nodes: readonly Node[], own: Node): readonly Node[] {
  return nodes.filter((node) => node.isRegion && node.id !== own.id);
}

/** Every address that a node is known to have: those it is reached at, and those it reported on VLANs. */
function sortedAddresses(snapshot: Snapshot): string[] {
  const seen = snapshot.sights.flatMap((sight) => sight.addresses.map(bareAddress));
  const all = new Set([...snapshot.nodes.flatMap((node) => node.addresses), ...seen]);
  return [...all]
    .map((text) => {
      const address = parseAddress(text);
      if (isRejected(address)) throw new TypeError(address.message);
      return address;
    })
    .sort(compareAddresses)
    .map(formatAddress);
}
