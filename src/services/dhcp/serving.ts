import { isRejected } from '../../core/errors.ts';
import {
  type Address,
  bareAddress,
  contains,
  formatAddress,
  type Network,
  parseAddress,
  parseNetwork,
} from '../../core/ip.ts';
import type { RackNode, Sight, Snapshot } from '../../model/snapshot.ts';
import type { Subnet } from '../../model/subnet.ts';
import type { Vlan } from '../../model/vlan.ts';
import { INTERFACE_PATTERN } from './desired.ts';

/** Where a node stands on a VLAN. */
export interface Place {
  readonly vlan: Vlan;
  readonly sight: Sight;
  readonly address: string;
}

/** The same, with the VLAN's IPv4 subnets. `isRelayed`: the node stands on the VLAN's relay VLAN, where `sight` and `address` are. */
export interface ServedPlace extends Place {
  readonly isRelayed: boolean;
  readonly subnets: readonly { readonly subnet: Subnet; readonly network: Network }[];
}

/** Where a rack stands on the VLANs that it may serve, and those that it cannot serve: `other` has the interface. */
export interface RackPlaces {
  readonly served: readonly ServedPlace[];
  readonly lost: readonly { readonly vlan: Vlan; readonly sights: readonly Sight[]; readonly other: Vlan | null }[];
}

/** Who serves DHCP on a VLAN. `isChosen`: nobody named a rack, and this one was taken of those that stand on it. */
export interface VlanServer {
  readonly primary: RackNode;
  readonly secondary: RackNode | null;
  readonly isChosen: boolean;
}

/** The racks' places by node, and the servers of the VLANs with DHCP; a VLAN without a rack has none. */
export interface Serving {
  readonly places: ReadonlyMap<string, RackPlaces>;
  readonly servers: ReadonlyMap<number, VlanServer>;
}

/** The part of a snapshot that says who serves. */
export type ServingSite = Pick<Snapshot, 'nodes' | 'racks' | 'sights' | 'subnets' | 'vlans'>;

const INTERFACE = new RegExp(INTERFACE_PATTERN, 'u');

/** Where requests come in: a VLAN with DHCP, or one that others are relayed to. `via`: the relay VLAN, by the VLAN that is relayed to it. */
export interface Entrances {
  readonly isEntrance: (vlan: Vlan) => boolean;
  readonly via: ReadonlyMap<number, number>;
}

const made = new WeakMap<ServingSite, Serving>();

/**
 * Who serves what. A VLAN's own racks serve it while they are accepted. Where none is named, one of the racks that stand on the VLAN does: the
 * one with the lowest number, since two that do not know of each other would give one address to two clients. Several services ask: it is found once
 * for each snapshot.
 */
export function servingOf(snapshot: ServingSite): Serving {
  const serving = made.get(snapshot) ?? findServing(snapshot);
  made.set(snapshot, serving);
  return serving;
}

function findServing(snapshot: ServingSite): Serving {
  const { racks } = snapshot;
  const accepted = new Map(racks.map((rack) => [rack.uuid, rack]));
  const entrances = entrancesOf(snapshot);
  const named = new Map(snapshot.vlans.map((vlan) => [vlan.id, namedRacks(vlan, accepted)]));
  const places = new Map(
    racks.map((rack) => [
      rack.nodeId,
      placesOf(snapshot, rack.nodeId, entrances, (vlan) => {
        const own = named.get(vlan.id) ?? [];
        return own.length === 0 || own.includes(rack);
      }),
    ]),
  );
  const byNumber = racks.toSorted((a, b) => a.number - b.number);
  const servers = new Map<number, VlanServer>();
  for (const vlan of snapshot.vlans) {
    if (!vlan.dhcpOn) continue;
    const [primary, secondary = null] = named.get(entrances.via.get(vlan.id) ?? vlan.id) ?? [];
    const standing = (rack: RackNode) => places.get(rack.nodeId)?.served.some((place) => place.vlan.id === vlan.id);
    const chosen = primary ?? byNumber.find(standing);
    if (chosen) servers.set(vlan.id, { primary: chosen, secondary, isChosen: primary === undefined });
  }
  return { places, servers };
}

