import { invalid, isRejected, type Rejected, show } from '../../../core/errors.ts';
import type { KnownOption, OptionType } from './dhcp-option-table.ts';
import { KNOWN_OPTIONS, OPTION_TYPES, OWN_CODES, TAKEN_OPTIONS } from './dhcp-option-table.ts';
import { OCTETS_MAX, parseOptionValue } from './dhcp-option-value.ts';

/** An option as Kea gets it: by `name`, with `data` as people write it; without a name the octets in hexadecimal. */
export type OptionData = { readonly code: number; readonly name?: string; readonly data: string };

/** Where an option may be set: a list of at most this many. */
export const OPTIONS_MAX = 32;

/** The grammar as a sentence. */
export const OPTION_RULE =
  'NAME=VALUE, such as ntp-servers=10.0.0.1; CODE:TYPE=VALUE with a code from 224 to 254; or 43.CODE:TYPE=VALUE for a vendor option';

/** An option that was read. `sub`: the code of a vendor option inside of option 43. */
interface Option {
  readonly code: number;
  readonly sub: number | null;
  readonly text: string;
  readonly name: string | null;
  readonly data: string;
  readonly octets: readonly number[];
}

const VENDOR = 43;
/** Kea has no name for it, or no text form of it. */
const WITHOUT_TEXT: ReadonlySet<number> = new Set([VENDOR, 121, 150]);
const NAMES = new Map(Object.entries(KNOWN_OPTIONS).map(([name, option]) => [option.code, name]));

/** Parses the options that a list has, each once: their canonical texts. */
export function parseDhcpOptions(texts: readonly string[], field = 'dhcpOptions'): readonly string[] | Rejected {
  if (texts.length > OPTIONS_MAX)
    return invalid(field, `${texts.length} options are too many`, `at most ${OPTIONS_MAX}`);
  const options = readAll(texts, field);
  return isRejected(options) ? options : options.map((option) => option.text);
}

/** What Kea gets for options that were parsed before; vendor options become one option 43. A text that is none any more is a refusal. */
export function optionData(texts: readonly string[]): readonly OptionData[] | Rejected {
  const options = readAll(texts, 'dhcpOptions');
  if (isRejected(options)) return options;
  const vendor = options.flatMap(({ sub, octets }) => (sub === null ? [] : [sub, octets.length, ...octets]));
  return [
    ...options.filter(({ sub }) => sub === null).map(dataOf),
    ...(vendor.length === 0 ? [] : [{ code: VENDOR, data: hexOf(vendor) }]),
  ];
}

function dataOf({ code, name, data, octets }: Option): OptionData {
  return name === null || WITHOUT_TEXT.has(code) ? { code, data: hexOf(octets) } : { code, name, data };
}

function readAll(texts: readonly string[], field: string): readonly Option[] | Rejected {
  const options: Option[] = [];
  for (const [index, text] of texts.entries()) {
    const at = `${field}/${index}`;
    const option = readOption(text, at);
    if (isRejected(option)) return option;
    const same = options.find(
      (other) => other.code === option.code && (other.sub === option.sub || isWholeAndPart(other, option)),
    );
    if (same) return invalid(at, `${option.text} and ${same.text} are the same option`, 'each option once');
    options.push(option);
  }
  const vendor = options.reduce((sum, { sub, octets }) => sum + (sub === null ? 0 : octets.length + 2), 0);
  if (vendor > OCTETS_MAX)
    return invalid(field, `the vendor options have ${vendor} octets`, `together at most ${OCTETS_MAX}`);
  return options;
}

/** Option 43 as a whole, and one of its parts. */
const isWholeAndPart = (one: Option, other: Option): boolean => (one.sub === null) !== (other.sub === null);

