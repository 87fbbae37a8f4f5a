import Type, {
  type TBoolean,
  type TInteger,
  type TNull,
  type TSchema,
  type TString,
  type TUnion,
  type TUnsafe,
} from 'typebox';
import type { Rejected } from '../../core/errors.ts';
import { parseTitle } from '../../model/names/names.ts';
import { type ChangeText, type OptionText, onOff, orNone, whole } from './command-texts.ts';
import { nullable, oneOf, text } from './common.ts';
import type { FileRules } from './file-rules.ts';
import { parseMap, type TextMap, textMap } from './text-map.ts';

/** What may be done with a plain noun. */
export const VERBS = ['list', 'show', 'create', 'set', 'delete'] as const;
export type NounVerb = (typeof VERBS)[number];

/** A member that operators write. Its column has its name in snake case. */
export interface Field<A extends TSchema = TSchema, I extends TSchema = TSchema, O extends boolean = boolean> {
  /** As answers show it. */
  readonly answer: A;
  /** As `create` and `set` take it. */
  readonly input: I;
  /** May `create` leave it out? Then the column's default stands. */
  readonly isOptional: O;
  /** Has each object another value? The constraint is `<table>_<column>_unique`. */
  readonly isUnique: boolean;
  readonly option: OptionText;
  /** What an operator reads when the constraint `<table>_<column>_grammar` refuses; left out: there is none. `label`: the noun. */
  grammar?(label: string): string;
  /** Too long for a table: `show` has it, and the command line takes `@FILE` for it. */
  readonly isLong?: boolean;
  /** The noun that it names an object of, a declared one or one of `REFERENTS`: the column is then `<column>_id`, its foreign key `<table>_<column>`. */
  readonly refersTo?: string;
  /** Of a map: members that are secrets, which the command line does not take as an argument. */
  readonly secretMembers?: readonly string[];
  /** It goes in and does not come out: answers show `HIDDEN`, and it is no column. A use case beside the declaration keeps it. */
  readonly isHidden?: true;
  /** The model's law: the canonical value, or why there is none. Left out: the schema and the constraint are all. */
  parse?(value: string, field: string): string | Rejected;
}

/** Number of rows of another table that name an object. */
export type Count = { readonly table: string; readonly column: string; readonly description: string };

/** Nouns that are not declared, and whose objects a field may name (store/declared/labels.ts). */
const REFERENTS = ['machine', 'rack'] as const;
export type Referent = (typeof REFERENTS)[number];

/** Is it one of these? */
export const isReferent = (noun: string): noun is Referent => REFERENTS.some((known) => known === noun);

/** Nouns whose objects may carry others. */
export type Carrier = 'machine';

/** Objects that name one of this noun, and keep it from being deleted. */
export interface Use {
  /** The noun whose names a refusal lists (store/declared/labels.ts). */
  readonly noun: 'vlan' | 'domain' | Carrier;
  /** Their column that names the object, and its foreign key. */
  readonly column: string;
  readonly constraint: string;
  /** The plural in sentences, such as `VLANs`. */
  readonly many: string;
  /** The refusal of `delete`; left out: a function beside the declaration or the foreign key refuses. */
  refusal?(name: string, users: string): string;
}

/** What the command line says. Texts that are left out follow from the noun and `example`. */
export interface CommandTexts {
  readonly summary: string;
  /** A name that such an object may have. */
  readonly example: string;
  readonly show?: { readonly examples: readonly string[] };
  readonly create: ChangeText<unknown>;
  readonly set: ChangeText<unknown>;
  readonly delete: ChangeText<unknown>;
}

/**
 * A plain noun: everything that API, database statements and command line need to know of it. `name` is one of the fields: objects are named
 * by it, or by their id. What a noun does besides is a function beside its declaration (region).
 */
