import { daemonsName, mainAddress, regionNodes } from '../../model/cluster/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { VipDesired } from './desired.ts';
import type { Node } from '../../model/cluster/node.ts';

/**
 * The larger the priority, the sooner a node takes over (RFC 9568 §6.1, Skew_Time): the first one 18 ms after a holder announced that it goes (adverts of
 * 0.1 s), so that the old holder no longer has the address.
 */
const PRIORITY_MAX = 210;
/** Each step gives a node 25 ms before the next one takes over. */
const PRIORITY_STEP = 65;

/**
 * keepalived runs on the region nodes of a cluster with a floating address. Joining nodes know the holder and do not take the address yet. Throws if
 * VRRP cannot work: an address of another family, or none.
 */
export function compileVip(snapshot: Snapshot, nodeId: string): VipDesired | null {
  const { cluster } = snapshot;
  const regions = regionNodes(snapshot);
  const at = regions.findIndex((item) => item.id === nodeId);
  const node = regions[at];
  if (cluster?.vip == null || !node) return null;
  if (cluster.vip.includes(':'))
    throw new TypeError(
      `the floating address ${cluster.vip} is IPv6. Rule: an IPv4 address; keepalived is set up only for IPv4 so far`,
    );
  const step = Math.max(1, Math.min(PRIORITY_STEP, Math.floor((PRIORITY_MAX - 1) / regions.length)));
  if (regions.length > PRIORITY_MAX)
    throw new TypeError(`${regions.length} region nodes have no priorities of their own`);
  return {
    clusterId: daemonsName(cluster),
    router: cluster.virtualRouter,
    vip: cluster.vip,
    priority: PRIORITY_MAX - at * step,
    name: node.name,
    address: addressOf(node),
    // In a cluster of only new nodes nobody could have held it before.
    isMember: node.state === 'member' || regions.every((item) => item.state === 'joining'),
    ...(node.isDrained ? { isDrained: true } : {}),
    peers: regions.filter((item) => item !== node).map((item) => ({ name: item.name, address: addressOf(item) })),
  };
}

function addressOf(node: Node): string {
  const address = mainAddress(node);
  if (address !== '' && !address.includes(':')) return address;
  throw new TypeError(
    `region node ${node.name} has ${address === '' ? 'no address' : `the main address ${address}`}. Rule: with an IPv4 floating address every region node is reached by IPv4`,
  );
}
