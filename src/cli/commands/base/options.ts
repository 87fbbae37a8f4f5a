import type { OptionText, OptionTexts } from '../../../contract/base/command-texts.ts';
import { columnOf } from '../../../contract/base/declare.ts';
import { MASKED_SECRET } from '../../../model/machines/power.ts';
import { isStatements } from '../../../model/networks/dhcp-snippet/notation.ts';
import type { Call, OptionSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { option, options as textsOf } from '../../values.ts';

/** The members of a body or query, from the options that were given. */
export async function readOptions(call: Call, options: OptionTexts): Promise<Record<string, unknown>> {
  const members: Record<string, unknown> = {};
  for (const [member, text] of Object.entries(options)) {
    const value = await readOption(call, member, text);
    if (value !== undefined) members[member] = value;
  }
  return members;
}

async function readOption(call: Call, member: string, spec: OptionText): Promise<unknown> {
  const flag = flagOf(member, spec);
  const name = flag.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  if (spec.value === '') return call.options[name] === true ? true : undefined;
  if (spec.isRepeated) return listOf(textsOf(call, name), flag);
  const text = option(call, name);
  if (text === undefined) return undefined;
  if (spec.isHidden) return await readSecret(call, flag, text);
  const long = spec.isLong ? await longText(call, flag, text) : text;
  const value = valueOf(spec, flag, long);
  if (long === text) refuseSecrets(spec, flag, value);
  return value;
}

function listOf(texts: readonly string[], flag: string): string[] | undefined {
  if (texts.includes('none') && texts.length > 1)
    throw usageError(`--${flag}: "none" and another value exclude each other.`);
  return texts.length === 0 ? undefined : texts.filter((text) => text !== 'none');
}

/** A secret: `new`, or the text on standard input for `-`. */
async function readSecret(call: Call, flag: string, text: string): Promise<string> {
  const rule = '"new", or "-" and the secret on standard input';
  if (text !== 'new' && text !== '-')
    throw usageError(`--${flag}: a secret does not belong on a command line. Rule: ${rule}.`);
  return text === 'new' ? text : (await call.io.readInput()).trim();
}

/** Other users of the host see a command's arguments, so a secret among them is refused. A masked secret is none. */
function refuseSecrets({ secretMembers = [] }: OptionText, flag: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const shown = Object.entries(value).find(([name, text]) => secretMembers.includes(name) && !isMasked(text));
  if (shown === undefined) return;
  const rule = '@FILE, or "-" and the parameters on standard input';
  throw usageError(`--${flag}: ${shown[0]} is a secret and does not belong on a command line. Rule: ${rule}.`);
}

const isMasked = (text: unknown): boolean => text === MASKED_SECRET || text === '';

/** A text that is too long for a command line: from a file, or from standard input. */
async function longText(call: Call, flag: string, text: string): Promise<string> {
  return text === '-' || text.startsWith('@') ? sentText(await fileOr(call, `--${flag}`, text)) : text;
}

/** `@FILE`, `-` for standard input, or the text itself. */
export async function fileOr(call: Call, name: string, given: string): Promise<string> {
  if (given === '-') return await call.io.readInput();
  if (!given.startsWith('@')) return given;
  const content = await call.io.readFile(given.slice(1));
  if (content === null) throw usageError(`${name}: there is no file "${given.slice(1)}".`);
  return content;
}

/** Texts of the API hold no control characters. In a fragment a blank can replace a new line; in statements a remark ends with its line. */
function sentText(text: string): string {
  return isStatements(text) ? text.replaceAll('\r\n', '\n') : text.trim().replaceAll(/\s*[\r\n\t]\s*/g, ' ');
}

function valueOf({ read, isLong }: OptionText, flag: string, text: string): unknown {
  if (read === undefined) return text;
  const value = read.value(text);
  if (value === undefined)
    throw usageError(`--${flag}: ${isLong ? 'it' : `"${text}"`} is not usable. Rule: ${read.rule}.`);
  return value;
}

/** Options as commands list them. */
export function optionSpecs(options: OptionTexts): OptionSpec[] {
  return Object.entries(options).map(([member, text]) => ({
    flags: `--${flagOf(member, text)}${text.value === '' ? '' : ` <${text.value}>`}`,
    help: text.help,
    ...(text.values === undefined ? {} : { values: text.values }),
    ...(text.isRepeated ? { repeat: true } : {}),
  }));
}

/** The option of a member, without its dashes. */
export function flagOf(member: string, text?: Pick<OptionText, 'flag'>): string {
  return text?.flag ?? columnOf(member).replaceAll('_', '-');
}
