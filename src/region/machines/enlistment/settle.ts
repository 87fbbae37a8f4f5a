import type { Inventory } from '../../../contract/machines/machine-inventory.ts';
import { accept, isRejected } from '../../../core/errors.ts';
import { formatAddress, parseAddress } from '../../../core/ip.ts';
import { interfaceLabel, parseInterfaceName, parseMac } from '../../../model/machines/machine.ts';
import { type MachineRow, updateMachine } from '../../../store/queries/machines/machines.ts';
import { findVlanOf } from '../../../store/queries/machines/enlistments.ts';
import type { WriteTx } from '../../../store/write.ts';

type PostedInventory = { readonly inventory: Inventory; readonly source: string; readonly isEnlisting: boolean };

/** A name that we gave because no other one was known. */
const GIVEN = /^eth\d+$/;

/**
 * Puts the card that a machine booted from on the VLAN that it posts from, if nobody has put it on one, and names the
 * cards of an enlisted machine as its system calls them. What an operator has given stays. `source`: the address that
 * the inventory came from.
 */
export async function settleCards(
  tx: WriteTx,
  machine: MachineRow,
  { inventory, source, isEnlisting }: PostedInventory,
): Promise<MachineRow> {
  const reportedNames = new Map((inventory.interfaces ?? []).map(({ mac, name }) => [macOf(mac), name]));
  const booted = inventory.bootMac === undefined ? null : macOf(inventory.bootMac);
  const address = parseAddress(source);
  const taken = new Set(machine.interfaces.map(({ name }) => interfaceLabel(name)));
  const cards = [];
  const renamed = new Map<string, string>();
  let isChanged = false;
  for (const card of machine.interfaces) {
    const name = reportedNames.get(card.mac);
    const isFit =
      card.kind === 'physical' &&
      name !== undefined &&
      !isRejected(parseInterfaceName(name)) &&
      !taken.has(interfaceLabel(name));
    const wanted = isEnlisting && isFit && GIVEN.test(card.name) ? name : card.name;
    taken.add(interfaceLabel(wanted));
    const isPlaceless = card.vlanId === null && card.mac === booted && !isRejected(address);
    const vlan = isPlaceless ? await findVlanOf(tx, { mac: card.mac, address: formatAddress(address) }) : null;
    const vlanId = vlan?.id ?? card.vlanId;
    renamed.set(card.name, wanted);
    isChanged ||= wanted !== card.name || vlanId !== card.vlanId;
    cards.push({ ...card, name: wanted, vlanId });
  }
  if (!isChanged) return machine;
  // What stands on a card goes on standing on it.
  const interfaces = cards.map((card) => ({ ...card, parents: card.parents.map((name) => renamed.get(name) ?? name) }));
  return accept(await updateMachine(tx, { key: machine.id, ifVersion: null }, { interfaces }));
}

function macOf(text: string): string | null {
  const mac = parseMac(text);
  return isRejected(mac) ? null : mac;
}
