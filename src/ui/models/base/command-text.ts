/** Splits a text at its commas. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Lines `name=value`; what is none is left out. */
export function pairsOf(text: string): Record<string, string> {
  const pairs = text.split('\n').flatMap((line): (readonly [string, string])[] => {
    const [, name, value] = /^\s*([^=\s]+)\s*=(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value.trim()]];
  });
  return Object.fromEntries(pairs);
}

/** As pairsOf reads it. */
export const pairsText = (pairs: Readonly<Record<string, unknown>>): string =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join('\n');

/** An argument of a command line, quoted for a shell. */
export const quoted = (argument: string): string =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
