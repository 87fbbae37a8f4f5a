import { type Rejected, rejected } from '../../../core/errors.ts';
import type { IpRange } from '../../../model/networks/ip-range.ts';
import { checkDhcpPossible } from '../../../model/networks/vlan.ts';
import { dynamicRangesOnVlan } from '../../../store/queries/networks/ranges.ts';
import { listSubnets } from '../../../store/queries/networks/subnets.ts';
import { findVlan, lockVlan } from '../../../store/queries/networks/vlans.ts';
import type { Tx } from '../../../store/tx.ts';
import { vlanLabel } from '../network-refs.ts';

/** May DHCP be switched on? Holds the VLAN, so that nobody takes its last range away meanwhile. */
export async function checkVlanCanServe(tx: Tx, vlanId: number): Promise<Rejected | null> {
  const refusal = await lockVlan(tx, { key: vlanId });
  if (refusal) return refusal;
  const vlan = await findVlan(tx, vlanId);
  if (!vlan) return null;
  const subnets = (await listSubnets(tx, { vlanId, limit: 1000 })).items;
  return checkDhcpPossible({ id: vlanId, name: vlanLabel(vlan) }, subnets, await dynamicRangesOnVlan(tx, vlanId));
}

/**
 * Would a VLAN that serves DHCP have a dynamic range left without those that go away? Holds the VLAN until the transaction ends: of two
 * that take its last two ranges away, the second is refused.
 */
export async function checkVlanKeepsRange(
  tx: Tx,
  vlanId: number,
  isGoing: (range: IpRange) => boolean,
): Promise<Rejected | null> {
  const refusal = await lockVlan(tx, { key: vlanId });
  if (refusal) return refusal;
  const vlan = await findVlan(tx, vlanId);
  if (!vlan?.dhcpOn) return null;
  const ranges = await dynamicRangesOnVlan(tx, vlanId);
  const [last] = ranges.filter(isGoing);
  if (!last || ranges.some((range) => !isGoing(range))) return null;
  return rejected(
    'in_use',
    `${vlanLabel(vlan)} serves DHCP, and ${last.first}-${last.last} is its last dynamic range. Switch DHCP off on it first, or give it another range.`,
  );
}
