import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';
import {
  type Address,
  bareAddress,
  bitsOf,
  contains,
  firstAddress,
  formatAddress,
  lastAddress,
  type Network,
  orderedAddresses,
  parseAddress,
} from '../../core/ip.ts';
import { compareText } from '../../core/order.ts';
import { parseReachableAddress } from '../names/reachable-address.ts';
import type { VlanAttachment } from '../networks/vlan-attachments.ts';
import type { Cluster, LostNode, Node } from './node.ts';

export { PORTS } from '../../core/node-ports.ts';
export { REGION_SERVER_NAME } from '../../core/node-identity.ts';

/** How many of so many voters of etcd must live for it to decide; without them nothing is written. */
export const majorityOf = (voters: number): number => Math.floor(voters / 2) + 1;

/** Region nodes in the order of their names, those that are still joining too. */
export function regionNodes(snapshot: { readonly nodes: readonly Node[] }): readonly Node[] {
  return snapshot.nodes.filter((node) => node.isRegion).sort((a, b) => compareText(a.name, b.name));
}

/** Region nodes that carry their part. */
export function regionMembers(snapshot: { readonly nodes: readonly Node[] }): readonly Node[] {
  return regionNodes(snapshot).filter((node) => node.state === 'member');
}

/** Region nodes that clients may be sent to. One that is still joining serves nobody yet, unless all are (the first one of a cluster). */
export function servingRegions(snapshot: { readonly nodes: readonly Node[] }): readonly Node[] {
  const members = regionMembers(snapshot);
  return members.length > 0 ? members : regionNodes(snapshot);
}

/** The main address of a node: where the others of the cluster reach it. */
export const mainAddress = (node: Pick<Node, 'addresses'>): string => node.addresses[0] ?? '';

/** Every address that nodes are known to have, ordered: where they are reached, the floating one, and what they reported on VLANs. */
export function knownAddresses({
  cluster,
  nodes,
  attachments,
}: {
  readonly cluster: Cluster | null;
  readonly nodes: readonly Node[];
  readonly attachments: readonly Pick<VlanAttachment, 'addresses'>[];
}): string[] {
  const vip = cluster === null ? null : vipAddress(cluster);
  const seen = attachments.flatMap((attachment) => attachment.addresses.map(bareAddress));
  return orderedAddresses([...nodes.flatMap((node) => node.addresses), ...(vip === null ? [] : [vip]), ...seen]);
}

/** The nodes that several recoveries count as lost: each address once with its last name, ordered by address. */
export function lostNodes(recoveries: readonly (readonly LostNode[])[]): LostNode[] {
  const byAddress = new Map(recoveries.flat().map(({ name, address }) => [address, { name, address }]));
  return [...byAddress.values()].sort((a, b) => compareText(a.address, b.address));
}

/** Does the cluster use a database of the operator's own, so that its nodes run none? */
export function isDatabaseExternal(cluster: Pick<Cluster, 'isDatabaseExternal'> | null): boolean {
  return cluster?.isDatabaseExternal === true;
}

/**
 * The name by which daemons of the cluster know each other. Each recovery changes it, so that the cluster's daemons do not accept those of
 * lost hosts.
 */
export function daemonsName({ id, recovered }: Pick<Cluster, 'id' | 'recovered'>): string {
  return recovered === undefined ? id : `${id.slice(0, NAME_MAX - recovered.id.length - 1)}-${recovered.id}`;
}

const NAME_MAX = 63;

/** The floating address without its prefix; null if there is none. */
export const vipAddress = (cluster: Pick<Cluster, 'vip'>): string | null => cluster.vip?.split('/')[0] ?? null;

/**
 * Reads a floating address, `ADDRESS/PREFIX`: the host that holds it must know its network. `nodeAddresses`: where the node is that will hold
 * it; it must be none of these, and near one of them.
 */
export function parseVip(text: string, nodeAddresses: readonly string[] = []): string | Rejected {
  const rule = 'IPv4 ADDRESS/PREFIX of the network that the region nodes share, used by nobody, such as 192.0.2.10/24';
  const bad = (problem: string) => invalid('vip', problem, rule);
  const [bare = '', prefix = '', more] = text.trim().split('/');
  const address = parseAddress(bare);
  if (isRejected(address) || !/^\d{1,3}$/.test(prefix) || more !== undefined)
    return bad(`${show(text)} is not a floating address`);
  if (address.family === 6) return bad(`${bare} is IPv6, but keepalived is set up only for IPv4 so far`);
  if (isRejected(parseReachableAddress(bare, 'vip'))) return bad(`${bare} is an address that other hosts do not reach`);
  if (Number(prefix) < 1 || Number(prefix) >= bitsOf(address.family))
    return bad(`the prefix /${prefix} leaves no network`);
  const network = networkOf(address, Number(prefix));
  if ([firstAddress(network).value, lastAddress(network).value].includes(address.value))
    return bad(`${bare} is the first or last address of its network`);
  if (nodeAddresses.includes(bare)) return bad(`${bare} is an address of a node itself`);
  const isNear = nodeAddresses.some((item) => {
    const other = parseAddress(item);
    return !isRejected(other) && contains(network, other);
  });
  if (nodeAddresses.length > 0 && !isNear)
    return bad(`no address of the node (${nodeAddresses.join(', ')}) lies in the network of ${text.trim()}`);
  return `${formatAddress(address)}/${prefix}`;
}

function networkOf(address: Address, prefix: number): Network {
  const host = BigInt(bitsOf(address.family) - prefix);
  return { ...address, value: (address.value >> host) << host, prefix };
}

/**
 * What region processes of this release know that those of an earlier one may not. The cluster does it only once every region node
 * knows it; from then on a process that does not know it must not work (the store's `features`). A name is never used for something else.
 */
export const FEATURES = [
  /** Nodes whose work was handed on: desired states differ by `isDrained`. */
  'drain',
  /** Published bodies are stored as parts by digest: rows without a whole body. */
  'parts',
  /** Nodes that are taken out: the state `leaving`, whose desired state has hardly a service. */
  'leave',
  /** Records of the types MX, NS, SRV and SSHFP. */
  'record-types',
  /** Snippets that are statements of dhcpd.conf. */
  'dhcp-statements',
  /** TXT data of several character-strings. */
  'txt-strings',
  /** Secrets are stored sealed everywhere: rows without the text of a command's secret, a TSIG key or a part with one. */
  'sealed-secrets',
  /** Backups: desired states with the service `backup`. */
  'backup',
] as const;

/** Features that only some sites use: known to this release, and on for good from the moment that a site uses one. */
export const SITE_FEATURES = [
  /** The database is an operator's own: an earlier release would start one on each node. */
  'external-database',
  /** It was recovered: an earlier release would announce no epoch, so that racks and lost hosts took it for the old cluster. */
  'recovered',
] as const;

export type Feature = (typeof FEATURES)[number];
