import type { PairAuthority } from '../../../core/node-identity.ts';
import { mainAddress, servingRegions } from '../../../model/cluster/cluster.ts';
import type { Snapshot } from '../../../model/snapshot.ts';
import type { DhcpPair } from '../desired.ts';
import type { RackNode, Serving, VlanServer } from '../../../model/networks/serving.ts';
import type { Node } from '../../../model/cluster/node.ts';

/** First of the TCP ports on which Kea listens for its partners: two for each partner, by the partner's number. Below the ephemeral ones (32768). */
const PORT_FIRST = 21_000;
const PARTNERS_MAX = 5_800;

/** A pair that a node is in: its key, and the VLANs that it serves. */
export interface NodePair {
  readonly key: string;
  readonly vlanIds: ReadonlySet<number>;
  readonly pair: DhcpPair;
}

/** Names a pair of racks and its direction, such as `k1_k2`: no host name has an underscore. */
export function pairKey(primary: string, secondary: string): string {
  return `${primary}_${secondary}`;
}

/** The pairs that a node is in, by key. VLANs that share both racks in the same order share one instance. */
export function pairsOf(snapshot: Snapshot, nodeId: string, serving: Serving): readonly NodePair[] {
  const nodes = new Map(snapshot.nodes.map((node) => [node.id, node]));
  const voters = servingRegions(snapshot).map((node) => ({
    name: node.name,
    address: mainAddress(node),
  }));
  const authorities = new Map((snapshot.pairAuthorities ?? []).map((one) => [one.nodeId, one]));
  const found = new Map<string, { vlanIds: Set<number>; pair: DhcpPair }>();
  for (const [vlanId, server] of serving.servers) {
    const sides = sidesOf(server, nodeId, nodes);
    if (!sides) continue;
    const key = pairKey(sides.primary.name, sides.standby.name);
    const known = found.get(key) ?? {
      vlanIds: new Set<number>(),
      pair: { ...pairOf(key, sides, voters), ...trustOf(sides, authorities) },
    };
    known.vlanIds.add(vlanId);
    found.set(key, known);
  }
  return [...found]
    .map(([key, { vlanIds, pair }]) => ({ key, vlanIds, pair }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

interface PairSide {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly number: number;
  readonly isDrained: boolean;
}

interface Sides {
  readonly primary: PairSide;
  readonly standby: PairSide;
  readonly role: DhcpPair['role'];
}

function sidesOf(server: VlanServer, nodeId: string, nodes: ReadonlyMap<string, Node>): Sides | null {
  const { primary, secondary } = server;
  if (secondary === null || ![primary.nodeId, secondary.nodeId].includes(nodeId)) return null;
  const [first, second] = [sideOf(primary, nodes), sideOf(secondary, nodes)];
  const role = primary.nodeId === nodeId ? 'primary' : 'standby';
  return first && second ? { primary: first, standby: second, role } : null;
}

function sideOf(rack: RackNode, nodes: ReadonlyMap<string, Node>): PairSide | null {
  const node = nodes.get(rack.nodeId);
  return node
    ? {
        id: node.id,
        name: node.name,
        address: mainAddress(node),
        number: rack.number,
        isDrained: node.isDrained === true,
      }
    : null;
}

function pairOf(key: string, { primary, standby, role }: Sides, regions: DhcpPair['regions']): DhcpPair {
  const [own, other] = role === 'primary' ? [primary, standby] : [standby, primary];
  const otherRole = role === 'primary' ? 'standby' : 'primary';
  return {
    key,
    role,
    self: own.name,
    primary: primary.name,
    standby: standby.name,
    address: own.address,
    partner: { name: other.name, address: other.address },
    haPort: portOf(other.number, role),
    partnerPort: portOf(own.number, otherRole),
    regions,
    ...(own.isDrained ? { isDrained: true } : {}),
  };
}

/**
 * By what the two know each other. Both speak TLS, or neither: an agent of an earlier release would write a file for clear text, and the servers would not
 * understand each other.
 */
function trustOf(
  { primary, standby, role }: Sides,
  authorities: ReadonlyMap<string, PairAuthority>,
): Pick<DhcpPair, 'trust'> {
  const [own, other] = (role === 'primary' ? [primary, standby] : [standby, primary]).map(({ id }) =>
    authorities.get(id),
  );
  if (own === undefined) return {};
  const isAble = own.isAble && other?.isAble === true;
  return { trust: { own: own.name, ...(isAble ? { partner: other.certificate } : {}) } };
}

/** Where a rack listens for a partner: a port for each partner and each role of its own. */
function portOf(partner: number, role: DhcpPair['role']): number {
  return PORT_FIRST + 2 * (partner % PARTNERS_MAX) + (role === 'primary' ? 0 : 1);
}
