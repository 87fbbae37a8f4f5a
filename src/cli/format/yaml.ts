import { printable, safeJson } from './escape.ts';

/** Plain scalars that a reader of YAML 1.1 or 1.2 does not take as a string. */
const RESERVED = /^(?:true|false|yes|no|on|off|null|y|n|~)$/i;
/** Texts that need no quotes in any reader: no indicator, and unlike a number, date or sexagesimal. */
const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*$/;

/** `hasBlocks`: texts of several lines stand as such. */
type YamlStyle = { readonly hasBlocks: boolean };

/**
 * YAML 1.2 of a JSON value, in block style. A text that a reader might misread, or with a character that is unsafe on a terminal, becomes a JSON
 * string, which is YAML, too. A parser's library would double the start time of every command, and only this half is needed.
 */
export function yamlText(value: unknown, style: YamlStyle = { hasBlocks: false }): string {
  return `${lines(value, style).join('\n')}\n`;
}

function lines(value: unknown, style: YamlStyle): string[] {
  if (Array.isArray(value))
    return value.length === 0 ? ['[]'] : value.flatMap((item) => nested('- ', lines(item, style)));
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return members.length === 0 ? ['{}'] : members.flatMap(([key, member]) => memberLines(key, member, style));
  }
  return style.hasBlocks && isBlock(value) ? blockLines(value) : [scalar(value)];
}

function memberLines(key: string, member: unknown, style: YamlStyle): string[] {
  const name = `${scalar(key)}:`;
  const inner = lines(member, style);
  const isNested = typeof member === 'object' && member !== null && Object.keys(member).length > 0;
  if (isNested) return [name, ...inner.map((line) => `  ${line}`)];
  return [`${name} ${inner[0] ?? ''}`, ...inner.slice(1)];
}

function nested(mark: string, inner: readonly string[]): string[] {
  return inner.map((line, index) => (index === 0 ? mark : line === '' ? '' : '  ') + line);
}

/** Lines that a block keeps as they are: none begins with a blank at the start or ends with one, none has an unsafe character. */
function isBlock(value: unknown): value is string {
  if (typeof value !== 'string' || !value.includes('\n') || !value.endsWith('\n')) return false;
  const all = value.split('\n').slice(0, -1);
  if (all[0]?.startsWith(' ') === true || all[0] === '' || all.at(-1) === '') return false;
  return all.every(
    (line) =>
      !line.endsWith(' ') &&
      !/^\s+$/.test(line) &&
      printable(line.replaceAll('\t', ' ')) === line.replaceAll('\t', ' '),
  );
}

/** A literal block, which ends with one line end. */
function blockLines(text: string): string[] {
  return [
    '|',
    ...text
      .split('\n')
      .slice(0, -1)
      .map((line) => (line === '' ? '' : `  ${line}`)),
  ];
}

function scalar(value: unknown): string {
  if (typeof value === 'string' && PLAIN.test(value) && !RESERVED.test(value)) return value;
  return safeJson(value ?? null, 0);
}
