import type { RunPurpose } from '../../model/nouns/machine-run.ts';

/** A script that a machine is to run. */
export interface RunScript {
  readonly name: string;
  readonly content: Uint8Array;
  /** After so many seconds it has failed; 0: never. */
  readonly timeoutSeconds: number;
  /** May others of the same kind run beside it? */
  readonly isParallel: boolean;
  /** What it looks at. */
  readonly hardware: 'node' | 'cpu' | 'memory' | 'storage' | 'network';
}

/** The scripts of a run of this purpose, in the order in which they begin. */
export type ScriptSource = (purpose: RunPurpose) => readonly RunScript[];

/** A script of a run and the number of its result. */
export interface NumberedScript extends RunScript {
  readonly resultId: number;
}

/** A file of the archive that a machine fetches. */
interface PackedFile {
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

/** MAAS's numbers (`SCRIPT_PARALLEL`, `HARDWARE_TYPE`). */
const PARALLEL = { no: 0, yes: 2 } as const;
const HARDWARE = { node: 0, cpu: 1, memory: 2, storage: 3, network: 4 } as const;

/** What a machine fetches from `maas-scripts`: its scripts and `index.json`, which says how to run them. Pure. */
export function packScripts(purpose: RunPurpose, scripts: readonly NumberedScript[]): PackedFile[] {
  const [folder, list] =
    purpose === 'testing'
      ? (['testing-scripts', 'testing_scripts'] as const)
      : (['commissioning-scripts', 'commissioning_scripts'] as const);
  const files = scripts.map(({ name, content }) => ({ path: `${folder}/${name}`, mode: 0o755, content }));
  const entries = scripts.map(({ name, timeoutSeconds, isParallel, hardware, resultId }) => ({
    name,
    path: `${folder}/${name}`,
    script_version_id: 1,
    script_result_id: resultId,
    timeout_seconds: timeoutSeconds,
    parallel: isParallel ? PARALLEL.yes : PARALLEL.no,
    hardware_type: HARDWARE[hardware],
    parameters: {},
    packages: {},
    for_hardware: [],
    apply_configured_networking: false,
    has_started: false,
  }));
  const index = Buffer.from(`${JSON.stringify({ '1.0': { [list]: entries } }, null, 2)}\n`);
  return [...files, { path: 'index.json', mode: 0o644, content: index }];
}
