import type { MachineState } from './machine-states.ts';

/** Why a machine runs a system that asks for metadata: each time has credentials of its own. */
export const RUN_PURPOSES = ['enlisting', 'commissioning', 'testing', 'deploying', 'rescue', 'erasing'] as const;
export type RunPurpose = (typeof RUN_PURPOSES)[number];

const PURPOSES: Partial<Readonly<Record<MachineState, RunPurpose>>> = {
  commissioning: 'commissioning',
  testing: 'testing',
  deploying: 'deploying',
  'disk-erasing': 'erasing',
  'entering-rescue-mode': 'rescue',
  'rescue-mode': 'rescue',
};

/**
 * Why a machine in this state asks for metadata; null: it has nothing to ask. `isEphemeral`: it is deployed with a system in memory, which asks again at each
 * start; one on a disk has all that it needs there. Pure.
 */
export function purposeIn(state: MachineState, isEphemeral = false): RunPurpose | null {
  return state === 'deployed' && isEphemeral ? 'deploying' : (PURPOSES[state] ?? null);
}

/** How a script of a run goes. */
export const RESULT_STATES = ['pending', 'running', 'passed', 'failed', 'timed-out'] as const;
export type ResultState = (typeof RESULT_STATES)[number];

/** What a script gives out: both streams together, each for itself, and its result as data. */
export const OUTPUT_KINDS = ['output', 'stdout', 'stderr', 'result'] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/** Most bytes that are stored of an output; the rest is counted. */
export const OUTPUT_MAX = 262_144;

const SUFFIXES: Readonly<Record<string, OutputKind>> = { out: 'stdout', err: 'stderr', yaml: 'result' };
const SCRIPT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Which output of which script a file of this name is; null: of none, the name breaks the grammar. Pure. */
export function outputOf(file: string): { readonly script: string; readonly kind: OutputKind } | null {
  const [, stem = '', suffix = ''] = /^(.+)\.(out|err|yaml)$/.exec(file) ?? [null, file, ''];
  return SCRIPT.test(stem) ? { script: stem, kind: SUFFIXES[suffix] ?? 'output' } : null;
}
