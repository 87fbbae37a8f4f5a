import { Inventory } from '../../contract/nouns/machine-inventory.ts';
import { cutTo } from '../../contract/wire/cut.ts';
import { isRejected, type Rejected, rejected } from '../../core/errors.ts';
import type { MachineEvent } from '../../model/nouns/machine-lifecycle.ts';
import { suggestBmc } from '../../model/nouns/enlistment.ts';
import { OUTPUT_MAX } from '../../model/nouns/machine-run.ts';
import { findMachine, type MachineRow } from '../../store/queries/machines.ts';
import { storeInventory } from '../../store/queries/network/machine-inventories.ts';
import { findOpenRun, readUserData, storeNetboot, storeRun } from '../../store/queries/network/machine-tokens.ts';
import { keysOfRun } from '../../store/queries/network/ssh-keys.ts';
import {
  findScriptOf,
  storePendingScripts,
  storeScriptOutput,
  storeScriptResult,
} from '../../store/queries/network/script-results.ts';
import { write, type WriteTx } from '../../store/write.ts';
import { type CredentialPorts, createAdmit, credentialsOf, identify } from './credentials.ts';
import { settleCards } from './enlistment/settle.ts';
import { addInterfaces } from './interfaces.ts';
import type { Asker, Described, MetadataPort, ScriptOutput, TakenInventory, TellMachine } from './port.ts';
import type { NumberedScript, RunScript, ScriptSource } from './scripts.ts';
import { eventOfSignal, eventOfStatus, isEnd, type Signal, stateOf, type StatusReport } from './words.ts';

/** What the metadata service is built from. `tell`: the lifecycle. */
export interface MetadataPorts extends CredentialPorts {
  readonly tell: TellMachine;
  /** What machines are to run; left out: nothing. */
  readonly scripts?: ScriptSource | undefined;
}

/** Builds the metadata service: what machines are told, and what they tell. */
export function createMetadata(ports: MetadataPorts): MetadataPort {
  return {
    identify: (key) => identify(ports, key),
    admit: createAdmit(ports),
    credentials: (asker) => credentialsOf(ports, asker),
    describe: (asker) => describe(ports, asker),
    report: (asker, report) => storeReport(ports, asker, report),
    signal: (asker, signal, outputs) => storeSignal(ports, { asker, signal, outputs }),
    scripts: (asker) => numberScripts(ports, asker),
    netboot: async (asker, isOn) =>
      change(ports, asker, `metadata netboot ${isOn ? 'on' : 'off'} ${asker.machineId}`, async (tx, machine) => {
        await storeNetboot(tx, machine.id, isOn);
        tx.emit({ kind: `machine.netboot.${isOn ? 'on' : 'off'}`, subject: machine.fqdn, data: { run: asker.run } });
        return null;
      }),
    inventory: (asker, told, source) => takeInventory(ports, { asker, told, source }),
  };
}

async function describe({ db }: MetadataPorts, asker: Asker): Promise<Described | Rejected> {
  return db.read(async (tx) => {
    const machine = await findMachine(tx, { id: asker.machineId });
    if (machine === null) return rejected('not_found', `There is no machine ${asker.machineId}.`);
    const userData = await readUserData(tx, asker.run);
    const publicKeys = await keysOfRun(tx, asker.run);
    return { instanceId: machine.id, hostname: machine.fqdn, publicKeys, vendorData: '', userData };
  });
}

async function storeReport(ports: MetadataPorts, asker: Asker, report: StatusReport): Promise<Rejected | null> {
  const summary = `metadata status ${asker.machineId}`;
  return change(ports, asker, summary, async (tx, machine) => {
    const { type, origin, name, description, result } = report;
    tx.emit({
      kind: 'machine.status',
      subject: machine.fqdn,
      data: { run: asker.run, purpose: asker.purpose, type, origin, name, description, ...(result ? { result } : {}) },
    });
    const text = `${origin}: ${name}: ${description}`;
    return tell(ports, tx, { asker, event: eventOfStatus(asker.purpose, report), text });
  });
}

interface SignalCall {
  readonly asker: Asker;
  readonly signal: Signal;
  readonly outputs: readonly ScriptOutput[];
}

async function storeSignal(ports: MetadataPorts, { asker, signal, outputs }: SignalCall): Promise<Rejected | null> {
  return change(ports, asker, `metadata signal ${signal.status} ${asker.machineId}`, async (tx, machine) => {
    const { machineId, run, purpose } = asker;
    const { status, resultId, exitStatus, error } = signal;
    const script = signal.script ?? (resultId === null ? null : await findScriptOf(tx, asker, resultId));
    if (script === null && resultId !== null)
      return rejected('bad_request', `This run has no script with the result ${resultId}.`);
    const scripts = [...new Set([...(script === null ? [] : [script]), ...outputs.map((one) => one.script)])];
    const ids = new Map<string, number>();
    for (const name of scripts) {
      const state = stateOf(signal);
      ids.set(name, await storeScriptResult(tx, { machineId, run, purpose, script: name, state, exitStatus }));
    }
    for (const { script: name, kind, content, bytes } of outputs) {
      const kept = { kind, content: content.subarray(0, OUTPUT_MAX), bytes };
      await storeScriptOutput(tx, ids.get(name) ?? 0, kept);
    }
    tx.emit({
      kind: 'machine.signal',
      subject: machine.fqdn,
      data: {
        run,
        purpose,
        status,
        scripts,
        ...(exitStatus === null ? {} : { exitStatus }),
        ...(error ? { error } : {}),
      },
    });
    // Its scripts have ended, whichever way: there is nothing more to ask.
    if (purpose === 'enlisting' && isEnd(signal)) await storeRun(tx, machineId, null);
    return tell(ports, tx, { asker, event: eventOfSignal(purpose, signal), text: error });
  });
}

