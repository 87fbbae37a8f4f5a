import { quoted } from '../command-text.ts';
import { jsonOr } from '../typed.ts';
import { cardLines, cardsOf, cardsText } from './cards.ts';
import { NOUN_TABLE, type REFERENCES } from './noun-table.ts';

/** A noun whose list and forms are made from its schemas. */
export type FormNoun = keyof typeof NOUN_TABLE;

/** A noun whose objects a form lets one choose. */
export type ReferenceNoun = keyof typeof REFERENCES;

/** A member that operators write. `refersTo`: the noun whose objects it names. */
export interface NounField {
  readonly name: string;
  readonly kind: 'text' | 'area' | 'number' | 'flag' | 'choice' | 'list' | 'json' | 'cards' | 'password';
  readonly help?: string;
  readonly values?: readonly string[];
  readonly isRequired?: true;
  readonly isNullable?: true;
  readonly only?: 'create' | 'set';
  readonly refersTo?: ReferenceNoun;
  /** What a flag is that nobody sets. */
  readonly isOn?: boolean;
}

/** An object as the API returns it. */
export type NounObject = Readonly<Record<string, unknown>>;

/** Members of a form of a noun. */
export function fieldsOf(noun: FormNoun, verb: 'create' | 'set'): readonly NounField[] {
  const fields: readonly NounField[] = NOUN_TABLE[noun].fields;
  const first = (field: NounField) => (field.isRequired ? 0 : 1);
  return fields.filter(({ only }) => only === undefined || only === verb).toSorted((a, b) => first(a) - first(b));
}

/** What an object is called in paths and commands. */
export function refOf(noun: FormNoun | ReferenceNoun, row: NounObject): string {
  if (noun === 'vlan') return [row['fabric'], row['name']].map(String).join('/');
  return String(row['cidr'] ?? row['fqdn'] ?? row['name'] ?? row['id']);
}

/** A member as a table and a form show it. */
export function memberText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value.join('\n');
  if (typeof value === 'object') return JSON.stringify(value);
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return String(value as string | number);
}

/** A member as its form shows it; a secret is not shown. */
export function fieldText({ kind, name }: NounField, object: NounObject | null): string {
  if (object === null || kind === 'password') return '';
  return kind === 'cards' ? cardsText(object[name]) : memberText(object[name]);
}

/** What was typed as a member. What cannot be read is sent as it is: the site says beside the field what is wrong with it. */
function memberOf(field: NounField, text: string): unknown {
  switch (field.kind) {
    case 'flag':
      return text === 'on';
    case 'number':
      return text === '' && field.isNullable ? null : /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case 'list':
      return text.split(/\s*\n\s*/).filter((line) => line !== '');
    case 'json':
      return text === '' ? {} : jsonOr(text);
    case 'cards':
      return cardsOf(text);
    case 'area':
    case 'choice':
    case 'password':
    case 'text':
      return text === '' && field.isNullable ? null : text;
  }
}

/** What was typed, as the body of a change: what was left empty, or as it was, is left out. */
export function bodyOf(
  fields: readonly NounField[],
  values: Readonly<Record<string, string>>,
  before: NounObject | null,
): Record<string, unknown> {
  const changed = fields.filter((field) => (values[field.name] ?? '') !== fieldText(field, before));
  return Object.fromEntries(changed.map((field) => [field.name, memberOf(field, values[field.name] ?? '')]));
}

/** The member that a command takes without an option's name; VLANs have none. */
const FIRST: Partial<Record<FormNoun, string | null>> = {
  vlan: null,
  device: 'hostname',
  subnet: 'cidr',
  reservation: 'address',
};
const FLAGS: Readonly<Record<string, string>> = {
  interfaces: 'nic',
  resolvers: 'resolver',
  dhcpOptions: 'dhcp-option',
  timeout: 'time-limit',
};
/** Members that commands take once for each value. */
const REPEATED = ['resolvers', 'dhcpOptions'];

/** The option of a member, without its dashes. */
export function flagOf(name: string): string {
  return FLAGS[name] ?? name.replace(/On$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The CLI command of a change. `ref`: the object; null: a new one. */
export function nounCli(noun: FormNoun, ref: string | null, body: Readonly<Record<string, unknown>>): string {
  const fields = fieldsOf(noun, ref === null ? 'create' : 'set');
  const first = FIRST[noun] === undefined ? 'name' : FIRST[noun];
  const which = ref ?? (first === null ? null : memberText(body[first]) || first.toUpperCase());
  const options = fields.filter(({ name }) => Object.hasOwn(body, name) && !(ref === null && name === first));
  return [
    `regent ${noun} ${ref === null ? 'create' : 'set'}`,
    ...(which === null ? [] : [quoted(which)]),
    ...options.flatMap((field) => optionsOf(field, body[field.name])),
  ].join(' ');
}

function optionsOf(field: NounField, value: unknown): readonly string[] {
  const flag = `--${flagOf(field.name)}`;
  // A secret does not belong on a command line; a long text comes from a file.
  if (field.kind === 'password') return [`${flag} ${value === 'new' ? 'new' : '-'}`];
  if (field.name === 'content' || field.name === 'signingKey') return [`${flag} @FILE`];
  if (field.kind === 'cards') return cardLines(value).map((line) => `${flag} ${quoted(line)}`);
  // A flag has no value: it is present or absent.
  if (field.name === 'force') return value === true ? [flag] : [];
  if (value === null) return [`${flag} ${['leaseTime', 'ttl'].includes(field.name) ? 'default' : 'none'}`];
  if (Array.isArray(value)) {
    if (!REPEATED.includes(field.name)) return [`${flag} ${quoted(value.join(',') || 'none')}`];
    return value.length === 0 ? [`${flag} none`] : value.map((part) => `${flag} ${quoted(String(part))}`);
  }
  return [`${flag} ${quoted(memberText(value))}`];
}

/** The label of a member: `kernelOptions` becomes `Kernel options`. */
export function memberLabel(name: string): string {
  const label = name
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/\b(?:dns|dhcp|mac|mtu|ttl|vid|cidr|url|fqdn|vlan)\b/g, (acronym) => acronym.toUpperCase());
  return label[0]?.toUpperCase() + label.slice(1);
}

/** Members that a list shows. */
export const columnsOf = (noun: FormNoun): readonly string[] => NOUN_TABLE[noun].columns;

/** The name of an object in a path of the API. */
export const paramsOf = (noun: FormNoun, ref: string): Readonly<Record<string, string>> => ({
  [NOUN_TABLE[noun].param]: ref,
});
