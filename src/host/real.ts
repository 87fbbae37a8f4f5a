import { type Command, type ExecResult, isOpenQuestion, isQuestion } from '../core/host-values.ts';
import { openQuestions } from './ask/open.ts';
import { askSocket } from './ask/socket.ts';
import { runCommand } from './exec.ts';
import { nothingKnown, readFacts } from './facts.ts';
import { realFiles } from './files.ts';
import type { Host } from './interface.ts';
import { openSystemdBus } from './systemd-bus.ts';
import { systemdUnits } from './units.ts';

/** The machine of this process, with the rights of this process. The agent asks the questions that need the node's certificate. */
export function realHost(): Host {
  const questions = openQuestions(() => null);
  const exec = (command: Command): Promise<ExecResult> => {
    if (isOpenQuestion(command)) return questions.ask(command);
    return isQuestion(command) ? askSocket(command) : runCommand(command);
  };
  const known = nothingKnown();
  return {
    files: realFiles(),
    units: systemdUnits(runCommand, openSystemdBus()),
    exec,
    facts: (versions) => readFacts(versions, exec, known),
  };
}
