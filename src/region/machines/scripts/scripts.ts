import type { TarFile } from '../../../core/tar.ts';
import type { RunPurpose } from '../../../model/machines/machine-run.ts';
import type { ScriptHardware } from '../../../model/machines/scripts/script.ts';
import type { Invocation } from '../../../model/machines/scripts/script-parameter.ts';

/** A script that a machine is to run. */
export interface RunScript {
  readonly name: string;
  readonly content: Uint8Array;
  /** After so many seconds it has failed; 0: never. */
  readonly timeoutSeconds: number;
  /** May others of the same kind run beside it? */
  readonly isParallel: boolean;
  /** The hardware that the script tests or inspects. */
  readonly hardware: ScriptHardware;
  readonly invocation: Invocation;
}

/** A script of a run and the number of its result. */
export type NumberedScript = RunScript & { readonly resultId: number };

/** What of the release goes to machines. `runner`: fetches scripts and reports how they go; `runScript`: runs one of them. */
export type MachineFiles = { readonly runner: string; readonly runScript: string };

/** What the folder is called, and the list in the index; others are those of commissioning. */
const KINDS: Partial<Readonly<Record<RunPurpose, string>>> = {
  testing: 'testing',
  deploying: 'deploying',
  erasing: 'erasing',
};

/** MAAS's numbers (`SCRIPT_PARALLEL`, `HARDWARE_TYPE`). */
const PARALLEL = { no: 0, yes: 2 } as const;
const HARDWARE = { node: 0, cpu: 1, memory: 2, storage: 3, network: 4 } as const;

/**
 * What a machine fetches from `maas-scripts`: its scripts, and how to run them, twice: `index.json` in MAAS's form, and for our own runner, which has no
 * reader of JSON, `index.txt` (a line per script, its members between tabs), `parameters/ID`, `environment/ID`, `run-script`, and, where racks are given,
 * `racks` (a line per base URL of one, for when another one does not answer). Pure.
 */
export function packScripts(
  purpose: RunPurpose,
  scripts: readonly NumberedScript[],
  { runScript }: MachineFiles,
  racks: readonly string[] = [],
): TarFile[] {
  const kind = KINDS[purpose] ?? 'commissioning';
  const [folder, list] = [`${kind}-scripts`, `${kind}_scripts`];
  const entries = scripts.map(({ name, timeoutSeconds, isParallel, hardware, resultId, invocation }) => ({
    name,
    path: pathOf(folder, name, resultId),
    script_version_id: 1,
    script_result_id: resultId,
    timeout_seconds: timeoutSeconds,
    parallel: isParallel ? PARALLEL.yes : PARALLEL.no,
    hardware_type: HARDWARE[hardware],
    parameters: parametersOf(invocation),
    packages: {},
    for_hardware: [],
    apply_configured_networking: false,
    has_started: false,
  }));
  const lines = scripts.map(({ name, timeoutSeconds, isParallel, hardware, resultId }) =>
    [resultId, timeoutSeconds, isParallel ? 1 : 0, hardware, pathOf(folder, name, resultId), name].join('\t'),
  );
  const file = (path: string, text: string, mode = 0o644) => ({ path, mode, content: Buffer.from(text) });
  return [
    ...scripts.map(({ name, resultId, content }) => ({ path: pathOf(folder, name, resultId), mode: 0o755, content })),
    ...scripts.flatMap(({ resultId, invocation }) => [
      file(`parameters/${resultId}`, invocation.arguments.map((line) => `${line}\n`).join('')),
      file(`environment/${resultId}`, invocation.environment.map((line) => `${line}\n`).join(''), 0o600),
    ]),
    file('run-script', runScript, 0o755),
    ...(racks.length === 0 ? [] : [file('racks', racks.map((line) => `${line}\n`).join(''))]),
    file('index.txt', lines.map((line) => `${line}\n`).join('')),
    file('index.json', `${JSON.stringify({ '1.0': { [list]: entries } }, null, 2)}\n`),
  ];
}

/** By its name, as MAAS has it, as far as an archive takes it. */
function pathOf(folder: string, name: string, resultId: number): string {
  return `${folder}/${name.length > 76 ? resultId : name}`;
}

/** MAAS's runner makes arguments of parameters; ours are made already, so each is one that is passed as it is. */
function parametersOf({ arguments: args }: Invocation): Readonly<Record<string, object>> {
  return Object.fromEntries(
    args.map((arg, index) => [`argument${index}`, { type: 'string', value: arg, argument_format: '{input}' }]),
  );
}
