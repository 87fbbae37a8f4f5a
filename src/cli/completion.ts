import type { CommandSpec, NameKind, NounSpec, OptionSpec } from './command-spec.ts';
import { DECLARED_OPTIONS } from './commands/base/declared.ts';
import { OUTPUT_FORMATS } from './format/output.ts';

/** The possible next arguments: fixed ones, or names of a kind that the region knows. */
export type Completion = { readonly candidates: readonly string[]; readonly kind: NameKind | null };

const NOTHING: Completion = { candidates: [], kind: null };
const GLOBAL: readonly OptionSpec[] = [
  { flags: '-o, --output <format>', help: '', values: OUTPUT_FORMATS },
  { flags: '--url <url>', help: '' },
  { flags: '--context <name>', help: '' },
  { flags: '-h, --help', help: '' },
];
const CHANGE: readonly OptionSpec[] = [
  { flags: '--dry-run', help: '' },
  { flags: '--wait', help: '' },
  { flags: '--timeout <seconds>', help: '' },
];
/** Which names complete the value of an option. */
const OPTION_KINDS: Readonly<Record<string, NameKind>> = {
  '--domain': 'domain',
  '--transfer-key': 'tsig-key',
  ...DECLARED_OPTIONS,
  '--vlan': 'vlan',
  '--subnet': 'subnet',
  '--node': 'node',
  '--rack': 'rack',
  '--user': 'user',
  '--hazard': 'hazard',
};

/** Completes the last argument. `argv`: the command line without the program's name; its last argument is being typed and may be empty. */
export function complete(argv: readonly string[], nouns: readonly NounSpec[]): Completion {
  const before = argv.slice(0, -1);
  const current = argv.at(-1) ?? '';
  const found = walk(before, nouns);
  if (found.pending) return valueOf(found.pending);
  const known = [...GLOBAL, ...(found.command?.isChange ? CHANGE : []), ...(found.command?.options ?? [])];
  if (current.startsWith('-')) return { candidates: known.flatMap(namesOf), kind: null };
  if (found.noun === null)
    return { candidates: [...nouns.map((noun) => noun.noun), 'init', 'migrate', 'help'], kind: null };
  if (found.command === null) return { candidates: found.noun.commands.map((command) => command.verb), kind: null };
  const args = found.command.args ?? [];
  const last = args.at(-1);
  const argument = args[found.given] ?? (last?.name.includes('...') ? last : undefined);
  if (argument === undefined) return NOTHING;
  return { candidates: argument.values ?? [], kind: argument.complete ?? null };
}

interface CommandPosition {
  readonly noun: NounSpec | null;
  readonly command: CommandSpec | null;
  /** Positional arguments that were given. */
  readonly given: number;
  /** An option whose value is being typed. */
  readonly pending: OptionSpec | null;
}

function walk(argv: readonly string[], nouns: readonly NounSpec[]): CommandPosition {
  let state: CommandPosition = { noun: null, command: null, given: 0, pending: null };
  for (const arg of argv) {
    if (state.pending !== null) state = { ...state, pending: null };
    else if (arg.startsWith('-')) state = { ...state, pending: optionOf(arg, state) };
    else state = next(arg, state, nouns);
  }
  return state;
}

function next(arg: string, state: CommandPosition, nouns: readonly NounSpec[]): CommandPosition {
  if (state.noun === null) {
    const noun = nouns.find((known) => known.noun === arg || known.alias === arg) ?? null;
    const [only] = noun?.commands ?? [];
    return { ...state, noun, command: only?.verb === '' ? only : null };
  }
  if (state.command === null)
    return { ...state, command: state.noun.commands.find((command) => command.verb === arg) ?? null };
  return { ...state, given: state.given + 1 };
}

/** The option that this argument names, if the option still needs its value. */
function optionOf(arg: string, state: CommandPosition): OptionSpec | null {
  const all = [...GLOBAL, ...CHANGE, ...(state.command?.options ?? [])];
  const option = all.find((known) => namesOf(known).includes(arg));
  return option !== undefined && /[<[]/.test(option.flags) ? option : null;
}

function valueOf(option: OptionSpec): Completion {
  const name = namesOf(option).at(-1) ?? '';
  return { candidates: option.values ?? [], kind: OPTION_KINDS[name] ?? null };
}

const namesOf = (option: OptionSpec): string[] => option.flags.split(/[ ,]+/).filter((part) => part.startsWith('-'));

/** Completion scripts; each asks `regent __complete` for the candidates, one per line. */
export const COMPLETION_SCRIPTS: Readonly<Record<'bash' | 'zsh' | 'fish', string>> = {
  bash: `# bash completion of regent; load it with: source <(regent completion bash)
_regent() {
  local IFS=$'\\n' cur=\${COMP_WORDS[COMP_CWORD]}
  local candidates=$(regent __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=($(compgen -W "$candidates" -- "$cur"))
}
complete -o default -F _regent regent
`,
  zsh: `#compdef regent
# zsh completion of regent; load it with: source <(regent completion zsh)
_regent() {
  local -a found
  found=("\${(@f)$(regent __complete -- "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)}")
  compadd -- \${found:#}
}
compdef _regent regent
`,
  fish: `# fish completion of regent; load it with: regent completion fish | source
function __regent_complete
  set -l args (commandline -opc) (commandline -ct)
  regent __complete -- $args[2..] 2>/dev/null
end
complete -c regent -f -a '(__regent_complete)'
`,
};

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
