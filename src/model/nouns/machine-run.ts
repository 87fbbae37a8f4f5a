import type { MachineState } from './machine-states.ts';

/** Why a machine runs a system that asks for metadata: each time has credentials of its own. */
export const RUN_PURPOSES = ['enlisting', 'commissioning', 'testing', 'deploying', 'rescue'] as const;
export type RunPurpose = (typeof RUN_PURPOSES)[number];

const PURPOSES: Partial<Readonly<Record<MachineState, RunPurpose>>> = {
  commissioning: 'commissioning',
  testing: 'testing',
  deploying: 'deploying',
  // Its system asks again at each start, as cloud-init does.
  deployed: 'deploying',
  'entering-rescue-mode': 'rescue',
  'rescue-mode': 'rescue',
};

/** Why a machine in this state asks for metadata; null: it has nothing to ask. Pure. */
export function purposeIn(state: MachineState): RunPurpose | null {
  return PURPOSES[state] ?? null;
}

/** How a script of a run goes. */
export const RESULT_STATES = ['pending', 'running', 'passed', 'failed', 'timed-out'] as const;
export type ResultState = (typeof RESULT_STATES)[number];

/** What a script gives out: both streams together, each for itself, and its result as data. */
export const OUTPUT_KINDS = ['output', 'stdout', 'stderr', 'result'] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/** Most bytes that are kept of an output; what is over is counted. */
export const OUTPUT_MAX = 262_144;

const SUFFIXES: Readonly<Record<string, OutputKind>> = { out: 'stdout', err: 'stderr', yaml: 'result' };
const SCRIPT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Which output of which script a file of this name is; null: of none, the name breaks the grammar. Pure. */
export function outputOf(file: string): { readonly script: string; readonly kind: OutputKind } | null {
  const [, stem = '', suffix = ''] = /^(.+)\.(out|err|yaml)$/.exec(file) ?? [null, file, ''];
  return SCRIPT.test(stem) ? { script: stem, kind: SUFFIXES[suffix] ?? 'output' } : null;
}
