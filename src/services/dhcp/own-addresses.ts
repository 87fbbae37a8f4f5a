import { bareAddress, parseAddress, spansOverlap } from '../../core/ip.ts';
import { isRejected } from '../../core/errors.ts';
import { spanOfAddress } from '../../model/networks/allocation.ts';
import { vipAddress } from '../../model/cluster/cluster.ts';
import { spanOf } from '../../model/networks/ip-range.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Finding } from '../kit/contract.ts';

/**
 * Addresses of the cluster's own that the configuration gives somebody else. A new one is refused; these are from before, or a node has reported its
 * address after the configuration was there. DHCP gives none of them out.
 */
export function lintOwnAddresses(snapshot: Snapshot): readonly Finding[] {
  const own = ownersOf(snapshot);
  const fixed = fixedAddresses(snapshot).flatMap(({ address, what }): Finding[] => {
    const owner = own.get(address);
    return owner === undefined ? [] : [taken(address, owner, what)];
  });
  const inRanges = [...own].flatMap(([address, owner]) => inRange(snapshot, address, owner));
  const gateways = snapshot.subnets.flatMap(({ gateway, cidr }): Finding[] => {
    const owner = gateway === null ? undefined : own.get(gateway);
    return gateway === null || owner === undefined ? [] : [gatewayOf(gateway, cidr, owner)];
  });
  return [...fixed, ...inRanges, ...gateways];
}

const FLOATING = 'the floating address of the cluster';

/** Whose each of the cluster's addresses is. */
function ownersOf({ cluster, nodes, attachments }: Snapshot): ReadonlyMap<string, string> {
  const names = new Map(nodes.map((node) => [node.id, node.name]));
  const owners = new Map<string, string>();
  const vip = cluster === null ? null : vipAddress(cluster);
  if (vip !== null) owners.set(vip, FLOATING);
  const add = (address: string, nodeId: string) => {
    if (!owners.has(address)) owners.set(address, `an address of the node ${names.get(nodeId) ?? nodeId}`);
  };
  for (const node of nodes) for (const address of node.addresses) add(address, node.id);
  for (const attachment of attachments)
    for (const address of attachment.addresses) add(bareAddress(address), attachment.nodeId);
  return owners;
}

function fixedAddresses({ machines, reservations }: Snapshot): { address: string; what: string }[] {
  return [
    ...machines.flatMap(({ hostname, interfaces }) =>
      interfaces.flatMap(({ name, addresses }) =>
        addresses.map(({ address }) => ({ address, what: `of ${name} of the machine ${hostname}` })),
      ),
    ),
    ...reservations.map(({ address, mac }) => ({
      address,
      what: mac === null ? 'reserved for somebody else' : `the static lease of ${mac}`,
    })),
  ];
}

function taken(address: string, owner: string, what: string): Finding {
  return {
    code: 'own_address_taken',
    severity: 'error',
    subject: `address ${address}`,
    sentence: `${address} is ${owner}, and ${what}: DHCP gives it to nobody.`,
    held: `address ${address}`,
    remedy: 'Give the machine or the reservation another address.',
  };
}

function inRange(snapshot: Snapshot, address: string, owner: string): Finding[] {
  const parsed = parseAddress(address);
  if (isRejected(parsed)) return [];
  const span = spanOfAddress(parsed);
  const range = snapshot.ranges.find((item) => item.kind === 'dynamic' && spansOverlap(spanOf(item), span));
  if (range === undefined) return [];
  return [
    {
      code: 'own_address_in_range',
      severity: 'warning',
      subject: `range ${range.first}-${range.last}`,
      sentence: `The dynamic range ${range.first}-${range.last} holds ${address}, ${owner}: DHCP leaves it out.`,
      remedy: 'Set the ends of the range so that the address lies outside.',
    },
  ];
}

function gatewayOf(gateway: string, cidr: string, owner: string): Finding {
  const isFloating = owner === FLOATING;
  return {
    code: 'gateway_is_own',
    severity: isFloating ? 'error' : 'warning',
    subject: `subnet ${cidr}`,
    sentence: `The gateway ${gateway} of ${cidr} is ${owner}: hosts there reach other networks only while that routes.`,
    remedy: isFloating
      ? 'Name another gateway: the floating address moves between nodes that do not route.'
      : 'Nothing, if that node is meant to route. Else name the router of the subnet as its gateway.',
  };
}
