import { runCommand } from './exec.ts';
import { readFacts } from './facts.ts';
import { realFiles } from './files.ts';
import type { Host } from './interface.ts';
import { systemdUnits } from './units.ts';

/** The machine that this process runs on, with the rights of this process. */
export function realHost(): Host {
  return {
    files: realFiles(),
    units: systemdUnits(runCommand),
    exec: runCommand,
    facts: (versions) => readFacts(versions, runCommand),
  };
}
