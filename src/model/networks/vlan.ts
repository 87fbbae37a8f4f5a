import { invalid, type Rejected, rejected, show } from '../../core/errors.ts';
import type { IpRange } from './ip-range.ts';
import type { Subnet } from './subnet.ts';

/**
 * A VLAN of a fabric: a broadcast domain. `vid` 0 is untagged. `dhcpOn`: racks that see it serve DHCP on it. `dnsOn`: hosts of its
 * subnets may ask our resolvers and are given them. `relayVlanId`: its clients' requests come by a relay (a router) to the racks
 * of that VLAN, while no rack stands on it.
 */
export interface Vlan {
  readonly id: number;
  readonly fabricId: number;
  readonly spaceId: number | null;
  readonly name: string;
  readonly vid: number;
  readonly dhcpOn: boolean;
  readonly dnsOn: boolean;
  readonly relayVlanId: number | null;
  /** UUIDs of the racks that serve DHCP on it. Primary null: one of the racks that stand on it does. Secondary null: nobody takes over. */
  readonly primaryRackId: string | null;
  readonly secondaryRackId: string | null;
}

/** Parses a VLAN's number: 0 (untagged) to 4094 (IEEE 802.1Q §9.6: 4095 is reserved). */
export function parseVid(value: number, field = 'vid'): number | Rejected {
  if (Number.isInteger(value) && value >= 0 && value <= 4094) return value;
  return invalid(field, `${show(value)} is not a VLAN number`, '0 (untagged) to 4094 (IEEE 802.1Q)');
}

/** Refuses to switch DHCP on where it could give nobody an address. `ranges`: of any subnets. */
export function checkDhcpPossible(
  vlan: Pick<Vlan, 'id' | 'name'>,
  subnets: readonly Pick<Subnet, 'id' | 'vlanId' | 'cidr'>[],
  ranges: readonly Pick<IpRange, 'subnetId' | 'kind'>[],
): Rejected | null {
  const own = subnets.filter((subnet) => subnet.vlanId === vlan.id && !subnet.cidr.includes(':'));
  const rule = 'Rule: DHCP needs a dynamic range in an IPv4 subnet of the VLAN.';
  if (own.length === 0) return rejected('conflict', `The VLAN ${vlan.name} has no IPv4 subnet. ${rule}`);
  if (own.some((subnet) => ranges.some((range) => range.subnetId === subnet.id && range.kind === 'dynamic')))
    return null;
  return rejected(
    'conflict',
    `The VLAN ${vlan.name} has no dynamic range in ${own.map((subnet) => subnet.cidr).join(', ')}. ${rule}`,
  );
}

/**
 * Refuses a relay VLAN that cannot be one. `subnets`: of any VLANs. `relayed`: names of the VLANs that relay to `vlan` itself. A relay hands requests to a
 * rack's address, so racks need a subnet there; and it hands them on once.
 */
export function checkRelay(
  vlan: Pick<Vlan, 'id' | 'name'>,
  relay: Pick<Vlan, 'id' | 'name' | 'relayVlanId'>,
  {
    subnets,
    relayed,
  }: { readonly subnets: readonly Pick<Subnet, 'vlanId' | 'cidr'>[]; readonly relayed: readonly string[] },
): Rejected | null {
  const refuse = (problem: string, rule: string) => invalid('relayVlan', problem, rule);
  if (relay.id === vlan.id)
    return refuse(`${vlan.name} would relay to itself`, 'another VLAN, on which racks have an address');
  if (relay.relayVlanId !== null)
    return refuse(`${relay.name} is itself relayed`, 'a relay hands requests to racks, not to another relay');
  if (relayed.length > 0)
    return refuse(`${relayed.join(', ')} is relayed to ${vlan.name}`, 'a VLAN that is relayed is not a relay VLAN');
  const hasSubnet = subnets.some((subnet) => subnet.vlanId === relay.id && !subnet.cidr.includes(':'));
  return hasSubnet
    ? null
    : refuse(
        `${relay.name} has no IPv4 subnet`,
        'racks have an address on the relay VLAN, where the relay sends requests',
      );
}
