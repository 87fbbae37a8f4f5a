import { digestOf } from '../core/stable-json.ts';
import type { FileChange, RenderedFile } from '../services/kit/contract.ts';
import type { FileStates } from './values.ts';

/** Rendered files without their texts. */
export function statesOf(files: readonly RenderedFile[]): FileStates {
  return Object.fromEntries(
    files.map(({ target, digest, mode, owner, group }) => [target, { digest, mode, owner, group }]),
  );
}

/** Digest of a set of files; a refusal remembers it. */
export const filesDigest = (files: FileStates): string => digestOf(files);

/** The change from `from` to `to`, in the order of the targets. */
export function changesBetween(from: FileStates, to: FileStates): readonly FileChange[] {
  const changes: FileChange[] = [];
  for (const [target, state] of Object.entries(to)) {
    const before = Object.hasOwn(from, target) ? from[target] : undefined;
    if (before === undefined) changes.push({ target, kind: 'added' });
    else if (digestOf(before) !== digestOf(state)) changes.push({ target, kind: 'changed' });
  }
  for (const target of Object.keys(from)) if (!Object.hasOwn(to, target)) changes.push({ target, kind: 'removed' });
  return changes;
}

/** Are two sets of files the same? */
export const isSame = (a: FileStates, b: FileStates): boolean => changesBetween(a, b).length === 0;

/** Where a target is staged, and where its previous version is stored: beside it, in folders that daemons do not read. */
export function stagedPath(folder: string, target: string): string {
  return `${folder}/.stage${target.slice(folder.length)}`;
}

/** See `stagedPath`. */
export function previousPath(folder: string, target: string): string {
  return `${folder}/.previous${target.slice(folder.length)}`;
}

/** Where a target is written for a trial: nothing moves from there to its place. See `stagedPath`. */
export function trialPath(folder: string, target: string): string {
  return `${folder}/.trial${target.slice(folder.length)}`;
}

/** Is this one of the engine's own folders? */
export function isBeside(folder: string, path: string): boolean {
  return ['.stage', '.previous', '.trial'].some((name) => path.startsWith(`${folder}/${name}/`));
}
