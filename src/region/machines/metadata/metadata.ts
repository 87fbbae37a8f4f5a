import { isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import type { TarFile } from '../../../core/tar.ts';
import { findMachine } from '../../../store/queries/machines/machines.ts';
import { readDeployment } from '../../../store/queries/machines/deployments.ts';
import { readUserData, storeNetboot } from '../../../store/queries/machines/machine-tokens.ts';
import { keysOfRun } from '../../../store/queries/people/ssh-keys.ts';
import { storePendingScripts } from '../../../store/queries/machines/scripts/script-results.ts';
import type { Tx } from '../../../store/tx.ts';
import { readServingSite } from '../../../store/snapshot.ts';
import { deploymentOf } from '../deployment/archive.ts';
import { rackAddresses, sourcesOf } from '../deployment/site.ts';
import { createAdmit, credentialsOf, identify, isOver } from './credentials.ts';
import { takeInventory } from './inventories.ts';
import type { Asker, Described, MetadataPort } from './port.ts';
import { packRun } from '../scripts/run-scripts.ts';
import { type NumberedScript, packScripts } from '../scripts/scripts.ts';
import { storeSignal } from './signals.ts';
import { change, changing, type MetadataPorts, tell } from './transaction.ts';
import { eventOfStatus, type StatusReport } from './words.ts';

/** Builds the metadata service: what machines are told, and what they tell. */
export function createMetadata(ports: MetadataPorts): MetadataPort {
  return {
    identify: (key) => identify(ports, key),
    isOver: (key) => isOver(ports, key),
    admit: createAdmit(ports),
    credentials: (asker) => credentialsOf(ports, asker),
    describe: (asker) => describe(ports, asker),
    report: (asker, report) => storeReport(ports, asker, report),
    signal: (asker, signal, outputs) => storeSignal(ports, { asker, signal, outputs }),
    scripts: (asker) => scriptsFor(ports, asker),
    netboot: async (asker, isOn) =>
      change(ports, asker, `metadata netboot ${isOn ? 'on' : 'off'} ${asker.machineId}`, async (tx, machine) => {
        await storeNetboot(tx, machine.id, isOn);
        // An installer that has no other word for it: the disk is written.
        if (!isOn && asker.purpose === 'deploying') await tell(ports, tx, { asker, event: 'installed', text: '' });
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
    const userData = await userDataOf(tx, asker, files.runner);
    const publicKeys = await keysOfRun(tx, asker.run);
    return { instanceId: machine.id, hostname: machine.fqdn, publicKeys, vendorData: '', userData };
  });
}

/** cloud-init runs the runner at its end; an image that has it itself does not ask for it. What a user gives goes to the system that he wants, not to the one that installs it. */
async function userDataOf(tx: Tx, { purpose, machineId, run }: Asker, runner: string): Promise<Uint8Array | null> {
  const deployment = purpose === 'deploying' ? await readDeployment(tx, machineId) : null;
  const isInstalling = deployment !== null && !deployment.isEphemeral;
  const own = isInstalling ? null : await readUserData(tx, run);
  const isFor = isInstalling || ['commissioning', 'testing', 'enlisting', 'erasing'].includes(purpose);
  return own ?? (isFor && runner !== '' ? Buffer.from(runner) : null);
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
    const isEphemeral = asker.purpose === 'deploying' && (await readDeployment(tx, machine.id))?.isEphemeral === true;
    const event = eventOfStatus(asker.purpose, report, isEphemeral);
    return tell(ports, tx, { asker, event, text: event === 'deployed' ? '' : text });
  });
}

/** What a machine is to run, and the files of its deployment beside it. */
interface Packed {
  readonly scripts: readonly NumberedScript[];
  readonly files: readonly TarFile[];
  /** Base URLs of the racks that answer it. */
  readonly racks?: readonly string[];
  /** Why its deployment cannot come about: that is stored, and told to the machine. */
  readonly refusal?: Rejected;
}

/** A machine that asks again gets the same scripts, with the same numbers. */
async function scriptsFor(ports: MetadataPorts, asker: Asker): Promise<readonly TarFile[] | Rejected> {
  const packed = await changing<Packed>(ports, asker, `metadata scripts ${asker.machineId}`, async (tx, machine) => {
    const files = asker.purpose === 'deploying' ? await deploymentOf(tx, asker, machine) : [];
    if (isRejected(files)) {
      await tell(ports, tx, { asker, event: 'scripts-failed', text: files.message });
      // It asks no more: this run is over.
      return { scripts: [], files: [], refusal: rejected('conflict', files.message) };
    }
    const scripts = files === null ? [] : await packRun(tx, ports, { id: asker.run, ...asker });
    if (isRejected(scripts)) return scripts;
    if (scripts.length === 0) {
      if (asker.purpose === 'commissioning') await tell(ports, tx, { asker, event: 'scripts-passed', text: '' });
      return { scripts: [], files: [] };
    }
    const names = scripts.map(({ name }) => name);
    const ids = await storePendingScripts(tx, asker, names);
    const numbered = scripts.map((script) => ({ ...script, resultId: ids.get(script.name) ?? 0 }));
    // A deployment has them among its files.
    if (files !== null && files.length > 0) return { scripts: numbered, files };
    return { scripts: numbered, files: [], racks: sourcesOf(rackAddresses(await readServingSite(tx), machine)) };
  });
  if (isRejected(packed)) return packed;
  if (packed.refusal !== undefined) return packed.refusal;
  if (packed.scripts.length === 0) return [];
  return [...packScripts(asker.purpose, packed.scripts, ports.files, packed.racks), ...packed.files];
}
