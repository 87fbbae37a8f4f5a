import { isRejected, type Rejected, rejected, show } from './errors.ts';

const KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Reads the KEY=VALUE files that a person edits (`regent.conf`, `rack.conf`): blank lines, `#` comments, single and double
 * quotes, blanks around `=`, `export`, CRLF and a byte-order mark are accepted; the last of equal keys wins. Nothing is expanded. A bad line is
 * refused with the file's name and the line's number.
 */
export function parseConfFile(name: string, text: string): ReadonlyMap<string, string> | Rejected {
  const entries = parseConfEntries(name, text);
  return isRejected(entries) ? entries : new Map([...entries].map(([key, { value }]) => [key, value]));
}

/** A value and the number of its line, for errors about the value. */
export type ConfEntry = { readonly value: string; readonly line: number };

/** As `parseConfFile`, with the lines' numbers. */
export function parseConfEntries(name: string, text: string): ReadonlyMap<string, ConfEntry> | Rejected {
  const values = new Map<string, ConfEntry>();
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim().replace(/^export\s+/, '');
    if (line === '' || line.startsWith('#')) continue;
    const bad = (why: string) =>
      rejected('invalid_value', `${name}, line ${index + 1}: ${why}, in ${show(keyOnly(line))}.`);
    const equals = line.indexOf('=');
    if (equals < 0) return bad('there is no "="');
    const key = line.slice(0, equals).trim();
    if (!KEY.test(key)) return bad('the key must be letters, digits and "_"');
    const value = parseValue(line.slice(equals + 1).trim());
    if (typeof value !== 'string') return bad(value.why);
    values.set(key, { value, line: index + 1 });
  }
  return values;
}

/** A value may be a password: errors show only the key. */
const keyOnly = (line: string): string => line.split('=')[0]?.trim() ?? '';

function parseValue(text: string): string | { why: string } {
  const quote = text[0];
  if (quote === '"' || quote === "'") {
    const end = text.indexOf(quote, 1);
    if (end < 0) return { why: `the quote ${quote} is not closed` };
    const rest = text.slice(end + 1).trim();
    if (rest !== '' && !rest.startsWith('#')) return { why: 'there is text after the closing quote' };
    return text.slice(1, end);
  }
  const value = text.replace(/\s+#.*$/, '');
  for (const char of value) {
    if (char.charCodeAt(0) < 0x20 || char.charCodeAt(0) === 0x7f) return { why: 'the value holds a control character' };
  }
  if (/\s/.test(value)) return { why: 'a value with blanks needs quotes' };
  return value;
}
