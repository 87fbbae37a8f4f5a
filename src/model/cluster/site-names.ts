import { bareAddress } from '../../core/ip.ts';
import type { SiteNames } from '../../core/node-identity.ts';
import { REGION_SERVER_NAME, vipAddress } from './cluster.ts';
import type { Node } from './node.ts';

/** What the names of the site follow from. `recordNames`: whole names in the cluster's DNS that lead to the floating address. */
export interface NamedSite {
  readonly vip: string | null;
  readonly domain: string;
  readonly nodes: readonly Pick<Node, 'name' | 'isRegion' | 'addresses'>[];
  readonly recordNames: readonly string[];
}

/** Names in a certificate: with more of them it would burden every handshake. */
const NAMES_MAX = 100;

/**
 * Where browsers and tools find the site: the floating address, names that lead to it, every region node by name and address, and the host itself. In a fixed
 * order, so that two of these can be compared.
 */
export function siteNames({ vip, domain, nodes, recordNames }: NamedSite): SiteNames {
  const regions = nodes.filter(({ isRegion }) => isRegion);
  const floating = vipAddress({ vip });
  const ofNodes = regions.flatMap(({ name }) => [name, `${name}.${domain}`]);
  const ofRecords = recordNames.filter((name) => isHostName(name) && name !== REGION_SERVER_NAME).sort();
  return {
    dnsNames: [...new Set(['localhost', ...ofNodes.sort(), ...ofRecords])].slice(0, NAMES_MAX),
    addresses: [
      ...new Set([
        ...(floating === null ? [] : [floating]),
        ...regions.flatMap(({ addresses }) => addresses.map(bareAddress)).sort(),
        '127.0.0.1',
        '::1',
      ]),
    ].slice(0, NAMES_MAX),
  };
}

/** Does a certificate with these names cover a host's name (RFC 9525: a star stands for one whole label) or address? */
export function covers({ dnsNames, addresses }: SiteNames, host: string): boolean {
  const name = host.toLowerCase();
  if (addresses.includes(name) || dnsNames.includes(name)) return true;
  const rest = name.slice(name.indexOf('.'));
  return name.includes('.') && !addresses.includes(name) && dnsNames.includes(`*${rest}`);
}

function isHostName(name: string): boolean {
  return name.length <= 253 && /^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(name);
}
