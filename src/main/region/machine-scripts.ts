import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isRejected } from '../../core/errors.ts';
import { ALL_PURPOSES, parseBuiltIn, type Script } from '../../model/machines/scripts/script.ts';
import type { MachineFiles } from '../../region/machines/scripts/scripts.ts';

/** Reads what the release has for machines: scripts in a folder for each purpose, `runner` and `run-script` run them. Throws for a wrong one. */
export async function readMachineScripts(
  folder: string,
): Promise<{ readonly builtIn: readonly Script[]; readonly files: MachineFiles }> {
  const text = (...path: string[]) => readFile(join(folder, ...path), 'utf8');
  const builtIn: Script[] = [];
  const there = await readdir(folder);
  for (const kind of ALL_PURPOSES.filter((one) => there.includes(one))) {
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
