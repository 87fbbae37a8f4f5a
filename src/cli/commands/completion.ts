import type { CommandSpec, NounSpec } from '../command-spec.ts';
import { COMPLETION_SCRIPTS } from '../completion.ts';

const HOW: Readonly<Record<string, string>> = {
  bash: 'source <(regent completion bash)',
  zsh: 'source <(regent completion zsh)',
  fish: 'regent completion fish | source',
};

/** `regent completion`. */
export const COMPLETION: NounSpec = {
  noun: 'completion',
  summary: 'completion for bash, zsh and fish, with the live names of the site',
  commands: (['bash', 'zsh', 'fish'] as const).map(
    (shell): CommandSpec => ({
      verb: shell,
      summary: `print the script; use it with: ${HOW[shell]}`,
      run: async (call) => call.io.out.write(COMPLETION_SCRIPTS[shell]),
    }),
  ),
};
