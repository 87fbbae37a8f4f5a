import { safeJson } from './escape.ts';

/** Plain scalars that a reader of YAML 1.1 or 1.2 does not take as a string. */
const RESERVED = /^(?:true|false|yes|no|on|off|null|y|n|~)$/i;
/** Texts that need no quotes in any reader: no indicator, and unlike a number, date or sexagesimal. */
const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./@+-]*(?: [A-Za-z0-9_./@+-]+)*$/;

/**
 * YAML 1.2 of a JSON value, in block style. A text that a reader might misread, or with a character that is unsafe on a terminal, becomes a JSON
 * string, which is YAML, too. A parser's library would double the start time of every command, and only this half is needed.
 */
export function yamlText(value: unknown): string {
  return `${lines(value).join('\n')}\n`;
}

function lines(value: unknown): string[] {
  if (Array.isArray(value)) return value.length === 0 ? ['[]'] : value.flatMap((item) => nested('- ', lines(item)));
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return members.length === 0 ? ['{}'] : members.flatMap(([key, member]) => memberLines(key, member));
  }
  return [scalar(value)];
}

function memberLines(key: string, member: unknown): string[] {
  const name = `${scalar(key)}:`;
  const inner = lines(member);
  const isBlock = typeof member === 'object' && member !== null && Object.keys(member).length > 0;
  return isBlock ? [name, ...inner.map((line) => `  ${line}`)] : [`${name} ${inner[0] ?? ''}`];
}

function nested(mark: string, inner: readonly string[]): string[] {
  return inner.map((line, index) => (index === 0 ? mark : '  ') + line);
}

function scalar(value: unknown): string {
  if (typeof value === 'string' && PLAIN.test(value) && !RESERVED.test(value)) return value;
  return safeJson(value ?? null, 0);
}
