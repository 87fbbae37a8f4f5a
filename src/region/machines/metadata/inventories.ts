import { Inventory } from '../../../contract/machines/machine-inventory.ts';
import { cutTo } from '../../../contract/base/wire/cut.ts';
import { accept, refuse } from '../../../core/errors.ts';
import { suggestBmc } from '../../../model/machines/enlistment.ts';
import { findMachine, type MachineRow } from '../../../store/queries/machines/machines.ts';
import { readInventory, storeInventory } from '../../../store/queries/machines/machine-inventories.ts';
import { storeRun } from '../../../store/queries/machines/machine-tokens.ts';
import type { WriteTx } from '../../../store/write.ts';
import { layOutByDefault } from '../deployment/default-layout.ts';
import { settleCards } from '../enlistment/settle.ts';
import { addInterfaces } from './interfaces.ts';
import type { MachineCaller, TakenInventory } from './port.ts';
import { scriptsOfRun } from '../scripts/run-scripts.ts';
import { tagByHardware } from '../tag-rules.ts';
import { changing, type MetadataPorts, reportEvent } from './transaction.ts';

type InventoryCall = { readonly caller: MachineCaller; readonly document: unknown; readonly source: string };

/** Stores a whole inventory, in place of the one before. */
export async function takeInventory(
  ports: MetadataPorts,
  { caller, document, source }: InventoryCall,
): Promise<TakenInventory> {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    refuse('bad_request', 'The inventory is not a JSON object.');
  return accept(
    await changing(ports, caller, `metadata inventory ${caller.machineId}`, async (tx, machine) => {
      const isEnlisting = caller.purpose === 'enlisting';
      const taken = await replaceInventory(ports, tx, { caller, machine, cut: cutTo(Inventory, document), source });
      const scripts = await scriptsOfRun(tx, ports, { id: caller.run, ...caller });
      // Where nothing is to be run, nothing else is to be waited for.
      if (scripts.length === 0) {
        if (isEnlisting) await storeRun(tx, machine.id, null);
        if (caller.purpose === 'commissioning')
          await reportEvent(ports, tx, { caller, event: 'scripts-passed', text: '' });
      }
      return taken;
    }),
  );
}

/** Tag of scripts of the release whose output is a part of the inventory. */
const INVENTORY_TAG = 'inventory';

/** Is a script's output a part of the inventory? Only of scripts of the release. */
export function isInventoryScript({ builtIn }: MetadataPorts, script: string): boolean {
  return builtIn.some(({ name, tags }) => name === script && tags.includes(INVENTORY_TAG));
}

interface ScriptInventory {
  readonly caller: MachineCaller;
  readonly machine: MachineRow;
  readonly script: string;
  readonly content: Uint8Array;
}

/** Members of an inventory that a script has printed as JSON, in place of those of before. Output that is no JSON is reported as a problem, and changes nothing. */
export async function mergeInventory(
  ports: MetadataPorts,
  tx: WriteTx,
  { caller, machine, script, content }: ScriptInventory,
): Promise<TakenInventory> {
  const before = await readInventory(tx, machine.id);
  const source = before?.source ?? '';
  const document = parsed(content);
  const cut =
    document === null ? { value: {}, problems: [`${script}: it printed no JSON object`] } : cutTo(Inventory, document);
  const value = { ...(before?.inventory as Inventory | undefined), ...(cut.value as Inventory) };
  const problems = [...new Set([...(before?.problems ?? []), ...cut.problems])];
  return replaceInventory(ports, tx, { caller, machine, cut: { value, problems }, source });
}

function parsed(content: Uint8Array): object | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(content).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

interface InventoryUpdate {
  readonly caller: MachineCaller;
  readonly machine: MachineRow;
  readonly cut: { readonly value: unknown; readonly problems: readonly string[] };
  readonly source: string;
}

async function replaceInventory(
  ports: MetadataPorts,
  tx: WriteTx,
  { caller, machine, cut, source }: InventoryUpdate,
): Promise<TakenInventory> {
  // First: who changes a machine's state locks that before the machine. One that is enlisted stays new.
  if (caller.purpose !== 'enlisting') await reportEvent(ports, tx, { caller, event: 'inventory-posted', text: '' });
  const inventory = cut.value as Inventory;
  const present = (await findMachine(tx, { id: machine.id })) ?? machine;
  const isEnlisting = caller.purpose === 'enlisting';
  const settled = await settleCards(tx, present, { inventory, source, isEnlisting });
  const added = await addInterfaces(tx, settled, inventory.interfaces ?? []);
  const problems = [...new Set([...cut.problems, ...added.problems])].slice(0, 100);
  await storeInventory(tx, machine.id, { source, inventory, problems, bmc: suggestBmc(inventory.bmc) });
  await tagByHardware(tx, machine, inventory);
  if (caller.purpose === 'commissioning') await layOutByDefault(tx, machine);
  const data = { run: caller.run, purpose: caller.purpose, source, added: added.names, problems: problems.length };
  tx.emit({ kind: 'machine.inventory', subject: machine.fqdn, data });
  return { inventory, problems, added: added.names };
}
