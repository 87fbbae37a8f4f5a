import { isRejected } from '../../core/errors.ts';
import type { Address, Network } from '../../core/ip.ts';
import { bareAddress, contains, formatAddress, parseAddress, parseNetwork } from '../../core/ip.ts';
import type { Subnet } from './subnet.ts';
import type { Vlan } from './vlan.ts';
import { INTERFACE_PATTERN, type VlanAttachment } from './vlan-attachments.ts';

/** Where a node stands on a VLAN. */
export type VlanPosition = { readonly vlan: Vlan; readonly attachment: VlanAttachment; readonly address: string };

/** The same, with the VLAN's IPv4 subnets. `isRelayed`: the node stands on the VLAN's relay VLAN, where `attachment` and `address` are. */
export interface ServedVlan extends VlanPosition {
  readonly isRelayed: boolean;
  readonly subnets: readonly { readonly subnet: Subnet; readonly network: Network }[];
}

/** Where a rack stands on the VLANs that it may serve, and those that it cannot serve: `other` has the interface. */
export interface RackVlans {
  readonly served: readonly ServedVlan[];
  readonly lost: readonly {
    readonly vlan: Vlan;
    readonly attachments: readonly VlanAttachment[];
    readonly other: Vlan | null;
  }[];
}

/** Who serves DHCP on a VLAN. `isChosen`: nobody named a rack, and this one was taken of those that stand on it. */
export interface VlanServer {
  readonly primary: RackNode;
  readonly secondary: RackNode | null;
  readonly isChosen: boolean;
}

/** The racks' positions by node, and the servers of the VLANs with DHCP; a VLAN without a rack has none. */
export interface Serving {
  readonly positions: ReadonlyMap<string, RackVlans>;
  readonly servers: ReadonlyMap<number, VlanServer>;
}

/** The part of a snapshot that says who serves. */
export interface ServingSite {
  readonly nodes: readonly { readonly id: string; readonly addresses: readonly string[] }[];
  readonly racks: readonly RackNode[];
  readonly attachments: readonly VlanAttachment[];
  readonly subnets: readonly Subnet[];
  readonly vlans: readonly Vlan[];
}

const INTERFACE = new RegExp(INTERFACE_PATTERN, 'u');

/** Where requests come in: a VLAN with DHCP, or one that others are relayed to. `via`: the relay VLAN, by the VLAN that is relayed to it. */
export type Entrances = { readonly isEntrance: (vlan: Vlan) => boolean; readonly via: ReadonlyMap<number, number> };

const made = new WeakMap<ServingSite, Serving>();

/**
 * Who serves what. A VLAN's own racks serve it while they are accepted; the secondary rack alone while the primary rack has no interface there. Where none is named, one of the racks that stand on the VLAN does: the
 * one with the lowest number, since two that do not know of each other would give one address to two clients. Several services ask: it is found once
 * for each snapshot.
 */
export function servingOf(snapshot: ServingSite): Serving {
  const serving = made.get(snapshot) ?? findServing(snapshot);
  made.set(snapshot, serving);
  return serving;
}

/** Ids of the VLANs with DHCP that the node serves, as their primary or their secondary rack; also relayed VLANs. */
export function servedVlans({ positions, servers }: Serving, nodeId: string): ReadonlySet<number> {
  const served = positions.get(nodeId)?.served ?? [];
  const isServer = (vlanId: number) => {
    const server = servers.get(vlanId);
    return server?.primary.nodeId === nodeId || server?.secondary?.nodeId === nodeId;
  };
  return new Set(served.map(({ vlan }) => vlan.id).filter(isServer));
}

/** Nodes of the racks that a VLAN with DHCP names, or that serve it, and that have no interface with an address there; relay VLANs count. */
export function racksAway(
  { racks, vlans }: ServingSite,
  { positions, servers }: Serving,
  vlanId: number,
): ReadonlySet<string> {
  const server = servers.get(vlanId);
  const vlan = vlans.find(({ id }) => id === vlanId);
  const named = racks.filter(({ uuid }) => uuid === vlan?.primaryRackId || uuid === vlan?.secondaryRackId);
  const nodes = [...named, server?.primary, server?.secondary].flatMap((rack) => rack?.nodeId ?? []);
  const stands = (nodeId: string) => positions.get(nodeId)?.served.some((position) => position.vlan.id === vlanId);
  return new Set(nodes.filter((nodeId) => stands(nodeId) !== true));
}

/** Is the node a rack of a VLAN with DHCP, as its primary or its secondary one? */
export const servesVlan = (serving: Serving, nodeId: string): boolean => servedVlans(serving, nodeId).size > 0;

function findServing(snapshot: ServingSite): Serving {
  const { racks } = snapshot;
  const accepted = new Map(racks.map((rack) => [rack.uuid, rack]));
  const entrances = entrancesOf(snapshot);
  const named = new Map(snapshot.vlans.map((vlan) => [vlan.id, namedRacks(vlan, accepted)]));
  const positions = new Map(
    racks.map((rack) => [
      rack.nodeId,
      positionsOf(snapshot, rack.nodeId, entrances, (vlan) => {
        const own = named.get(vlan.id) ?? [];
        return own.length === 0 || own.includes(rack);
      }),
    ]),
  );
  const byNumber = racks.toSorted((a, b) => a.number - b.number);
  const servers = new Map<number, VlanServer>();
  for (const vlan of snapshot.vlans) {
    if (!vlan.dhcpOn) continue;
    const standing = (rack: RackNode) =>
      positions.get(rack.nodeId)?.served.some((position) => position.vlan.id === vlan.id) === true;
    const [first, second = null] = named.get(entrances.via.get(vlan.id) ?? vlan.id) ?? [];
    // Where the primary rack has no interface the secondary rack serves alone, this VLAN only.
    const isAlone = first !== undefined && second !== null && !standing(first) && standing(second);
    const [primary, secondary] = isAlone ? [second, null] : [first, second];
    const chosen = primary ?? byNumber.find(standing);
    if (chosen) servers.set(vlan.id, { primary: chosen, secondary, isChosen: primary === undefined });
  }
  return { positions, servers };
}

