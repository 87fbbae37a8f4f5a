import type { Rack } from '../../../contract/cluster/rack.ts';
import type { Lease } from '../../../contract/networks/lease.ts';
import type { Subnet } from '../../../contract/networks/subnet.ts';
import type { Vlan } from '../../../contract/networks/vlan.ts';
import type { Tone } from '../base/tone.ts';

/** The state of DHCP on a VLAN, and the reason. */
export interface DhcpState {
  readonly tone: Tone;
  readonly state: 'off' | 'relayed' | 'nobody' | 'silent' | 'pair' | 'taken-over' | 'alone';
  readonly why: string;
}

/**
 * DHCP is off, served by a pair, taken over by the secondary rack, by one rack only, or no rack reports that it serves.
 */
export function dhcpState(vlan: Pick<Vlan, 'dhcpOn' | 'server' | 'relayVlan' | 'racks'>): DhcpState {
  const { server } = vlan;
  if (!vlan.dhcpOn) return { tone: 'off', state: 'off', why: '' };
  if (server === null)
    return vlan.relayVlan !== null && vlan.racks.length === 0
      ? { tone: 'ok', state: 'relayed', why: vlan.relayVlan }
      : { tone: 'bad', state: 'nobody', why: '' };
  if (server.servedBy === null) return { tone: 'bad', state: 'silent', why: server.why };
  if (server.secondary === null || !server.isWhole) return { tone: 'warn', state: 'alone', why: server.why };
  if (server.servedBy !== server.primary) return { tone: 'warn', state: 'taken-over', why: server.why };
  return { tone: 'ok', state: 'pair', why: server.why };
}

/** The name of a VLAN with its fabric, as calls take it. */
export const vlanName = (vlan: Pick<Vlan, 'fabric' | 'name'>): string => `${vlan.fabric}/${vlan.name}`;

/** The change that swaps the primary and the secondary rack; null: the VLAN does not have two racks. */
export function swappedRacks(vlan: Pick<Vlan, 'server'>): { primaryRack: string; secondaryRack: string } | null {
  const { server } = vlan;
  if (server === null || server.secondary === null) return null;
  return { primaryRack: server.secondary, secondaryRack: server.primary };
}

/** The part of a rack in the pair of a VLAN; null: none. */
export function partOf(
  node: string | null,
  name: string,
  vlans: readonly Pick<Vlan, 'fabric' | 'name' | 'server'>[],
): 'primary' | 'secondary' | null {
  const server = vlans.find((vlan) => vlanName(vlan) === name)?.server ?? null;
  if (node === null || server === null) return null;
  return server.primary === node ? 'primary' : server.secondary === node ? 'secondary' : null;
}

const LEASE_TONES: Readonly<Record<Lease['state'], Tone>> = { active: 'ok', declined: 'bad', expired: 'off' };
/** How a lease is. */
export const leaseTone = (lease: Pick<Lease, 'state'>): Tone => LEASE_TONES[lease.state];

const RACK_TONES: Readonly<Record<Rack['state'], Tone>> = { accepted: 'ok', waiting: 'warn', rejected: 'off' };
/** How a rack is; one that waits is for an admin to decide about. */
export const rackTone = (rack: Pick<Rack, 'state' | 'isPlaceholder'>): Tone =>
  rack.isPlaceholder ? 'off' : RACK_TONES[rack.state];

/** A subnet, and what of it is given away. */
export type FullSubnet = Pick<Subnet, 'id' | 'cidr' | 'vlan'> & { readonly share: number | null };

/** The subnets of which the most is given away. */
export function fullest(
  subnets: readonly Pick<Subnet, 'id' | 'cidr' | 'vlan' | 'used' | 'dynamic' | 'leased'>[],
  most: number,
): readonly FullSubnet[] {
  return subnets
    .map((row) => ({ id: row.id, cidr: row.cidr, vlan: row.vlan, share: usedShare(row) }))
    .toSorted((a, b) => (b.share ?? -1) - (a.share ?? -1))
    .slice(0, most);
}

/**
 * What of a subnet is in use, of 0 to 1: addresses of machines, reserved addresses and leases. What of a dynamic range no client has is free. Null: it is
 * too large to matter, or its CIDR is none.
 */
export function usedShare(subnet: Pick<Subnet, 'cidr' | 'used' | 'dynamic' | 'leased'>): number | null {
  const match = /^\d+\.\d+\.\d+\.\d+\/(\d{1,2})$/.exec(subnet.cidr);
  if (!match) return null;
  const bits = 32 - Number(match[1]);
  // Neither the network's own address nor the broadcast address is given.
  const size = bits <= 1 ? 2 ** bits : 2 ** bits - 2;
  // A lease outside of the ranges is of an address that counts already.
  return Math.min(1, (subnet.used + Math.min(subnet.leased ?? 0, subnet.dynamic)) / size);
}
