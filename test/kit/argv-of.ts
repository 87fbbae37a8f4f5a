import { type Command, nameOfCommand } from '../../src/core/host-values.ts';

/** Arguments of a command that is a process. */
export function argvOf(command: Command): readonly string[] {
  if (!('argv' in command)) throw new Error(`${nameOfCommand(command)} is asked, no process`);
  return command.argv;
}
