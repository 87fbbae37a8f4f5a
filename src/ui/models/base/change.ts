import type { Preview, Problem } from '../../../contract/base/common.ts';
import { ProblemError } from '../../../contract/base/wire/transport.ts';

/**
 * The state of a change. Its Idempotency-Key is made when the form opens and stays, so the change is made once, however
 * often it is sent. `waiting`: the site does not answer; the change is stored and sent again. `unsure`: no answer came
 * in time; the same key may be sent again.
 */
export type ChangeState =
  | { readonly kind: 'form' }
  | { readonly kind: 'previewing'; readonly why: string }
  | { readonly kind: 'previewed'; readonly preview: Preview }
  | { readonly kind: 'applying'; readonly preview: Preview; readonly why: string }
  /** `change`: its id; null: it changed no configuration. */
  | { readonly kind: 'done'; readonly result: unknown; readonly change: number | null }
  | { readonly kind: 'refused'; readonly problem: Problem; readonly preview: Preview | null }
  | { readonly kind: 'changed-meanwhile'; readonly problem: Problem }
  | { readonly kind: 'unsure'; readonly why: string; readonly preview: Preview | null };

/** The state after a call of it threw. */
export function afterFailure(error: unknown, preview: Preview | null): ChangeState {
  if (error instanceof ProblemError) {
    const { problem } = error;
    if (problem.status === 412) return { kind: 'changed-meanwhile', problem };
    if (problem.status < 500) return { kind: 'refused', problem, preview };
    return { kind: 'unsure', why: problem.detail, preview };
  }
  return { kind: 'unsure', why: error instanceof Error ? error.message : String(error), preview };
}

/** The state while the site is away; others are as they were. */
export function whileAway(state: ChangeState, why: string): ChangeState {
  return state.kind === 'previewing' || state.kind === 'applying' ? { ...state, why } : state;
}

/** Does the preview contain an error: would the change leave something that is not as requested? */
export function hasErrors(preview: Preview): boolean {
  return preview.nodes.some((node) => node.findings.some((finding) => finding.severity === 'error'));
}

/** Files that would change, on how many nodes. */
export function previewCounts(preview: Preview): { readonly files: number; readonly nodes: number } {
  const touched = preview.nodes.filter((node) => node.files.length > 0);
  return { files: touched.reduce((sum, node) => sum + node.files.length, 0), nodes: touched.length };
}

/** What a move (a job) says that it would do; null: the change is none. */
export function plannedWork(preview: Preview): string | null {
  const { object } = preview;
  if (typeof object !== 'object' || object === null || !('progress' in object)) return null;
  return typeof object.progress === 'string' && object.progress !== '' ? object.progress : null;
}

/** The problem of one field; null: the field has none. */
export function fieldProblem(problem: Problem | null, field: string): string | null {
  const found = problem?.fields?.find((entry) => entry.field === field || entry.field.startsWith(`${field}/`));
  if (found === undefined) return null;
  return found.rule === undefined ? found.problem : `${found.problem}. Rule: ${found.rule}`;
}

/** A refusal without what stands beside its fields already; `text` takes the place of the sentence that says it again. */
export function withoutShown(problem: Problem, shown: readonly { readonly name: string }[], text: string): Problem {
  const fields = problem.fields ?? [];
  const others = fields.filter(
    ({ field }) => !shown.some(({ name }) => field === name || field.startsWith(`${name}/`)),
  );
  if (fields.length === 0 || others.length > 0)
    return { ...problem, ...(fields.length === 0 ? {} : { fields: others }) };
  return { ...problem, detail: text, fields: [] };
}

/** A line of a unified diff. */
export type DiffLine = { readonly kind: 'added' | 'removed' | 'place' | 'same'; readonly text: string };

/** Lines of a unified diff without its two lines of names. */
export function diffLines(diff: string): readonly DiffLine[] {
  return diff
    .replace(/^--- .*\n\+\+\+ .*\n/, '')
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => ({ kind: kindOfLine(line), text: line }));
}

function kindOfLine(line: string): DiffLine['kind'] {
  if (line.startsWith('@@')) return 'place';
  return line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same';
}
