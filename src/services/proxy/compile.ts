import { orderedNetworks } from '../../core/ip.ts';
import { checkNoCircle } from '../../model/circle.ts';
import { knownAddresses, servingRegions } from '../../model/cluster.ts';
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
    nodes: knownAddresses(snapshot),
    nodeNames: nodeNames.toSorted(),
    resolvers: ['127.0.0.1', ...otherRegions(nodes, node).flatMap((item) => item.addresses.slice(0, 1))],
    parent: other,
    cacheMb: settings.proxy_cache_size,
  };
}

/** Where names are answered when the node's own named is not. */
function otherRegions(nodes: readonly Node[], own: Node): readonly Node[] {
  return servingRegions({ nodes }).filter((node) => node.id !== own.id);
}
