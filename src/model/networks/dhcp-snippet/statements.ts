import { invalid, isRejected, type Rejected, show } from '../../../core/errors.ts';
import { isOctets, keaType, octetsOf, optionType, type OptionShape, type Token } from './statement-values.ts';

type Fragment = Record<string, unknown>;
/** What was read until now. `shapes`: options that the text itself defines, by name. */
interface Reading {
  readonly field: string;
  readonly isGlobal: boolean;
  readonly options: object[];
  readonly definitions: object[];
  readonly members: Map<string, unknown>;
  readonly shapes: Map<string, OptionShape>;
}

/** Statements of one value, and Kea's member for it. */
const TEXTS: Readonly<Record<string, string>> = { filename: 'boot-file-name', 'server-name': 'server-hostname' };
const ADDRESSES: Readonly<Record<string, string>> = { 'next-server': 'next-server' };
const TIMES: Readonly<Record<string, string>> = {
  'default-lease-time': 'valid-lifetime',
  'min-lease-time': 'min-valid-lifetime',
  'max-lease-time': 'max-valid-lifetime',
};
const KNOWN = ['option', ...Object.keys({ ...TEXTS, ...ADDRESSES, ...TIMES })].join(', ');
const RULE = `statements are ${KNOWN}; what differs by client is a client class, in an object of Kea's configuration`;

/** Options that Kea has by another name. */
const KEA_NAMES: Readonly<Record<string, string>> = {
  'ien116-name-servers': 'name-servers',
  'bootfile-name': 'boot-file-name',
  'nisplus-domain': 'nisplus-domain-name',
  'nwip-domain': 'nwip-domain-name',
};

/** Statements of dhcpd.conf as a fragment of Kea's configuration, not checked yet. `isGlobal`: for all clients. */
export function readStatements(text: string, isGlobal: boolean, field: string): Fragment | Rejected {
  const statements = statementsOf(text, field);
  if (isRejected(statements)) return statements;
  const reading: Reading = { field, isGlobal, options: [], definitions: [], members: new Map(), shapes: new Map() };
  for (const statement of statements) {
    const refusal = readStatement(statement, reading);
    if (refusal) return refusal;
  }
  const { options, definitions, members } = reading;
  return {
    ...Object.fromEntries(members),
    ...(definitions.length === 0 ? {} : { 'option-def': definitions }),
    ...(options.length === 0 ? {} : { 'option-data': options }),
  };
}

const TOKEN = /\s+|#[^\n]*|"(?<quoted>(?:[^"\\]|\\.)*)"|(?<sign>[;,={}])|(?<word>[^\s;,={}"#]+)/y;

function statementsOf(text: string, field: string): Token[][] | Rejected {
  const statements: Token[][] = [];
  let tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (!found) return invalid(field, `${show(text.slice(at, at + 20))} is not a statement`, 'a text ends with "');
    const { quoted, sign, word: bare } = found.groups ?? {};
    if (sign === ';') {
      if (tokens.length > 0) statements.push(tokens);
      tokens = [];
    } else if (sign === '{' && tokens[0]?.text.toLowerCase() !== 'option') {
      return invalid(field, `a snippet has no blocks, such as ${show(`${joinTokens(tokens)} {`)}`, RULE);
    } else if (quoted !== undefined) tokens.push({ text: quoted.replaceAll(/\\(.)/g, '$1'), isQuoted: true });
    else if (sign !== undefined || bare !== undefined) tokens.push({ text: sign ?? bare ?? '', isQuoted: false });
  }
  return tokens.length === 0
    ? statements
    : invalid(field, `${show(joinTokens(tokens))} does not end`, 'a statement ends with a semicolon');
}

const joinTokens = (tokens: readonly Token[]) => tokens.map(({ text }) => text).join(' ');

