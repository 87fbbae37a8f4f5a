import { quoted } from './command-text.ts';

/** What was typed, by field. */
export type Values = Readonly<Record<string, string>>;

/** What was typed and is other than before. */
export const otherThan = (values: Values, before: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== (before[name] ?? '')));

/** Texts on lines of their own. */
export const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** JSON that was typed. What is none is sent as it is: the site says what is wrong with it. */
export function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * A member, its option of the command line, and the argument that stands for an empty value; with '' an empty member
 * has no option.
 */
export type PlainOption = readonly [name: string, option: string, none: string];

/** Members with single values as options of the command line. */
export const plainOptions = (values: Values, options: readonly PlainOption[]): readonly string[] =>
  options.flatMap(([name, option, none]) => {
    const value = values[name];
    if (value === undefined || (value === '' && none === '')) return [];
    return [`${option} ${value === '' ? none : quoted(value)}`];
  });
