import { invalid, type Rejected } from '../core/errors.ts';
import { proxyPlace } from './proxy-url.ts';
import type { Node } from './snapshot.ts';

/** What of a site decides who its own nodes are. */
interface OwnNodes {
  readonly nodes: readonly Pick<Node, 'name' | 'isRegion' | 'addresses'>[];
  readonly domain: string;
}

/**
 * Refuses a resolver or proxy that is a region node of the site itself: what our daemons send there would come back to them. Other
 * settings pass.
 */
export function checkNoCircle(setting: string, value: unknown, own: OwnNodes): Rejected | null {
  const found = ownNodeAmong(hostsOf(setting, value), own);
  if (!found) return null;
  const rule = 'a host that is no region node: what ours send there would go in a circle';
  return invalid(setting, `${found.host} is our own node ${found.node}`, rule);
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
