import { accept, isRejected, refuse, type Rejected } from '../../../core/errors.ts';
import type { MachineEvent } from '../../../model/machines/machine-states.ts';
import type { Script } from '../../../model/machines/scripts/script.ts';
import { findMachine, type MachineRow } from '../../../store/queries/machines/machines.ts';
import { findOpenRun } from '../../../store/queries/machines/machine-tokens.ts';
import { write, type WriteTx } from '../../../store/write.ts';
import type { CredentialPorts } from './credentials.ts';
import type { MachineCaller, ApplyMachineEvent } from './port.ts';
import type { MachineFiles } from '../scripts/scripts.ts';

/** What the metadata service is built from. `applyEvent`: the lifecycle. */
export interface MetadataPorts extends CredentialPorts {
  readonly applyEvent: ApplyMachineEvent;
  /** Scripts of the release. */
  readonly builtIn: readonly Script[];
  readonly files: MachineFiles;
}

/** What a machine reports, for its lifecycle. `event` null: nothing that matters to it. */
type ReportedEvent = { readonly caller: MachineCaller; readonly event: MachineEvent | null; readonly text: string };

/** A refusal of the lifecycle does not refuse the machine's report: it is stored all the same. */
export async function reportEvent(
  { applyEvent: apply }: MetadataPorts,
  tx: WriteTx,
  { caller, event, text }: ReportedEvent,
): Promise<null> {
  if (event === null) return null;
  const by = `machine ${caller.machineId}`;
  await apply(tx, { machineId: caller.machineId, event, by, ...(text === '' ? {} : { text }) });
  return null;
}

/** As `changing`, without an answer. */
export async function change(
  ports: MetadataPorts,
  caller: MachineCaller,
  summary: string,
  body: (tx: WriteTx, machine: MachineRow) => Promise<null | Rejected>,
): Promise<Rejected | null> {
  const done = await changing(ports, caller, summary, async (tx, machine) => (await body(tx, machine)) ?? {});
  return isRejected(done) ? done : null;
}

/** One transaction of a machine whose run is still open: what comes late changes nothing. */
export async function changing<T extends object>(
  { db, random }: MetadataPorts,
  caller: MachineCaller,
  summary: string,
  body: (tx: WriteTx, machine: MachineRow) => Promise<T | Rejected>,
): Promise<T | Rejected> {
  const key = random.hex(16);
  const operation = { key, requestDigest: key, actor: `machine:${caller.machineId}`, origin: 'metadata', summary };
  const done = await write<T>(db, operation, async (tx) => {
    const run = await findOpenRun(tx, caller.machineId);
    const machine = run?.id === caller.run ? await findMachine(tx, { id: caller.machineId }) : null;
    if (machine === null) refuse('conflict', `The run ${caller.run} of the machine ${caller.machineId} is over.`);
    const result = accept(await body(tx, machine));
    return { status: 200, body: result, storedBody: {} };
  });
  return isRejected(done) ? done : done.body;
}
