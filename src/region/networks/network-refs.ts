import { isRejected, refuse } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../core/ip.ts';
import { findRange, type RangeRow } from '../../store/queries/networks/ranges.ts';
import { findReservation, type ReservationRow } from '../../store/queries/networks/reservations.ts';
import { findSubnet, listSubnets, type SubnetRow } from '../../store/queries/networks/subnets.ts';
import {
  findFirstVlan,
  findVlan,
  findVlansMeant,
  listVlans,
  type VlanRow,
} from '../../store/queries/networks/vlans.ts';
import type { Tx } from '../../store/tx.ts';
import { resolveName } from '../base/known-names.ts';
import { networkText, noSuch, parseRef, some } from '../base/refs.ts';

/** A VLAN's name that no other VLAN has: FABRIC/NAME. */
export function vlanLabel(vlan: Pick<VlanRow, 'fabric' | 'name'>): string {
  return `${vlan.fabric}/${vlan.name}`;
}

/** An id that cannot be taken for a VID: surfaces that know VLANs by their ids write them so. */
const EXACT_ID = /^id:(\d{1,9})$/;

/**
 * The VLAN that an operator names: FABRIC/NAME, FABRIC/VID, or name, VID or id if only one has it; `id:N` only by its
 * id.
 */
export function vlanByRef(tx: Tx, text: string): Promise<VlanRow> {
  return resolveName(tx, 'vlan', text, () => readVlan(tx, text));
}

async function readVlan(tx: Tx, text: string): Promise<VlanRow> {
  const id = EXACT_ID.exec(text)?.[1];
  if (id !== undefined) return (await findVlan(tx, Number(id))) ?? refuse(noSuch('VLAN', id));
  const [first, second, ...rest] = await findVlansMeant(tx, text);
  if (first && !second) return first;
  if (!first || !second) refuse(noSuch('VLAN', text, (await listVlans(tx, { limit: 11 })).items.map(vlanLabel)));
  const names = [first, second, ...rest].map(vlanLabel);
  refuse('conflict', `Several VLANs are called ${text}. Name one with its fabric: ${some(names)}.`);
}

/** The VLAN of a subnet that names none. */
export async function firstVlan(tx: Tx): Promise<VlanRow> {
  return (await findFirstVlan(tx)) ?? refuse(noSuch('VLAN', 'untagged'));
}

/** The subnet that an operator names by id, CIDR or name. */
export function subnetByRef(tx: Tx, text: string): Promise<SubnetRow> {
  return resolveName(tx, 'subnet', text, () => readSubnet(tx, text));
}

async function readSubnet(tx: Tx, text: string): Promise<SubnetRow> {
  const ref = parseRef(text);
  const cidr = networkText(text);
  const row = await findSubnet(tx, 'id' in ref ? ref : cidr === null ? { name: text } : { cidr });
  return row ?? refuse(noSuch('subnet', text, await subnetCidrs(tx)));
}

/** Some subnets that exist, for error texts. */
export async function subnetCidrs(tx: Tx): Promise<string[]> {
  return (await listSubnets(tx, { limit: 11, sort: 'cidr' })).items.map((subnet) => subnet.cidr);
}

/** The range that an operator names by id or FIRST-LAST. */
export async function rangeByRef(tx: Tx, text: string): Promise<RangeRow> {
  const ref = parseRef(text);
  if ('id' in ref) return (await findRange(tx, ref)) ?? refuse(noSuch('range', text));
  const [first, last, ...more] = text.split('-').map((end) => parseAddress(end.trim()));
  const isRange = first !== undefined && last !== undefined && more.length === 0;
  const ends = isRange && !isRejected(first) && !isRejected(last) ? { first, last } : null;
  const row = ends && (await findRange(tx, { first: formatAddress(ends.first), last: formatAddress(ends.last) }));
  return row ?? refuse(noSuch('range', text));
}

/** The reservation that an operator names by id or address. */
export async function reservationByRef(tx: Tx, text: string): Promise<ReservationRow> {
  const ref = parseRef(text);
  if ('id' in ref) return (await findReservation(tx, ref)) ?? refuse(noSuch('reservation', text));
  const address = parseAddress(text);
  const row = isRejected(address) ? null : await findReservation(tx, { address: formatAddress(address) });
  return row ?? refuse(noSuch('reservation', text));
}
