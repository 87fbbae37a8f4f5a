import type { ProcessCommand } from '../../core/host-values.ts';
import type { Activation, FileChange, StagedFile } from './contract.ts';

/** The checker's command for each changed file: its arguments (`argv`), then the staged file. */
export function checkEach(
  staged: readonly StagedFile[],
  { argv, ...how }: Omit<ProcessCommand, 'argv'> & { readonly argv: (target: string) => readonly string[] },
): readonly ProcessCommand[] {
  return staged.filter((file) => file.isChanged).map((file) => ({ argv: [...argv(file.target), file.staged], ...how }));
}

/** A daemon with one file: it starts with a new one and reloads a changed one. Each says why. */
export function startOrReload(
  changes: readonly FileChange[],
  target: string,
  why: { readonly added: string; readonly changed: string; readonly none: string },
): Activation {
  const kind = changes.find((change) => change.target === target)?.kind;
  if (kind === 'added') return { kind: 'restart', why: why.added };
  return kind === 'changed' ? { kind: 'reload', why: why.changed } : { kind: 'none', why: why.none };
}