/**
 * A VLAN is relayed while no rack stands on it and it names none. Its requests come to the racks of its relay VLAN, whose server, or pair, has both.
 */
export function entrancesOf({ racks, attachments, vlans }: ServingSite): Entrances {
  const nodes = new Set(racks.map((rack) => rack.nodeId));
  const stood = new Set(
    attachments.filter((attachment) => nodes.has(attachment.nodeId)).map((attachment) => attachment.vlanId),
  );
  const via = new Map(
    vlans.flatMap(({ id, dhcpOn, relayVlanId, primaryRackId }) =>
      dhcpOn && relayVlanId !== null && primaryRackId === null && !stood.has(id) ? [[id, relayVlanId] as const] : [],
    ),
  );
  const targets = new Set(via.values());
  return { isEntrance: (vlan) => vlan.dhcpOn || targets.has(vlan.id), via };
}

/** The racks that a VLAN names, the primary one first; one that is not accepted serves nothing. */
function namedRacks(vlan: Vlan, accepted: ReadonlyMap<string, RackNode>): RackNode[] {
  return [vlan.primaryRackId, vlan.secondaryRackId].flatMap((uuid) => accepted.get(uuid ?? '') ?? []);
}

/**
 * Kea knows a client's network only by the interface, and a relayed client's network by the relay's address: the first
 * VLAN has the interface.
 */
function positionsOf(
  snapshot: ServingSite,
  nodeId: string,
  { isEntrance, via }: Entrances,
  isAsked: (vlan: Vlan) => boolean,
): RackVlans {
  const attachments = attachmentsOfNode(snapshot, nodeId)
    .filter((attachment) => INTERFACE.test(attachment.interface))
    .sort((a, b) => (a.interface < b.interface ? -1 : 1));
  const served: ServedVlan[] = [];
  const lost: RackVlans['lost'][number][] = [];
  for (const vlan of snapshot.vlans) {
    const own = attachments.filter((attachment) => attachment.vlanId === vlan.id);
    if (!isEntrance(vlan) || own.length === 0 || !isAsked(vlan)) continue;
    const position = positionOn(snapshot, vlan, own);
    const other = served.find((item) => item.attachment.interface === position?.attachment.interface);
    if (position && !other) served.push(position);
    else lost.push({ vlan, attachments: own, other: other?.vlan ?? null });
  }
  const relayed = snapshot.vlans.flatMap((vlan) => {
    const entrance = served.find((position) => position.vlan.id === via.get(vlan.id));
    return entrance ? [{ ...entrance, vlan, subnets: subnetsOf(snapshot, vlan), isRelayed: true }] : [];
  });
  const isOn = ({ vlan }: { readonly vlan: Vlan }) => vlan.dhcpOn;
  return { served: [...served, ...relayed].filter(isOn), lost: lost.filter(isOn) };
}

/** Where a node stands; of several addresses in a network those that it is known by come first, then the lowest. */
export function attachmentsOfNode(
  snapshot: Pick<ServingSite, 'nodes' | 'attachments'>,
  nodeId: string,
): VlanAttachment[] {
  const known = new Set(snapshot.nodes.find((node) => node.id === nodeId)?.addresses);
  const rank = (text: string) => Number(!known.has(bareAddress(text)));
  return snapshot.attachments
    .filter((attachment) => attachment.nodeId === nodeId)
    .map((attachment) => ({ ...attachment, addresses: attachment.addresses.toSorted((a, b) => rank(a) - rank(b)) }));
}

function positionOn(
  snapshot: Pick<ServingSite, 'subnets'>,
  vlan: Vlan,
  attachments: readonly VlanAttachment[],
): ServedVlan | null {
  const subnets = subnetsOf(snapshot, vlan);
  const found = attachments.flatMap((attachment) => {
    const address = subnets.flatMap(({ network }) => addressOn(attachment, network)).at(0);
    return address ? [{ address, attachment }] : [];
  })[0];
  if (!found) return null;
  return { vlan, attachment: found.attachment, address: formatAddress(found.address), subnets, isRelayed: false };
}

/** The IPv4 subnets of a VLAN. */
function subnetsOf({ subnets }: Pick<ServingSite, 'subnets'>, vlan: Vlan): ServedVlan['subnets'] {
  return subnets
    .filter((subnet) => subnet.vlanId === vlan.id)
    .flatMap((subnet) => {
      const network = parseNetwork(subnet.cidr);
      return !isRejected(network) && network.family === 4 ? [{ subnet, network }] : [];
    });
}

/** The addresses of an attachment that lie in a network, in their order. */
export function addressOn(attachment: VlanAttachment, network: Network): Address[] {
  return attachment.addresses.flatMap((text) => {
    const address = parseAddress(bareAddress(text));
    return !isRejected(address) && contains(network, address) ? [address] : [];
  });
}

/** A node that is an accepted rack controller. Only these get a rack's configuration. `number`: the rack's own, for good, from 1. */
export interface RackNode {
  readonly uuid: string;
  readonly number: number;
  readonly nodeId: string;
  readonly isMaster: boolean;
}
