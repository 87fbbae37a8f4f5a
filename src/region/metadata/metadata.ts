import { isRejected, type Rejected, rejected } from '../../core/errors.ts';
import type { TarFile } from '../../core/tar.ts';
import { findMachine } from '../../store/queries/machines.ts';
import { readUserData, storeNetboot } from '../../store/queries/network/machine-tokens.ts';
import { keysOfRun } from '../../store/queries/identity/ssh-keys.ts';
import { storePendingScripts } from '../../store/queries/network/scripts/script-results.ts';
import { createAdmit, credentialsOf, identify } from './credentials.ts';
import { takeInventory } from './inventories.ts';
import type { Asker, Described, MetadataPort } from './port.ts';
import { packRun } from './run-scripts.ts';
import { packScripts } from './scripts.ts';
import { storeSignal } from './signals.ts';
import { change, changing, type MetadataPorts, tell } from './transaction.ts';
import { eventOfStatus, type StatusReport } from './words.ts';

/** Builds the metadata service: what machines are told, and what they tell. */
export function createMetadata(ports: MetadataPorts): MetadataPort {
  return {
    identify: (key) => identify(ports, key),
    admit: createAdmit(ports),
    credentials: (asker) => credentialsOf(ports, asker),
    describe: (asker) => describe(ports, asker),
    report: (asker, report) => storeReport(ports, asker, report),
    signal: (asker, signal, outputs) => storeSignal(ports, { asker, signal, outputs }),
    scripts: (asker) => scriptsFor(ports, asker),
    netboot: async (asker, isOn) =>
      change(ports, asker, `metadata netboot ${isOn ? 'on' : 'off'} ${asker.machineId}`, async (tx, machine) => {
        await storeNetboot(tx, machine.id, isOn);
        tx.emit({ kind: `machine.netboot.${isOn ? 'on' : 'off'}`, subject: machine.fqdn, data: { run: asker.run } });
        return null;
      }),
    inventory: (asker, told, source) => takeInventory(ports, { asker, told, source }),
  };
}

async function describe({ db, files }: MetadataPorts, asker: Asker): Promise<Described | Rejected> {
  return db.read(async (tx) => {
    const machine = await findMachine(tx, { id: asker.machineId });
    if (machine === null) return rejected('not_found', `There is no machine ${asker.machineId}.`);
    const userData = (await readUserData(tx, asker.run)) ?? runnerFor(asker, files.runner);
    const publicKeys = await keysOfRun(tx, asker.run);
    return { instanceId: machine.id, hostname: machine.fqdn, publicKeys, vendorData: '', userData };
  });
}

/** cloud-init runs it at its end; an image that has the runner itself does not ask for it. */
function runnerFor({ purpose }: Asker, runner: string): Uint8Array | null {
  const isFor = purpose === 'commissioning' || purpose === 'testing' || purpose === 'enlisting';
  return isFor && runner !== '' ? Buffer.from(runner) : null;
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

/** A machine that asks again gets the same scripts, with the same numbers. */
async function scriptsFor(ports: MetadataPorts, asker: Asker): Promise<readonly TarFile[] | Rejected> {
  const packed = await changing(ports, asker, `metadata scripts ${asker.machineId}`, async (tx) => {
    const scripts = await packRun(tx, ports, { id: asker.run, ...asker });
    if (isRejected(scripts)) return scripts;
    if (scripts.length === 0) {
      if (asker.purpose === 'commissioning') await tell(ports, tx, { asker, event: 'scripts-passed', text: '' });
      return { scripts: [] };
    }
    const names = scripts.map(({ name }) => name);
    const ids = await storePendingScripts(tx, asker, names);
    return { scripts: scripts.map((script) => ({ ...script, resultId: ids.get(script.name) ?? 0 })) };
  });
  if (isRejected(packed)) return packed;
  return packed.scripts.length === 0 ? [] : packScripts(asker.purpose, packed.scripts, ports.files);
}