export interface Declaration {
  readonly noun: string;
  /** Also its path in the API; its table with underscores for hyphens. */
  readonly plural: string;
  readonly verbs: readonly NounVerb[];
  readonly fields: Readonly<Record<string, Field>> & { readonly name: Field<TString, TString, false> };
  readonly counts: Readonly<Record<string, Count>>;
  /** Fields by which a list is ordered; `id` is the order of a call that names none. */
  readonly sorts: readonly string[];
  /** Fields by which a list is cut down: `part` finds a part of a text, whatever its case; `exact` finds the value, or the object that is named. */
  readonly filters: Readonly<Record<string, 'part' | 'exact'>>;
  readonly usedBy: readonly Use[];
  /** Objects of that noun carry any number of these: `machine set --tags a,b`. The table is `<carrier>_<plural>`. */
  readonly carriedBy?: Carrier;
  /** The object with the id 1 is there from the beginning and stays: what names none is in it. The constraint is `<table>_keep_default`. */
  readonly hasDefault?: true;
  /** Laws of several fields: the sentence of the constraint `<table>_<name>`, and a field that breaks it. */
  readonly laws?: Readonly<Record<string, { readonly text: string; readonly field: string }>>;
  /** Fields in which the site's search finds an object. */
  readonly searched?: readonly string[];
  /** Nouns whose objects come first in a configuration file, although no field names them. */
  readonly file?: Pick<FileRules, 'after'>;
  /** Its page in the catalog of the web UI: its title, what one is called, and what it is for. */
  readonly page?: { readonly title: string; readonly one?: string; readonly text: string };
  readonly texts: CommandTexts;
}

/** Id of the object that stands in where none is named. */
export const DEFAULT_ID = 1;

/** Keeps the exact types of a declaration, from which its calls have theirs. */
export const declare = <const D extends Declaration>(declaration: D): D => declaration;

/** The field by which operators know an object: 1–64 characters for people (model/names/names.ts). */
export function titleField(): Field<TString, TString, false> {
  return nameField({ max: 64, rule: '1–64 of letters, digits, blank and . _ / : -', parse: parseTitle });
}

/** A name with a grammar of its own. `rule`: the grammar as a sentence. */
export function nameField(law: {
  readonly max: number;
  readonly rule: string;
  readonly parse: (value: string, field: string) => string | Rejected;
}): Field<TString, TString, false> {
  return {
    answer: Type.String(),
    input: text(law.max),
    isOptional: false,
    isUnique: true,
    option: { value: 'name', help: 'new name' },
    grammar: (label) => `The ${label}’s name breaks the rule: ${law.rule}`,
    parse: law.parse,
  };
}

/** A note for people; empty when `create` leaves it out. */
export function commentField(): Field<TString, TString, true> {
  return {
    answer: Type.String(),
    input: Type.String({ maxLength: 200 }),
    isOptional: true,
    isUnique: false,
    option: { value: 'text', help: 'a note for people' },
    grammar: () => 'A comment has at most 200 characters and no control characters.',
  };
}

/** A text with a law of its own, which its use case knows. `rule`: the law as a sentence; `example`: a valid text. */
export function textField(given: {
  readonly max: number;
  readonly value: string;
  readonly help: string;
  readonly example: string;
  readonly rule: string;
  readonly isLong?: boolean;
}): Field<TString, TString, true> {
  const { max, value, help, example, rule, isLong = false } = given;
  return {
    answer: Type.String({ description: help }),
    input: text(max, help),
    isOptional: true,
    isUnique: false,
    option: { value, help, example },
    ...(isLong ? { isLong } : {}),
    grammar: (label) => `The ${label} has a text that is not usable. Rule: ${rule}.`,
  };
}

/** Texts by name, or lists of texts: their law depends on other fields, so a use case knows it. Its column is of JSON. */
export function mapField(given: {
  readonly help: string;
  readonly secretMembers: readonly string[];
  readonly example: Readonly<Record<string, string>>;
}): Field<TextMap, TextMap, true> {
  const { help, example, secretMembers } = given;
  const rule = 'an object of JSON, of texts and lists of texts';
  return {
    answer: textMap(help),
    input: textMap(help),
    isOptional: true,
    isUnique: false,
    option: {
      value: 'json',
      help: `${help}; @FILE reads them from a file, - from standard input`,
      example: JSON.stringify(example),
      read: { rule, value: parseMap },
    },
    isLong: true,
    secretMembers,
    grammar: (label) => `The ${label} has members that are not usable. Rule: ${rule}.`,
  };
}

