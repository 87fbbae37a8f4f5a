import { accept, isRejected, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import { orRefusal } from '../../base/or-refusal.ts';
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
import type { MachineCaller, MachineDescription, MetadataPort } from './port.ts';
import { packRun } from '../scripts/run-scripts.ts';
import { type NumberedScript, packScripts } from '../scripts/scripts.ts';
import { storeSignal } from './signals.ts';
import { change, changing, type MetadataPorts, reportEvent } from './transaction.ts';
import { eventOfStatus, type StatusReport } from './report-meanings.ts';

/** Builds the metadata service: what machines fetch, and what they report. */
export function createMetadata(ports: MetadataPorts): MetadataPort {
  return {
    identify: (key) => identify(ports, key),
    isOver: (key) => isOver(ports, key),
    admit: createAdmit(ports),
    credentials: (caller) => orRefusal(() => credentialsOf(ports, caller)),
    describe: (caller) => orRefusal(() => describe(ports, caller)),
    report: (caller, report) => storeReport(ports, caller, report),
    signal: (caller, signal, outputs) => storeSignal(ports, { caller, signal, outputs }),
    scripts: (caller) => orRefusal(() => scriptsFor(ports, caller)),
    netboot: async (caller, isOn) =>
      change(ports, caller, `metadata netboot ${isOn ? 'on' : 'off'} ${caller.machineId}`, async (tx, machine) => {
        await storeNetboot(tx, machine.id, isOn);
        // An installer that has no other report for it: the disk is written.
        if (!isOn && caller.purpose === 'deploying')
          await reportEvent(ports, tx, { caller, event: 'installed', text: '' });
        tx.emit({ kind: `machine.netboot.${isOn ? 'on' : 'off'}`, subject: machine.fqdn, data: { run: caller.run } });
        return null;
      }),
    inventory: (caller, document, source) => orRefusal(() => takeInventory(ports, { caller, document, source })),
  };
}

async function describe({ db, files }: MetadataPorts, caller: MachineCaller): Promise<MachineDescription> {
  const description = await db.read(async (tx) => {
    const machine = await findMachine(tx, { id: caller.machineId });
    if (machine === null) refuse('not_found', `There is no machine ${caller.machineId}.`);
    const userData = await userDataOf(tx, caller, files.runner);
    const publicKeys = await keysOfRun(tx, caller.run);
    return { instanceId: machine.id, hostname: machine.fqdn, publicKeys, vendorData: '', userData };
  });
  return accept(description);
}

/** cloud-init runs the runner at its end; an image that has it itself does not ask for it. What a user gives goes to the system that he wants, not to the one that installs it. */
async function userDataOf(
  tx: Tx,
  { purpose, machineId, run }: MachineCaller,
  runner: string,
): Promise<Uint8Array | null> {
  const deployment = purpose === 'deploying' ? await readDeployment(tx, machineId) : null;
  const isInstalling = deployment !== null && !deployment.isEphemeral;
  const own = isInstalling ? null : await readUserData(tx, run);
  const isFor = isInstalling || ['commissioning', 'testing', 'enlisting', 'erasing'].includes(purpose);
  return own ?? (isFor && runner !== '' ? Buffer.from(runner) : null);
}

async function storeReport(
  ports: MetadataPorts,
  caller: MachineCaller,
  report: StatusReport,
): Promise<Rejected | null> {
  const summary = `metadata status ${caller.machineId}`;
  return change(ports, caller, summary, async (tx, machine) => {
    const { type, origin, name, description, result } = report;
    tx.emit({
      kind: 'machine.status',
      subject: machine.fqdn,
      data: {
        run: caller.run,
        purpose: caller.purpose,
        type,
        origin,
        name,
        description,
        ...(result ? { result } : {}),
      },
    });
    const text = `${origin}: ${name}: ${description}`;
    const isEphemeral = caller.purpose === 'deploying' && (await readDeployment(tx, machine.id))?.isEphemeral === true;
    const event = eventOfStatus(caller.purpose, report, isEphemeral);
    return reportEvent(ports, tx, { caller, event, text: event === 'deployed' ? '' : text });
  });
}

/** What a machine is to run, and the files of its deployment beside it. */
interface RunPackage {
  readonly scripts: readonly NumberedScript[];
  readonly files: readonly TarFile[];
  /** Base URLs of the racks that answer it. */
  readonly racks?: readonly string[];
  /** Why its deployment cannot come about: that is stored, and the machine gets it. */
  readonly refusal?: Rejected;
}

/** A machine that asks again gets the same scripts, with the same numbers. */
async function scriptsFor(ports: MetadataPorts, caller: MachineCaller): Promise<readonly TarFile[]> {
  const packed = accept(
    await changing<RunPackage>(ports, caller, `metadata scripts ${caller.machineId}`, async (tx, machine) => {
      const files = caller.purpose === 'deploying' ? await orRefusal(() => deploymentOf(tx, caller, machine)) : [];
      if (isRejected(files)) {
        await reportEvent(ports, tx, { caller, event: 'scripts-failed', text: files.message });
        // It asks no more: this run is over.
        return { scripts: [], files: [], refusal: rejected('conflict', files.message) };
      }
      const scripts = files === null ? [] : await packRun(tx, ports, { id: caller.run, ...caller });
      if (scripts.length === 0) {
        if (caller.purpose === 'commissioning')
          await reportEvent(ports, tx, { caller, event: 'scripts-passed', text: '' });
        return { scripts: [], files: [] };
      }
      const names = scripts.map(({ name }) => name);
      const ids = await storePendingScripts(tx, caller, names);
      const numbered = scripts.map((script) => ({ ...script, resultId: ids.get(script.name) ?? 0 }));
      // A deployment has them among its files.
      if (files !== null && files.length > 0) return { scripts: numbered, files };
      return { scripts: numbered, files: [], racks: sourcesOf(rackAddresses(await readServingSite(tx), machine)) };
    }),
  );
  if (packed.refusal !== undefined) refuse(packed.refusal);
  if (packed.scripts.length === 0) return [];
  return [...packScripts(caller.purpose, packed.scripts, ports.files, packed.racks), ...packed.files];
}
