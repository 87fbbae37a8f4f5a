import { invalid, type Rejected, rejected } from '../../core/errors.ts';
import { forwardServerOf } from '../names/forward-server.ts';
import { proxyPlace } from './proxy-url.ts';
import type { Settings } from './settings.ts';
import type { Node } from '../cluster/node.ts';

/** What of a site decides who its own nodes are. */
type OwnNodes = { readonly nodes: readonly Pick<Node, 'name' | 'isRegion' | 'addresses'>[]; readonly domain: string };

/**
 * Refuses a resolver or proxy that is a region node of the site itself: what our daemons send there would come back to them. Other
 * settings pass.
 */
export function checkNoCircle(setting: string, value: unknown, own: OwnNodes): Rejected | null {
  const found = ownNodeAmong(hostsOf(setting, value), own);
  if (!found) return null;
  const rule = 'a host that is not a region node: requests to a region node would go in a circle';
  return invalid(setting, `${found.host} is the cluster's own node ${found.node}`, rule);
}

/** Refuses a name server for a domain that is a node of the site itself: every node forwards questions about that domain. `servers`: canonical. */
export function checkForwardNoCircle(
  servers: readonly string[],
  nodes: readonly Pick<Node, 'name' | 'addresses'>[],
): Rejected | null {
  const found = ownForwardAmong(servers, nodes);
  if (!found) return null;
  const rule = 'a server that is not a node of the site: queries to a node would go in a circle';
  return invalid('forwardTo', `${found.host} is the cluster's own node ${found.node}`, rule);
}

/** The first of these name servers that is a node of the site, and the node's name; null: none is. */
export function ownForwardAmong(
  servers: readonly string[],
  nodes: readonly Pick<Node, 'name' | 'addresses'>[],
): { readonly host: string; readonly node: string } | null {
  for (const host of servers) {
    const node = nodes.find(({ addresses }) => addresses.includes(forwardServerOf(host).address));
    if (node) return { host, node: node.name };
  }
  return null;
}

/** Refuses a host as a region node that the site's own settings name as its resolver or proxy: what ours send there would come back to them. */
export function checkNodeNoCircle(
  node: Pick<Node, 'name' | 'addresses'>,
  settings: Pick<Settings, 'upstream_dns' | 'http_proxy' | 'default_domain'>,
): Rejected | null {
  const own = { nodes: [{ ...node, isRegion: true }], domain: settings.default_domain };
  for (const name of ['upstream_dns', 'http_proxy'] as const) {
    const found = ownNodeAmong(hostsOf(name, settings[name]), own);
    if (!found) continue;
    const why = 'its requests would go in a circle';
    return rejected(
      'conflict',
      `${node.name} cannot be a region node: the setting ${name} names ${found.host}, which is its own address or name; ${why}. Take it out of the setting first: regent setting set ${name}.`,
    );
  }
  return null;
}

/** The first of these hosts (names or addresses) that is a region node of the site, and the node's name; null: none is. */
export function ownNodeAmong(
  hosts: readonly string[],
  own: OwnNodes,
): { readonly host: string; readonly node: string } | null {
  for (const host of hosts) {
    const node = own.nodes.find(
      (item) => item.isRegion && (item.addresses.includes(host) || host === `${item.name}.${own.domain}`),
    );
    if (node) return { host, node: node.name };
  }
  return null;
}

function hostsOf(setting: string, value: unknown): readonly string[] {
  if (setting === 'upstream_dns' && Array.isArray(value)) return value.map(String);
  const place = setting === 'http_proxy' && typeof value === 'string' ? proxyPlace(value) : null;
  return place === null ? [] : [place.host];
}
