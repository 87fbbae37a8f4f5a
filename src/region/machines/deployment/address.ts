import { isRejected, type Rejected } from '../../../core/errors.ts';
import { contains, parseAddress, parseNetwork } from '../../../core/ip.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import { giveAddress } from '../../../store/queries/machines/deployments.ts';
import { readInventory } from '../../../store/queries/machines/machine-inventories.ts';
import { listSubnets } from '../../../store/queries/networks/subnets.ts';
import type { Tx } from '../../../store/tx.ts';
import { nextFree } from '../../networks/address-rules.ts';

/** Subnets of a VLAN that are considered. */
const SUBNETS_MAX = 20;

/**
 * Gives a machine that has no address at all one of its VLAN, so that it has a name: the lowest free one of the VLAN's IPv4 subnet, for the interface
 * that it boots from, else the first. Of several subnets the one that it posted its inventory from. Without such a subnet it asks DHCP. The address goes when
 * the machine is released. Refused: none is free.
 */
export async function giveAddressOf(
  tx: Tx,
  machine: MachineRow,
  bootMac: string | undefined,
): Promise<Rejected | null> {
  const { interfaces } = machine;
  if (interfaces.some(({ addresses, links }) => addresses.length > 0 || links.length > 0)) return null;
  const card =
    interfaces.find(({ mac, vlanId }) => mac === bootMac && vlanId !== null) ??
    interfaces.find(({ vlanId }) => vlanId !== null);
  if (card === undefined || card.vlanId === null) return null;
  const subnets = (await listSubnets(tx, { vlanId: card.vlanId, limit: SUBNETS_MAX })).items;
  const managed = subnets.filter(({ cidr, isManaged }) => isManaged && !cidr.includes(':'));
  const subnet = managed.length === 1 ? managed[0] : await subnetOfInventory(tx, machine.id, managed);
  if (subnet === undefined) return null;
  const address = await nextFree(tx, subnet, { macs: interfaces.map(({ mac }) => mac) });
  await giveAddress(tx, { machineId: machine.id, interfaceId: card.id, subnetId: subnet.id, address });
  return null;
}

/** The subnet of the address that the machine posted its inventory from. */
async function subnetOfInventory<S extends { readonly cidr: string }>(
  tx: Tx,
  machineId: string,
  subnets: readonly S[],
): Promise<S | undefined> {
  const source = parseAddress((await readInventory(tx, machineId))?.source ?? '');
  if (isRejected(source)) return undefined;
  return subnets.find(({ cidr }) => {
    const network = parseNetwork(cidr);
    return !isRejected(network) && contains(network, source);
  });
}
