import type { Inventory } from '../../../contract/machines/machine-inventory.ts';
import { accept, isRejected } from '../../../core/errors.ts';
import { interfaceLabel, parseInterfaceName, parseMac } from '../../../model/machines/machine.ts';
import { lockDomain } from '../../../store/queries/names/domains.ts';
import { findMachine, type MachineRow, updateMachine } from '../../../store/queries/machines/machines.ts';
import type { InterfaceInput } from '../../../store/queries/machines/machine-interfaces.ts';
import type { WriteTx } from '../../../store/write.ts';
import { checkMachineNames } from '../../names/name-rules.ts';

/** As many as an operator may give it. */
export const INTERFACES_MAX = 32;

/** Which interfaces a machine gets, and why others not. */
type AddedInterfaces = { readonly names: readonly string[]; readonly problems: readonly string[] };

/**
 * Adds the interfaces that a machine reports and its record lacks. Those that it was given stay as they are; one whose MAC is another
 * machine's is not taken from that one.
 */
export async function addInterfaces(
  tx: WriteTx,
  machine: MachineRow,
  cards: NonNullable<Inventory['interfaces']>,
): Promise<AddedInterfaces> {
  accept(await lockDomain(tx, machine.domainId));
  const existing: readonly InterfaceInput[] = machine.interfaces;
  const fresh: InterfaceInput[] = [];
  const problems: string[] = [];
  for (const card of cards) {
    const mac = parseMac(card.mac);
    const all = [...existing, ...fresh];
    if (isRejected(mac) || all.some((one) => one.kind === 'physical' && one.mac === mac)) continue;
    const name = nameFor(card.name, all);
    const why = all.length >= INTERFACES_MAX ? 'the machine has enough' : await refusalOf(tx, machine, { mac, name });
    if (why === null) fresh.push({ name, mac, kind: 'physical', vlanId: null, addresses: [] });
    else problems.push(`interface ${mac} is not added: ${why}`);
  }
  if (fresh.length === 0) return { names: [], problems };
  accept(await updateMachine(tx, { key: machine.id, ifVersion: null }, { interfaces: [...existing, ...fresh] }));
  return { names: fresh.map(({ name }) => name), problems };
}

async function refusalOf(
  tx: WriteTx,
  machine: MachineRow,
  { mac, name }: { readonly mac: string; readonly name: string },
): Promise<string | null> {
  const owner = await findMachine(tx, { mac });
  if (owner !== null) return `its MAC address is that of the machine ${owner.fqdn}`;
  const domain = { id: machine.domainId, name: machine.domain };
  const clash = await checkMachineNames(tx, domain, [`${interfaceLabel(name)}.${machine.hostname}`], [mac]);
  return clash?.message ?? null;
}

/** As the kernel calls it, where the machine has no other one of that name. */
function nameFor(reportedName: string, others: readonly { readonly name: string }[]): string {
  const isFree = (name: string) => others.every((one) => interfaceLabel(one.name) !== interfaceLabel(name));
  if (!isRejected(parseInterfaceName(reportedName)) && isFree(reportedName)) return reportedName;
  let number = others.length;
  while (!isFree(`eth${number}`)) number += 1;
  return `eth${number}`;
}
