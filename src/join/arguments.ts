import { type Rejected, rejected, show } from '../core/errors.ts';

/** The arguments that a command takes. `maxOperands`: how many without dashes at most. */
export interface ArgumentRules {
  readonly command: string;
  readonly values: readonly string[];
  readonly flags: readonly string[];
  readonly maxOperands: number;
}

/** Arguments by name. */
export interface Arguments {
  readonly values: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
  readonly operands: readonly string[];
}

/** Reads `--name value`, `--name=value` and flags; `help` if somebody asks for help. A refusal never shows an argument, which may be a token. */
export function parseArguments(argv: readonly string[], rules: ArgumentRules): Arguments | 'help' | Rejected {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  const operands: string[] = [];
  const queue = [...argv];
  for (let argument = queue.shift(); argument !== undefined; argument = queue.shift()) {
    const [name, inline] = argument.startsWith('--') ? splitOnce(argument) : [argument];
    if (name === '-h' || name === '--help') return 'help';
    if (!name.startsWith('-') || name === '-') {
      if (operands.length >= rules.maxOperands) return usage(rules, 'there are too many arguments');
      operands.push(argument);
      continue;
    }
    const takesValue = rules.values.includes(name);
    if (!takesValue && !rules.flags.includes(name)) return usage(rules, `${show(name)} is not known`);
    if (!takesValue && inline !== undefined) return usage(rules, `${name} takes no value`);
    const value = takesValue ? (inline ?? queue.shift()) : '';
    if (value === undefined || (takesValue && value === '')) return usage(rules, `${name} needs a value`);
    if (takesValue) values.set(name, value);
    else flags.add(name);
  }
  return { values, flags, operands };
}

/** The refusal of a command line. */
export function usage(rules: Pick<ArgumentRules, 'command'>, why: string): Rejected {
  return rejected('bad_request', `regent ${rules.command}: ${why}. See: regent ${rules.command} --help`);
}

/** A time limit in whole seconds, as ms. */
export function parseTimeout(
  rules: ArgumentRules,
  text: string | undefined,
  fallbackSeconds: number,
): number | Rejected {
  const seconds = Number(text ?? fallbackSeconds);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400) return seconds * 1000;
  return usage(rules, '--timeout is a whole number of seconds from 1 to 86400');
}

function splitOnce(argument: string): [string, string?] {
  const equals = argument.indexOf('=');
  return equals < 0 ? [argument] : [argument.slice(0, equals), argument.slice(equals + 1)];
}
