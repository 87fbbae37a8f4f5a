import type { HostFacts } from '../../../core/host-values.ts';
import { INTERFACE_PATTERN } from '../../../model/networks/vlan-attachments.ts';
import type { PairingRack, PairingSite, PairingVlan, Stand } from '../../../services/dhcp/pairing/site.ts';
import { entrancesOf, type RackNode, servingOf, type ServingSite } from '../../../model/networks/serving.ts';
import { isStale, type TrackedNode } from '../../base/tracking.ts';

/** What is known of a node. */
type PairingNode = Pick<TrackedNode, 'id' | 'name' | 'report' | 'isGone'> & { readonly facts: HostFacts | null };

/** Beside the configuration. `leases`: that clients hold now, by VLAN; `now` in ms. */
export interface PairingFacts {
  readonly known: readonly PairingNode[];
  readonly leases: ReadonlyMap<number, number>;
  readonly now: number;
}

const INTERFACE = new RegExp(INTERFACE_PATTERN, 'u');

/**
 * What pairs are planned from. A VLAN that is relayed has the racks of its relay VLAN, which is here with both their
 * leases. A rack counts while it reports; it serves a VLAN by one interface that has a link and an IPv4 address there.
 * Pure.
 */
export function pairingSite(site: ServingSite, { known, leases, now }: PairingFacts): PairingSite {
  const nodes = new Map(known.map((node) => [node.id, node]));
  const racks = site.racks.toSorted((a, b) => a.number - b.number);
  const { isEntrance, via } = entrancesOf(site);
  const { servers } = servingOf(site);
  const vlans = site.vlans
    .filter((vlan) => isEntrance(vlan) && !via.has(vlan.id))
    .map((vlan): PairingVlan => {
      const all = [vlan.id, ...[...via].flatMap(([relayed, target]) => (target === vlan.id ? [relayed] : []))];
      const server = all.map((id) => servers.get(id)).find((one) => one !== undefined);
      return {
        id: vlan.id,
        pair: { primary: vlan.primaryRackId, secondary: vlan.secondaryRackId },
        chosen: server?.isChosen === true ? server.primary.uuid : null,
        leases: all.reduce((count, id) => count + (leases.get(id) ?? 0), 0),
        stands: racks.flatMap((rack) => standOf(site, vlan.id, { rack, node: nodes.get(rack.nodeId) }) ?? []),
      };
    });
  return { racks: racks.map((rack) => rackOf(rack, nodes.get(rack.nodeId), now)), vlans };
}

function rackOf({ uuid }: RackNode, node: PairingNode | undefined, now: number): PairingRack {
  const name = node?.name ?? uuid;
  const isReporting = node !== undefined && node.report !== null && !isStale(node, now);
  return { uuid, name, why: isReporting ? null : `${name} is silent` };
}

function standOf(
  { attachments }: ServingSite,
  vlanId: number,
  { rack, node }: { readonly rack: RackNode; readonly node: PairingNode | undefined },
): Stand | null {
  const own = attachments.filter(
    (attachment) =>
      attachment.nodeId === rack.nodeId &&
      attachment.vlanId === vlanId &&
      attachment.addresses.some((text) => !text.includes(':')),
  );
  const [first, ...others] = own.map((attachment) => attachment.interface);
  if (first === undefined) return null;
  const name = node?.name ?? rack.uuid;
  const link = node?.facts?.interfaces.find((item) => item.name === first);
  const why =
    others.length > 0
      ? `${name} stands on it by ${[first, ...others].join(' and ')}`
      : link?.isUp === false
        ? `${first} of ${name} is down`
        : link?.hasCarrier === false
          ? `${first} of ${name} has no carrier`
          : INTERFACE.test(first)
            ? null
            : `${first} of ${name} has a name that Kea does not take`;
  return { rack: rack.uuid, nic: first, why };
}
