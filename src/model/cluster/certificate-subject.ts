import { bareAddress } from '../../core/ip.ts';
import type { CertificateSubject } from '../../core/node-identity.ts';
import { REGION_SERVER_NAME, vipAddress } from './cluster.ts';
import type { Node } from './node.ts';

/** The subject of a node's certificate. A region node also answers at the floating address. */
export function certificateSubject(
  node: Pick<Node, 'id' | 'name' | 'isRegion' | 'addresses'>,
  site: { readonly domain: string; readonly vip: string | null },
): CertificateSubject {
  const { id, name, isRegion } = node;
  const floating = isRegion ? vipAddress(site) : null;
  return {
    nodeId: id,
    name,
    isRegion,
    dnsNames: [name, `${name}.${site.domain}`, 'localhost', ...(isRegion ? [REGION_SERVER_NAME] : [])],
    addresses: [
      ...new Set([...node.addresses.map(bareAddress), '127.0.0.1', '::1', ...(floating === null ? [] : [floating])]),
    ],
  };
}
