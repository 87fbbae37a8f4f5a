import type { Inventory, MachineInventory, ScriptResultDetail } from '../../../contract/machines/machine-inventory.ts';
import { refuse } from '../../../core/errors.ts';
import { listInventories, readInventory } from '../../../store/queries/machines/machine-inventories.ts';
import { listScriptResults, readScriptOutputs } from '../../../store/queries/machines/scripts/script-results.ts';
import { machineByRef } from '../machine.ts';
import { pageBody } from '../../base/paging.ts';
import { autocommitReading, reading } from '../../base/use-case.ts';

/** Use cases about what machines reported about themselves. */
export const metadataCases = {
  'machine.inventory': reading('machine.inventory', async (tx, { params }) => {
    const machine = await machineByRef(tx, params.machine);
    const row = await readInventory(tx, machine.id);
    if (row === null)
      refuse('not_found', `${machine.fqdn} has not reported its hardware yet. It does when it is commissioned.`);
    const { at, source, problems } = row;
    const inventory = row.inventory as MachineInventory['inventory'];
    return { body: { machine: machine.id, at, source, inventory, problems: [...problems] } };
  }),

  'machine-inventory.list': autocommitReading('machine-inventory.list', async (tx, { query }) => {
    const page = await listInventories(tx, { ...query });
    return pageBody(page, ({ machine, at, inventory }) => ({ machine, at, inventory: inventory as Inventory }), query);
  }),

  'machine.results': reading('machine.results', async (tx, { params, query }) => {
    const machine = await machineByRef(tx, params.machine);
    const rows = await listScriptResults(tx, machine.id, query?.run);
    return { body: { items: rows.map((row) => ({ ...row, outputs: [...row.outputs] })) } };
  }),

  'machine.result': reading('machine.result', async (tx, { params }) => {
    const machine = await machineByRef(tx, params.machine);
    const found = await readScriptOutputs(tx, machine.id, params.result);
    if (found === null) refuse('not_found', `${machine.fqdn} has no result ${params.result} of a script.`);
    const { contents, ...row } = found;
    return { body: { ...row, outputs: [...row.outputs], contents: contents.map(shown) } };
  }),
};

type OutputContent = ScriptResultDetail['contents'][number];

/** Text as text: JSON escapes what a terminal would act on. Its last character may have been cut. */
function shown({
  kind,
  content,
  bytes,
}: {
  kind: OutputContent['kind'];
  content: Buffer;
  bytes: number;
}): OutputContent {
  const text = textOf(content);
  return text === null ? { kind, bytes, base64: content.toString('base64') } : { kind, bytes, text };
}

function textOf(content: Buffer): string | null {
  if (content.includes(0)) return null;
  for (let cut = 0; cut <= 3; cut += 1) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(content.subarray(0, content.length - cut));
    } catch {
      // One byte less.
    }
  }
  return null;
}
