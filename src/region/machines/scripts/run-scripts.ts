import { accept, isRejected } from '../../../core/errors.ts';
import { orRefusal } from '../../base/or-refusal.ts';
import type { RunPurpose } from '../../../model/machines/machine-run.ts';
import type { Script } from '../../../model/machines/scripts/script.ts';
import type { ChosenScript, ScriptSelection } from '../../../model/machines/scripts/script-choice.ts';
import { chooseScripts } from '../../../model/machines/scripts/script-choice.ts';
import type { KnownDevices, ParameterValues } from '../../../model/machines/scripts/script-parameter.ts';
import { invocationOf } from '../../../model/machines/scripts/script-parameter.ts';
import { readInventory } from '../../../store/queries/machines/machine-inventories.ts';
import { listSiteScripts } from '../../../store/queries/machines/scripts/site-scripts.ts';
import type { RunScriptRow } from '../../../store/queries/machines/scripts/run-scripts.ts';
import { readRunScripts, storeRunScripts } from '../../../store/queries/machines/scripts/run-scripts.ts';
import { storePendingScripts } from '../../../store/queries/machines/scripts/script-results.ts';
import type { Tx } from '../../../store/tx.ts';
import type { Sealer } from '../../base/sealer.ts';
import type { RunScript } from './scripts.ts';

/** What the scripts of a run are made of. `builtIn`: those of the release. */
export type RunScriptPorts = { readonly builtIn: readonly Script[]; readonly sealer: Sealer };

/** A run whose scripts are chosen. */
export type ChosenRun = { readonly id: number; readonly machineId: string; readonly purpose: RunPurpose };

/**
 * Chooses the scripts of a run that has started, and stores them as they are now. A deployment and an
 * erasure run only scripts of the release; a rescue runs none.
 */
export async function chooseForRun(
  tx: Tx,
  { builtIn, sealer }: RunScriptPorts,
  { id, machineId, purpose }: ChosenRun,
  request: ScriptSelection,
): Promise<readonly (RunScriptRow & { readonly isDestructive: boolean })[]> {
  if (purpose === 'rescue') return [];
  // Nobody has chosen anything for an unknown machine: it only reports its hardware.
  const isOwn = purpose === 'enlisting' || purpose === 'deploying' || purpose === 'erasing';
  const all = isOwn ? builtIn : [...builtIn, ...(await listSiteScripts(tx))];
  const chosen = accept(chooseScripts(all, purpose === 'enlisting' ? 'commissioning' : purpose, request));
  const rows: (RunScriptRow & { readonly isDestructive: boolean })[] = [];
  for (const one of chosen) {
    const row = await rowOf(sealer, id, one);
    rows.push({ ...row, isDestructive: one.script.destructive });
  }
  await storeRunScripts(tx, id, rows);
  // Each has its result from the beginning, which waits for it.
  await storePendingScripts(
    tx,
    { machineId, run: id, purpose },
    rows.map(({ name }) => name),
  );
  return rows;
}

/** Passwords lie in the database only sealed. */
async function rowOf(sealer: Sealer, run: number, { script, values }: ChosenScript): Promise<RunScriptRow> {
  const { name, hardware, timeout, parallel: isParallel, parameters, content } = script;
  const isSecret = ([of]: [string, string]) => parameters[of]?.type === 'password';
  const secrets = Object.fromEntries(Object.entries(values).filter(isSecret));
  const given = Object.fromEntries(Object.entries(values).filter((entry) => !isSecret(entry)));
  const hasSecrets = Object.keys(secrets).length > 0;
  const sealed = accept(hasSecrets ? await sealer.seal(placeOf(run, name), JSON.stringify(secrets)) : null);
  return { name, instanceOf: name, hardware, timeout, isParallel, parameters, given, sealed, content };
}

/** The scripts of a run; the default ones if the request named none. */
export async function scriptsOfRun(tx: Tx, ports: RunScriptPorts, run: ChosenRun): Promise<readonly RunScriptRow[]> {
  const stored = await readRunScripts(tx, run.id);
  if (stored !== null) return stored;
  const usual = await orRefusal(async () => await chooseForRun(tx, ports, run, {}));
  if (!isRejected(usual)) return usual;
  // A script of the site that wants a value which nobody gave keeps no machine from reporting its hardware.
  const bare = await orRefusal(() => chooseForRun(tx, ports, run, { scripts: ['none'] }));
  return isRejected(bare) ? [] : bare;
}

/**
 * The scripts of a run as its machine fetches them. One that is for all disks or all cards becomes one for each that the machine has reported, at the
 * first fetch; so it stays for this run.
 */
export async function packRun(tx: Tx, ports: RunScriptPorts, run: ChosenRun): Promise<readonly RunScript[]> {
  const rows = await scriptsOfRun(tx, ports, run);
  const known = await devicesOf(tx, run.machineId);
  const single = rows.flatMap((row) => instancesOf(row, known));
  if (single.length !== rows.length || single.some((row, index) => row.name !== rows[index]?.name))
    await storeRunScripts(tx, run.id, single);
  const packed: RunScript[] = [];
  for (const row of single) {
    const values = await valuesOf(ports.sealer, run.id, row);
    const { name, content, timeout: timeoutSeconds, isParallel, hardware, parameters } = row;
    const invocation = invocationOf(parameters, values, known);
    packed.push({ name, content: Buffer.from(content), timeoutSeconds, isParallel, hardware, invocation });
  }
  return packed;
}

async function valuesOf(
  sealer: Sealer,
  run: number,
  { instanceOf, given, sealed }: RunScriptRow,
): Promise<ParameterValues> {
  if (sealed === null) return given;
  const text = accept(await sealer.open(placeOf(run, instanceOf), sealed));
  return { ...given, ...(JSON.parse(text) as ParameterValues) };
}

const ALL = 'all';
/** Disks that no test is for. */
const MOST = 64;

/**
 * A row for each device that one of its parameters means by `all`; the row itself if there is none, or nothing is
 * known. Pure.
 */
function instancesOf(row: RunScriptRow, known: KnownDevices): RunScriptRow[] {
  const found = Object.entries(row.parameters).find(
    ([name, { type }]) => (type === 'storage' || type === 'interface') && row.given[name] === ALL,
  );
  if (found === undefined) return [row];
  const [name, { type }] = found;
  const devices = type === 'storage' ? known.disks : known.interfaces;
  const usable = devices.map((device) => device.name).filter((device) => /^[A-Za-z0-9._-]{1,32}$/.test(device));
  if (usable.length === 0) return [row];
  return usable
    .slice(0, MOST)
    .map((device) => ({ ...row, name: `${row.name}.${device}`, given: { ...row.given, [name]: device } }));
}

async function devicesOf(tx: Tx, machineId: string): Promise<KnownDevices> {
  const row = await readInventory(tx, machineId);
  const { disks = [], interfaces = [] } = (row?.inventory ?? {}) as Partial<KnownDevices>;
  return { disks: disks.filter((disk) => (disk as { removable?: boolean }).removable !== true), interfaces };
}

function placeOf(run: number, name: string): string {
  return `run_scripts/${run}/${name}`;
}