/**
 * A VLAN is relayed while no rack stands on it and it names none. Its requests come to the racks of its relay VLAN, whose server, or pair, has both.
 */
export function entrancesOf({ racks, sights, vlans }: ServingSite): Entrances {
  const nodes = new Set(racks.map((rack) => rack.nodeId));
  const stood = new Set(sights.filter((sight) => nodes.has(sight.nodeId)).map((sight) => sight.vlanId));
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

/** Kea knows a client's network by the interface alone, and of a relayed one by the relay's address: the first VLAN has the interface. */
function placesOf(
  snapshot: ServingSite,
  nodeId: string,
  { isEntrance, via }: Entrances,
  isAsked: (vlan: Vlan) => boolean,
): RackPlaces {
  const sights = sightsOfNode(snapshot, nodeId)
    .filter((sight) => INTERFACE.test(sight.interface))
    .sort((a, b) => (a.interface < b.interface ? -1 : 1));
  const served: ServedPlace[] = [];
  const lost: RackPlaces['lost'][number][] = [];
  for (const vlan of snapshot.vlans) {
    const own = sights.filter((sight) => sight.vlanId === vlan.id);
    if (!isEntrance(vlan) || own.length === 0 || !isAsked(vlan)) continue;
    const place = placeOn(snapshot, vlan, own);
    const other = served.find((item) => item.sight.interface === place?.sight.interface);
    if (place && !other) served.push(place);
    else lost.push({ vlan, sights: own, other: other?.vlan ?? null });
  }
  const relayed = snapshot.vlans.flatMap((vlan) => {
    const entrance = served.find((place) => place.vlan.id === via.get(vlan.id));
    return entrance ? [{ ...entrance, vlan, subnets: subnetsOf(snapshot, vlan), isRelayed: true }] : [];
  });
  const isOn = ({ vlan }: { readonly vlan: Vlan }) => vlan.dhcpOn;
  return { served: [...served, ...relayed].filter(isOn), lost: lost.filter(isOn) };
}

/** Where a node stands; of several addresses in a network those that it is known by come first, then the lowest. */
export function sightsOfNode(snapshot: Pick<Snapshot, 'nodes' | 'sights'>, nodeId: string): Sight[] {
  const known = new Set(snapshot.nodes.find((node) => node.id === nodeId)?.addresses);
  const rank = (text: string) => Number(!known.has(bareAddress(text)));
  return snapshot.sights
    .filter((sight) => sight.nodeId === nodeId)
    .map((sight) => ({ ...sight, addresses: sight.addresses.toSorted((a, b) => rank(a) - rank(b)) }));
}

function placeOn(snapshot: Pick<Snapshot, 'subnets'>, vlan: Vlan, sights: readonly Sight[]): ServedPlace | null {
  const subnets = subnetsOf(snapshot, vlan);
  const found = sights.flatMap((sight) => {
    const address = subnets.flatMap(({ network }) => addressOn(sight, network)).at(0);
    return address ? [{ address, sight }] : [];
  })[0];
  if (!found) return null;
  return { vlan, sight: found.sight, address: formatAddress(found.address), subnets, isRelayed: false };
}

/** The IPv4 subnets of a VLAN. */
function subnetsOf({ subnets }: Pick<Snapshot, 'subnets'>, vlan: Vlan): ServedPlace['subnets'] {
  return subnets
    .filter((subnet) => subnet.vlanId === vlan.id)
    .flatMap((subnet) => {
      const network = parseNetwork(subnet.cidr);
      return !isRejected(network) && network.family === 4 ? [{ subnet, network }] : [];
    });
}

/** The addresses of a sight that lie in a network, in their order. */
export function addressOn(sight: Sight, network: Network): Address[] {
  return sight.addresses.flatMap((text) => {
    const address = parseAddress(bareAddress(text));
    return !isRejected(address) && contains(network, address) ? [address] : [];
  });
}
