import { accept, refuse, type Rejected } from '../../../core/errors.ts';
import type { MachineEvent } from '../../../model/machines/machine-states.ts';
import { OUTPUT_MAX } from '../../../model/machines/machine-run.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import { readDeployment } from '../../../store/queries/machines/deployments.ts';
import { storePatience } from '../../../store/queries/machines/machine-states.ts';
import { storeRun } from '../../../store/queries/machines/machine-tokens.ts';
import { readScriptTimeout } from '../../../store/queries/machines/scripts/run-scripts.ts';
import {
  findScriptOf,
  listScriptResults,
  readScriptOutputs,
  storeScriptOutput,
  storeScriptResult,
} from '../../../store/queries/machines/scripts/script-results.ts';
import type { WriteTx } from '../../../store/write.ts';
import { isInventoryScript, mergeInventory } from './inventories.ts';
import type { MachineCaller, ScriptOutput } from './port.ts';
import { change, type MetadataPorts, reportEvent } from './transaction.ts';
import { deployedText, eventOfSignal, failuresOf, isEnd, type Signal, stateOf } from './report-meanings.ts';

interface SignalCall {
  readonly caller: MachineCaller;
  readonly signal: Signal;
  readonly outputs: readonly ScriptOutput[];
}

/** Stores how scripts go. The same signal again changes nothing: a script that has ended does not run any more, whatever comes late. */
export async function storeSignal(
  ports: MetadataPorts,
  { caller, signal, outputs }: SignalCall,
): Promise<Rejected | null> {
  return change(ports, caller, `metadata signal ${signal.status} ${caller.machineId}`, async (tx, machine) => {
    const { machineId, run, purpose } = caller;
    const { status, resultId, exitStatus, error } = signal;
    const script = signal.script ?? (resultId === null ? null : await findScriptOf(tx, caller, resultId));
    if (script === null && resultId !== null)
      refuse('bad_request', `This run has no script with the result ${resultId}.`);
    const end = await endOf(tx, machine, { caller, signal });
    // Its scripts have ended, well or not: there is nothing more to fetch.
    if (purpose === 'enlisting' && isEnd(signal)) await storeRun(tx, machineId, null);
    // First: who changes a machine's state locks that before the machine.
    if (end !== null) await reportEvent(ports, tx, { caller, ...end });
    if (end === null && stateOf(signal) === 'running' && script !== null) await waitFor(tx, caller, script);
    const scripts = [...new Set([...(script === null ? [] : [script]), ...outputs.map((one) => one.script)])];
    const ids = new Map<string, number>();
    for (const name of scripts) {
      const state = stateOf(signal);
      ids.set(name, await storeScriptResult(tx, { machineId, run, purpose, script: name, state, exitStatus }));
    }
    for (const { script: name, kind, content, bytes } of outputs) {
      const output = { kind, content: content.subarray(0, OUTPUT_MAX), bytes };
      await storeScriptOutput(tx, ids.get(name) ?? 0, output);
    }
    const known = exitStatus === null ? {} : { exitStatus };
    const data = { run, purpose, status, scripts, ...known, ...(error ? { error } : {}) };
    tx.emit({ kind: 'machine.signal', subject: machine.fqdn, data });
    return stateOf(signal) === 'passed'
      ? accept(await takeInventoryOutputs(ports, tx, { caller, machine, outputs }))
      : null;
  });
}

/** Between the end of a script and the report of it, or the next script, s. */
const BETWEEN_S = 300;
/** A script that may take as long as it takes. A machine that has died in it must not be waited for for ever, s. */
const UNLIMITED_S = 86_400;

/** A script has started: the machine's deadline does not come before the script's own. */
async function waitFor(tx: WriteTx, { machineId, run }: MachineCaller, script: string): Promise<void> {
  const seconds = await readScriptTimeout(tx, run, script);
  if (seconds !== null) await storePatience(tx, machineId, (seconds || UNLIMITED_S) + BETWEEN_S);
}

/** The output of the release's scripts about hardware goes into the inventory. */
async function takeInventoryOutputs(
  ports: MetadataPorts,
  tx: WriteTx,
  {
    caller,
    machine,
    outputs,
  }: { readonly caller: MachineCaller; readonly machine: MachineRow; readonly outputs: readonly ScriptOutput[] },
): Promise<Rejected | null> {
  for (const { script, kind, content } of outputs) {
    if (kind !== 'stdout' || !isInventoryScript(ports, script)) continue;
    await mergeInventory(ports, tx, { caller, machine, script, content });
  }
  return null;
}

/** How the run ends, if this signal ends it. A run with a failed script is not well, whatever the signal says. */
async function endOf(
  tx: WriteTx,
  { hostname }: MachineRow,
  { caller, signal }: Pick<SignalCall, 'caller' | 'signal'>,
): Promise<{ event: MachineEvent; text: string } | null> {
  const isEphemeral =
    caller.purpose === 'deploying' && (await readDeployment(tx, caller.machineId))?.isEphemeral === true;
  const event = eventOfSignal(caller.purpose, signal, isEphemeral);
  if (event !== null && (signal.status === 'DEPLOYED' || signal.status === 'UP'))
    return { event, text: deployedText(signal.error) };
  if (event !== 'scripts-passed' && event !== 'scripts-failed')
    return event === null ? null : { event, text: signal.error };
  const failures = failuresOf(await listScriptResults(tx, caller.machineId, caller.run));
  if (failures === '') return { event, text: signal.error };
  const last = await readLastLine(tx, caller);
  return {
    event: 'scripts-failed',
    text: `${failures}${last === '' ? '' : ` ${last}`} See: regent machine results ${hostname} --run ${caller.run}`,
  };
}

/** Characters of the last line. */
const LAST_MAX = 300;

/** The last line that the first failed step of an installation or an erasure wrote: it says why. Other runs have scripts that fail without one. */
async function readLastLine(tx: WriteTx, { machineId, run, purpose }: MachineCaller): Promise<string> {
  if (purpose !== 'deploying' && purpose !== 'erasing') return '';
  const failed = (await listScriptResults(tx, machineId, run)).find(
    ({ state }) => state === 'failed' || state === 'timed-out',
  );
  const outputs = failed === undefined ? null : await readScriptOutputs(tx, machineId, failed.id);
  const content = outputs?.contents.find(({ kind }) => kind === 'stderr')?.content.toString('latin1') ?? '';
  const line = content.trimEnd().split('\n').at(-1) ?? '';
  return line.replace(/[^ -~]+/g, '?').slice(0, LAST_MAX);
}
