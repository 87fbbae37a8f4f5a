import { AppError } from '../../core/errors.ts';

/** A piece of a file, and what stands there instead. */
export interface Edit {
  /** Must be in the file exactly once. */
  readonly old: string;
  readonly now: string;
}

/** What is changed in a file of a host. `path`: absolute. */
export type FileEdits = { readonly path: string; readonly edits: readonly Edit[] };

/**
 * The file's text with its edits done, one after the other. Throws AppError `drill_overlay` when a piece is not there exactly once: the file
 * is another one than was thought, and a drill with half of its settings would measure nothing.
 */
export function edited({ path, edits }: FileEdits, text: string): string {
  return edits.reduce((before, { old, now }) => {
    const times = before.split(old).length - 1;
    if (times === 1) return before.replace(old, () => now);
    throw new AppError(
      'drill_overlay',
      `${path} has ${JSON.stringify(old)} ${times} times, and must have it once. What to do: bring src/drills/overlay in step with the file.`,
    );
  }, text);
}
