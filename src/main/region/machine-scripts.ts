import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isRejected } from '../../core/errors.ts';
import { parseBuiltIn, type Script } from '../../model/scripts/script.ts';
import type { MachineFiles } from '../../region/metadata/scripts.ts';

/** Reads what the release has for machines: `commissioning/*` and `testing/*` are scripts, `runner` and `run-script` run them. Throws for a wrong one. */
export async function readMachineScripts(
  folder: string,
): Promise<{ readonly builtIn: readonly Script[]; readonly files: MachineFiles }> {
  const text = (...path: string[]) => readFile(join(folder, ...path), 'utf8');
  const builtIn: Script[] = [];
  for (const kind of ['commissioning', 'testing']) {
    for (const name of (await readdir(join(folder, kind))).sort()) {
      const script = parseBuiltIn(await text(kind, name));
      if (isRejected(script)) throw new AppError('machine_scripts', `${kind}/${name}: ${script.message}`);
      if (script.name !== name || script.purpose !== kind)
        throw new AppError(
          'machine_scripts',
          `${kind}/${name}: its metadata calls it ${script.name}, of ${script.purpose}`,
        );
      builtIn.push(script);
    }
  }
  return { builtIn, files: { runner: await text('runner'), runScript: await text('run-script') } };
}
