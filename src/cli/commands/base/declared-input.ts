import { columnOf, type Declaration, type Field } from '../../../contract/base/declare.ts';
import { isStatements } from '../../../model/networks/dhcp-snippet/notation.ts';
import { MASKED_SECRET } from '../../../model/machines/power.ts';
import type { Call } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { option } from '../../values.ts';

/** Secrets: `new`, or the text on standard input for `-`. */
export async function readSecrets(call: Call, fields: Declaration['fields']): Promise<Record<string, unknown>> {
  const secrets: Record<string, unknown> = {};
  for (const [member, { isHidden }] of Object.entries<Field>(fields)) {
    const secret = isHidden ? option(call, member) : undefined;
    if (secret === undefined) continue;
    const rule = '"new", or "-" and the secret on standard input';
    if (secret !== 'new' && secret !== '-')
      throw usageError(`--${flagOf(member)}: a secret does not belong on a command line. Rule: ${rule}.`);
    secrets[member] = secret === 'new' ? secret : (await call.io.readInput()).trim();
  }
  return secrets;
}

/** The members from options, without secrets. */
export async function readMembers(
  call: Call,
  fields: Declaration['fields'],
  members: readonly string[],
): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const member of members) {
    const text = option(call, member);
    if (text === undefined || fieldOf(fields, member).isHidden) continue;
    const isLong = fieldOf(fields, member).isLong === true;
    const long = isLong ? await longText(call, member, text) : text;
    const value = valueOf(fields, member, long);
    if (long === text) refuseSecrets(fieldOf(fields, member), flagOf(member), value);
    values[member] = value;
  }
  return values;
}

/** Other users of the host see a command's arguments, so a secret among them is refused. A masked secret is none. */
function refuseSecrets({ secretMembers = [] }: Field, flag: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const shown = Object.entries(value).find(([name, text]) => secretMembers.includes(name) && !isMasked(text));
  if (shown === undefined) return;
  const rule = '@FILE, or "-" and the parameters on standard input';
  throw usageError(`--${flag}: ${shown[0]} is a secret and does not belong on a command line. Rule: ${rule}.`);
}

function isMasked(text: unknown): boolean {
  return text === MASKED_SECRET || text === '';
}

/** A text that is too long for a command line: from a file, or from standard input. */
async function longText(call: Call, member: string, text: string): Promise<string> {
  if (text === '-') return sentText(await call.io.readInput());
  return text.startsWith('@') ? await textOfFile(call, member, text.slice(1)) : text;
}

async function textOfFile(call: Call, member: string, path: string): Promise<string> {
  const text = await call.io.readFile(path);
  if (text === null) throw usageError(`--${flagOf(member)}: there is no file "${path}".`);
  return sentText(text);
}

/** Texts of the API hold no control characters. In a fragment a blank can replace a new line; in statements a remark ends with its line. */
function sentText(text: string): string {
  return isStatements(text) ? text.replaceAll('\r\n', '\n') : text.trim().replaceAll(/\s*[\r\n\t]\s*/g, ' ');
}

function valueOf(fields: Declaration['fields'], member: string, text: string): unknown {
  const { read } = fieldOf(fields, member).option;
  if (read === undefined) return text;
  const value = read.value(text);
  const shown = fieldOf(fields, member).isLong === true ? 'it' : `"${text}"`;
  if (value === undefined) throw usageError(`--${flagOf(member)}: ${shown} is not usable. Rule: ${read.rule}.`);
  return value;
}

/** A field that the declaration has. */
export function fieldOf(fields: Declaration['fields'], member: string): Field {
  const field = fields[member];
  if (field === undefined) throw new Error(`there is no field ${member}`);
  return field;
}

/** The option of a member, without its dashes. */
export function flagOf(member: string): string {
  return columnOf(member).replaceAll('_', '-');
}
