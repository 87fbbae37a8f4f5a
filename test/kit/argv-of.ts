import { type Command, isQuestion } from '../../src/core/host-values.ts';

/** Arguments of a command that is a process. */
export function argvOf(command: Command): readonly string[] {
  if (isQuestion(command)) throw new Error(`${command.socket} is asked, no process`);
  return command.argv;
}
