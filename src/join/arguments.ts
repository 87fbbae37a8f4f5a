import { type Rejected, rejected, show } from '../core/errors.ts';

/** The arguments that a command takes. `words`: at most so many without dashes. */
export interface ArgumentRules {
  readonly command: string;
  readonly values: readonly string[];
  readonly flags: readonly string[];
  readonly words: number;
}

/** Arguments by name. */
export interface Arguments {
  readonly values: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
  readonly words: readonly string[];
}

/** Reads `--name value`, `--name=value` and flags; `help` if somebody asks for help. A refusal never shows an argument, which may be a token. */
export function parseArguments(argv: readonly string[], rules: ArgumentRules): Arguments | 'help' | Rejected {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  const words: string[] = [];
  const queue = [...argv];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const [name, inline] = word.startsWith('--') ? splitOnce(word) : [word];
    if (name === '-h' || name === '--help') return 'help';
    if (!name.startsWith('-') || name === '-') {
      if (words.length >= rules.words) return usage(rules, 'there are too many arguments');
      words.push(word);
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
  return { values, flags, words };
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

function splitOnce(word: string): [string, string?] {
  const equals = word.indexOf('=');
  return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)];
}
