import { orderedNetworks } from '../../core/ip.ts';
import { ownNodeAmong } from '../../model/site/circle.ts';
import { knownAddresses, servingRegions } from '../../model/cluster/cluster.ts';
import { proxyPlace } from '../../model/site/proxy-url.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Finding, PartList } from '../kit/contract.ts';
import type { ProxyDesired } from './desired.ts';
import type { Node } from '../../model/cluster/node.ts';

/** Work that every node shares: the parent proxy, and why it is left out. */
export type ProxyShared = { readonly parent: ProxyDesired['parent']; readonly findings: readonly Finding[] };

/** Squid can do without an element of these lists. `nodes` is none of them: clients could reach a missing node through the proxy. */
export const PROXY_PARTS: readonly PartList[] = [
  {
    path: 'clients/*',
    name: (network) => `network ${String(network)}`,
    remedy: 'Make the subnet smaller or forbid it the proxy: regent subnet set SUBNET --proxy off.',
  },
  {
    path: 'resolvers/*',
    name: (address) => `resolver ${String(address)}`,
    remedy: 'Give the region node a proper address: regent node list.',
  },
];

/** With a proxy of ours as parent every request would go in a circle. So it is left out, and Squid asks the origin itself. */
export function prepareProxy({ nodes, settings }: Snapshot): ProxyShared {
  const parent = proxyPlace(settings.http_proxy);
  const own = parent === null ? null : ownNodeAmong([parent.host], { nodes, domain: settings.default_domain });
  if (parent === null || own === null) return { parent, findings: [] };
  const finding: Finding = {
    code: 'parent_circle',
    severity: 'error',
    subject: `proxy ${parent.host}`,
    sentence: `http_proxy names ${parent.host}, which is the cluster's own node ${own.node}. Requests would go in a circle, so Squid fetches everything from its origin.`,
    held: `proxy ${parent.host}`,
    remedy: 'Change the setting http_proxy.',
  };
  return { parent: null, findings: [finding] };
}

/** What `prepareProxy` found. */
export const heldBackProxy = (shared: ProxyShared): readonly Finding[] => shared.findings;

/** Squid runs on region nodes, for subnets that may use a proxy, unless it is switched off or machines use another proxy directly. */
export function compileProxy(snapshot: Snapshot, nodeId: string, shared: ProxyShared): ProxyDesired | null {
  const { settings, nodes, closedNames = [] } = snapshot;
  const node = nodes.find((item) => item.id === nodeId);
  if (!node?.isRegion || !settings.enable_http_proxy) return null;
  if (proxyPlace(settings.http_proxy) !== null && !settings.use_peer_proxy) return null;
  const nodeNames = nodes.map((item) => `${item.name}.${settings.default_domain}`);
  const closed = closedNetworks(snapshot);
  return {
    name: `${node.name}.${settings.default_domain}`,
    port: settings.maas_proxy_port,
    clients: orderedNetworks(snapshot.subnets.filter((subnet) => subnet.proxyOn).map((subnet) => subnet.cidr)),
    nodes: knownAddresses(snapshot),
    ...(closed.length === 0 ? {} : { closed }),
    ...(closedNames.length === 0 ? {} : { closedNames: [...closedNames] }),
    nodeNames: nodeNames.toSorted(),
    resolvers: ['127.0.0.1', ...otherRegions(nodes, node).flatMap((item) => item.addresses.slice(0, 1))],
    parent: shared.parent,
    cacheMb: settings.proxy_cache_size,
  };
}

/** What nodes reach and tenants must not: BMCs, the nodes' own networks that are no subnets, and what the site names. */
function closedNetworks({ settings, closedAddresses = [] }: Snapshot): string[] {
  const hosts = closedAddresses.map((address) => `${address}/${address.includes(':') ? 128 : 32}`);
  return orderedNetworks([...hosts, ...settings.proxy_closed_networks]);
}

/** Resolvers for the time when the node's own named does not answer. */
function otherRegions(nodes: readonly Node[], own: Node): readonly Node[] {
  return servingRegions({ nodes }).filter((node) => node.id !== own.id);
}