/** A whole number. `help`: what it is, for people. */
export function numberField(given: {
  readonly minimum: number;
  readonly maximum: number;
  readonly help: string;
}): Field<TInteger, TInteger, true> {
  const { minimum, maximum, help } = given;
  const rule = `a whole number, ${minimum} to ${maximum}`;
  return {
    answer: Type.Integer(),
    input: Type.Integer({ minimum, maximum, description: help }),
    isOptional: true,
    isUnique: false,
    option: whole('number', help, rule),
    grammar: (label) => `A number of the ${label} is out of range. Rule: ${rule}.`,
  };
}

/** What answers show instead of a secret. */
export const HIDDEN = '***';

/** A secret. The command line takes it from standard input, where no other user of the host sees it. */
export function secretField(
  help: string,
  parse: (value: string, field: string) => string | Rejected,
): Field<TString, TString, true> {
  return {
    answer: Type.String({ description: `${HIDDEN}, but in the answer to whoever made it` }),
    input: Type.String({ minLength: 1, maxLength: 128, description: help }),
    isOptional: true,
    isUnique: false,
    option: { value: 'new|-', help: `${help}; "-": it comes on standard input` },
    isHidden: true,
    parse,
  };
}

/** Something that is on or off. */
export function flagField(help: string): Field<TBoolean, TBoolean, true> {
  return {
    answer: Type.Boolean({ description: help }),
    input: Type.Boolean({ description: help }),
    isOptional: true,
    isUnique: false,
    option: onOff(help),
  };
}

/** One of several values. */
export function choiceField<const V extends readonly string[]>(
  values: V,
  help: string,
): Field<TUnsafe<V[number]>, TUnsafe<V[number]>, true> {
  return {
    answer: oneOf(values, help),
    input: oneOf(values, help),
    isOptional: true,
    isUnique: false,
    option: { value: values.join('|'), help, values },
    grammar: (label) => `The ${label} has a value that is not known. Rule: ${values.join(', ')}.`,
  };
}

/** An object of another declared noun, or none: answers show its name, bodies take its id or name. */
export function referenceField(
  noun: string,
  help: string,
): Field<TUnion<[TString, TNull]>, TUnion<[TString, TNull]>, true> {
  return {
    answer: nullable(Type.String({ description: `name of ${oneOfNoun(noun)}` })),
    input: nullable(text(referenceMax(noun), 'id or name; null: none')),
    isOptional: true,
    isUnique: false,
    option: orNone(noun, help),
    refersTo: noun,
  };
}

/** The longest text that names an object: a machine may be named in full. */
export const referenceMax = (noun: string): number => (isReferent(noun) ? 254 : 64);

/** The table of a noun. */
export const tableOf = ({ plural }: Pick<Declaration, 'plural'>): string => plural.replaceAll('-', '_');

/** The name of the part of a path that names an object of a noun: the API's paths take no hyphens there. */
export const paramOf = <const N extends string>(noun: N): Underscored<N> => noun.replaceAll('-', '_') as Underscored<N>;
export type Underscored<N extends string> = N extends `${infer A}-${infer B}` ? `${A}_${Underscored<B>}` : N;

/** The column of a member. */
export function columnOf(member: string, field?: Pick<Field, 'refersTo'>): string {
  const column = member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return field?.refersTo === undefined ? column : `${column}_id`;
}

/** `a space`, `an image`. */
export function oneOfNoun(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

/** The table that says who carries what, and its columns. */
export function linkOf({ noun, plural }: Declaration, carrier: Carrier) {
  return { table: `${carrier}_${plural}`, carrier: `${carrier}_id`, carried: `${noun}_id` };
}
