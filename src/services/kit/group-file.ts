import type { FileSpec } from './contract.ts';

/** One file of the whole view. root owns it, and its group may read it unless `mode` differs. */
export function groupFile<V extends object>(
  file: Omit<FileSpec<V>, 'mode' | 'owner' | 'instances'> & { readonly target: string; readonly mode?: number },
): FileSpec<V> {
  const { target, ...spec } = file;
  return { mode: 0o640, owner: 'root', instances: (view) => [{ target, view }], ...spec };
}