interface InventoryCall {
  readonly asker: Asker;
  readonly told: unknown;
  readonly source: string;
}

function scriptsOf({ scripts }: MetadataPorts, { purpose }: Asker): readonly RunScript[] {
  return scripts?.(purpose) ?? [];
}

/** A machine that asks again gets the same numbers. */
async function numberScripts(ports: MetadataPorts, asker: Asker): Promise<readonly NumberedScript[] | Rejected> {
  const scripts = scriptsOf(ports, asker);
  if (scripts.length === 0) return [];
  const names = scripts.map(({ name }) => name);
  return changing(ports, asker, `metadata scripts ${asker.machineId}`, async (tx) => {
    const ids = await storePendingScripts(tx, asker, names);
    return scripts.map((script) => ({ ...script, resultId: ids.get(script.name) ?? 0 }));
  });
}

async function takeInventory(
  ports: MetadataPorts,
  { asker, told, source }: InventoryCall,
): Promise<TakenInventory | Rejected> {
  if (typeof told !== 'object' || told === null || Array.isArray(told))
    return rejected('bad_request', 'The inventory is no JSON object.');
  const cut = cutTo(Inventory, told);
  const inventory = cut.value as Inventory;
  return changing(ports, asker, `metadata inventory ${asker.machineId}`, async (tx, machine) => {
    const isEnlisting = asker.purpose === 'enlisting';
    // First: who changes a machine's state locks that before the machine. One that is enlisted stays new.
    if (!isEnlisting) await tell(ports, tx, { asker, event: 'inventory-posted', text: '' });
    const settled = isEnlisting ? await settleCards(tx, machine, { inventory, source }) : machine;
    if (isRejected(settled)) return settled;
    const added = await addInterfaces(tx, settled, inventory.interfaces ?? []);
    if (isRejected(added)) return added;
    const problems = [...cut.problems, ...added.problems];
    await storeInventory(tx, machine.id, { source, inventory, problems, bmc: suggestBmc(inventory.bmc) });
    const data = { run: asker.run, purpose: asker.purpose, source, added: added.names, problems: problems.length };
    tx.emit({ kind: 'machine.inventory', subject: machine.fqdn, data });
    // Where nothing is to be run, nothing else is to be waited for.
    if (scriptsOf(ports, asker).length === 0) {
      if (isEnlisting) await storeRun(tx, machine.id, null);
      if (asker.purpose === 'commissioning') await tell(ports, tx, { asker, event: 'scripts-passed', text: '' });
    }
    return { inventory, problems, added: added.names };
  });
}

interface Told {
  readonly asker: Asker;
  readonly event: MachineEvent | null;
  readonly text: string;
}

/** A refusal of the lifecycle is none of the machine's: what it told is kept even so. */
async function tell({ tell: told }: MetadataPorts, tx: WriteTx, { asker, event, text }: Told): Promise<null> {
  if (event === null) return null;
  const by = `machine ${asker.machineId}`;
  await told(tx, { machineId: asker.machineId, event, by, ...(text === '' ? {} : { text }) });
  return null;
}

async function change(
  ports: MetadataPorts,
  asker: Asker,
  summary: string,
  body: (tx: WriteTx, machine: MachineRow) => Promise<null | Rejected>,
): Promise<Rejected | null> {
  const done = await changing(ports, asker, summary, async (tx, machine) => (await body(tx, machine)) ?? {});
  return isRejected(done) ? done : null;
}

/** One transaction of a machine whose run is still open: what comes late changes nothing. */
async function changing<T extends object>(
  { db, random }: MetadataPorts,
  asker: Asker,
  summary: string,
  body: (tx: WriteTx, machine: MachineRow) => Promise<T | Rejected>,
): Promise<T | Rejected> {
  const key = random.hex(16);
  const operation = { key, requestDigest: key, actor: `machine:${asker.machineId}`, origin: 'metadata', summary };
  const done = await write<T>(db, operation, async (tx) => {
    const run = await findOpenRun(tx, asker.machineId);
    const machine = run?.id === asker.run ? await findMachine(tx, { id: asker.machineId }) : null;
    if (machine === null)
      return rejected('conflict', `The run ${asker.run} of the machine ${asker.machineId} is over.`);
    const result = await body(tx, machine);
    return isRejected(result) ? result : { status: 200, body: result, storedBody: {} };
  });
  return isRejected(done) ? done : done.body;
}