function readStatement(tokens: readonly Token[], reading: Reading): Rejected | null {
  const [first, ...rest] = tokens;
  const name = first?.text.toLowerCase() ?? '';
  if (name === 'option') return readOption(rest, reading);
  const value = rest.length === 1 ? rest[0] : undefined;
  const set = (table: Readonly<Record<string, string>>, isRight: boolean, rule: string, to: unknown) => {
    if (!isRight) return invalid(reading.field, `${show(joinTokens(tokens))} is not usable`, `${name} ${rule};`);
    reading.members.set(table[name] ?? name, to);
    return null;
  };
  if (Object.hasOwn(TEXTS, name)) return set(TEXTS, value?.isQuoted === true, '"TEXT"', value?.text);
  if (Object.hasOwn(ADDRESSES, name)) return set(ADDRESSES, value !== undefined, 'ADDRESS', value?.text);
  if (Object.hasOwn(TIMES, name)) return set(TIMES, /^\d+$/.test(value?.text ?? ''), 'SECONDS', Number(value?.text));
  return invalid(reading.field, `${show(name)} is not known here`, RULE);
}

function readOption(tokens: readonly Token[], reading: Reading): Rejected | null {
  const [first, second] = tokens;
  const name = first?.text.toLowerCase() ?? '';
  if (second?.text === 'code' && tokens[3]?.text === '=') return defineOption(name, tokens, reading);
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name) || name === 'space' || second?.text === '=')
    return invalid(
      reading.field,
      `${show(`option ${joinTokens(tokens)}`)} is not usable`,
      'option NAME VALUE, …; of DHCP for IPv4, without expressions and without option spaces',
    );
  const values = tokens.slice(1).filter(({ text, isQuoted }) => isQuoted || text !== ',');
  if (values.length === 0) return invalid(reading.field, `the option ${name} has no value`, 'option NAME VALUE, …;');
  const option = optionOf(name, values, reading);
  if (isRejected(option)) return option;
  reading.options.push(option);
  return null;
}

function optionOf(name: string, values: readonly Token[], { field, shapes }: Reading): object | Rejected {
  const shape = shapes.get(name);
  if (shape) {
    const data = octetsOf(shape, values);
    return data === null
      ? invalid(field, `the values of the option ${name} are not usable`, `values of the type ${shape.text}`)
      : { code: shape.code, 'csv-format': false, data };
  }
  const [only] = values;
  const octets = values.length === 1 && only && isOctets(only) ? octetsOf(null, values) : null;
  const number = /^(?:option|unknown)-(\d+)$/.exec(name)?.[1];
  if (number !== undefined) {
    const data = octets ?? (values.length === 1 && only?.isQuoted ? octetsOf(null, values) : null);
    return data === null
      ? invalid(field, `it is not known what the values of the option ${number} are`, 'a text, or octets such as 0a:0b')
      : { code: Number(number), 'csv-format': false, data };
  }
  const known = { name: KEA_NAMES[name] ?? name };
  return octets === null
    ? { ...known, data: values.map(plainValue).join(', ') }
    : { ...known, 'csv-format': false, data: octets };
}

/** A value as Kea reads it: commas separate values. */
function plainValue({ text, isQuoted }: Token): string {
  if (isQuoted) return text.replaceAll(',', String.raw`\,`);
  const flag = text.toLowerCase();
  return flag === 'on' ? 'true' : flag === 'off' ? 'false' : text;
}

/** `option NAME code NUMBER = TYPE`. Kea gets the definition if other snippets can use it: its own options keep their types. */
function defineOption(name: string, tokens: readonly Token[], reading: Reading): Rejected | null {
  const code = Number(tokens[2]?.text);
  const text = joinTokens(tokens.slice(4));
  const types = optionType(text);
  const isRight = /^[a-z0-9][a-z0-9-]{0,63}$/.test(name) && Number.isInteger(code) && code >= 1 && code <= 254;
  if (types === null || !isRight)
    return invalid(
      reading.field,
      `${show(`option ${joinTokens(tokens)}`)} is not usable`,
      'option NAME code 1–254 = TYPE; TYPE is boolean, text, string, ip-address, (un)signed integer 8, 16 or 32, an array or a record of these',
    );
  reading.shapes.set(name, { ...types, code, text });
  if (reading.isGlobal && code >= 224) reading.definitions.push({ name, code, ...keaType(types) });
  return null;
}