function readOption(text: string, field: string): Option | Rejected {
  const [, key, value] = /^([^=]*)=([\s\S]*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined) return invalid(field, `${show(text)} is not an option`, OPTION_RULE);
  const [, code, sub, type, list] = /^(\d{1,3})(?:\.(\d{1,3}))?(?::([a-z0-9-]+)(\[\])?)?$/.exec(key.trim()) ?? [];
  if (code === undefined) return byName(key.trim(), value, field);
  const form = type === undefined ? null : formOf(type, list !== undefined);
  if (form === undefined)
    return invalid(
      field,
      `the type ${show(type)} is unknown`,
      `${OPTION_TYPES.join(', ')}; with [] behind it for several`,
    );
  if (sub !== undefined) return vendorOption([Number(code), Number(sub)], form, value, field);
  const name = NAMES.get(Number(code));
  if (name !== undefined && form === null) return byName(name, value, field);
  return ownOption(Number(code), form, value, field);
}

function formOf(type: string, isList: boolean): Pick<KnownOption, 'type' | 'isList'> | undefined {
  const known = OPTION_TYPES.find((item) => item === type);
  return known === undefined ? undefined : { type: known, isList: isList && !isWhole(known) };
}

/** Types of which there is one value: commas belong to a text, and octets follow one another. */
const isWhole = (type: OptionType): boolean => type === 'string' || type === 'binary';

function byName(name: string, value: string, field: string): Option | Rejected {
  const known = Object.hasOwn(KNOWN_OPTIONS, name) ? KNOWN_OPTIONS[name] : undefined;
  if (known === undefined)
    return taken(name, field) ?? invalid(field, `${show(name)} is not an option by name`, OPTION_RULE);
  const read = parseOptionValue(value, known, field);
  if (isRejected(read)) return read;
  const data = known.type === 'string' ? read.text.replaceAll(',', String.raw`\,`) : read.text;
  return { code: known.code, sub: null, name, text: `${name}=${read.text}`, data, octets: read.octets };
}

/** The refusal of an option that is Regent's or Kea's own; null for any other. */
function taken(nameOrCode: string | number, field: string): Rejected | null {
  const found = Object.entries(TAKEN_OPTIONS).find(
    ([code, { name }]) => name === nameOrCode || Number(code) === nameOrCode,
  );
  if (found === undefined) return null;
  const [code, { name, instead }] = found;
  return invalid(field, `the option ${name} (${code}) is not for operators`, instead);
}

type OwnForm = Pick<KnownOption, 'type' | 'isList'> | null;

function ownOption(code: number, form: OwnForm, value: string, field: string): Option | Rejected {
  const isOwn = code >= OWN_CODES.first && code <= OWN_CODES.last;
  if (!isOwn) {
    const name = NAMES.get(code);
    const problem =
      name === undefined ? `the option ${code} has no type here` : `the option ${code} is ${name}, and has its type`;
    return taken(code, field) ?? invalid(field, problem, OPTION_RULE);
  }
  if (form === null) return invalid(field, `the option ${code} has no type yet`, OPTION_RULE);
  const read = parseOptionValue(value, form, field);
  if (isRejected(read)) return read;
  const text = `${code}:${formName(form)}=${read.text}`;
  return { code, sub: null, name: null, text, data: '', octets: read.octets };
}

function vendorOption(
  [code, sub]: readonly [number, number],
  form: OwnForm,
  value: string,
  field: string,
): Option | Rejected {
  if (code !== VENDOR || form === null || sub < 1 || sub > 254)
    return invalid(
      field,
      `${code}.${sub} is not a vendor option with a type`,
      '43.CODE:TYPE=VALUE, CODE from 1 to 254',
    );
  const read = parseOptionValue(value, form, field);
  if (isRejected(read)) return read;
  const text = `${code}.${sub}:${formName(form)}=${read.text}`;
  return { code, sub, name: null, text, data: '', octets: read.octets };
}

function formName(form: NonNullable<OwnForm>): string {
  return `${form.type}${form.isList ? '[]' : ''}`;
}

function hexOf(octets: readonly number[]): string {
  return octets.map((octet) => octet.toString(16).padStart(2, '0').toUpperCase()).join('');
}
