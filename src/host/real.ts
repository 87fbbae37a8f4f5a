import { type Command, type ExecResult, isQuestion } from '../core/host-values.ts';
import { askSocket } from './ask-socket.ts';
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
    exec,
    facts: (versions) => readFacts(versions, exec),
  };
}

function exec(command: Command): Promise<ExecResult> {
  return isQuestion(command) ? askSocket(command) : runCommand(command);
}
