/** An option of the command line: a member of a body or of a query. */
export interface OptionText {
  /** The placeholder of its value; empty: it is a switch, and its member is true. */
  readonly value: string;
  readonly help: string;
  /** The values that it may have. */
  readonly values?: readonly string[];
  /** A value that it may have, if no rule of the schema names one. */
  readonly example?: string;
  /** The member's value that a text stands for, and the rule; left out: the text itself. `undefined`: it is not usable. */
  readonly read?: { readonly rule: string; readonly value: (text: string) => unknown };
  /** Its name without the dashes, if it is not the member's. */
  readonly flag?: string;
  /** May be repeated: its member is the list of all texts; "none" by itself is the empty list. */
  readonly isRepeated?: true;
  /** `create` requires it: what is missing, as a text. */
  readonly missing?: string;
  /** Too long for a table: `show` has it, and the command line takes `@FILE` for it. */
  readonly isLong?: boolean;
  /** Of a map: members that are secrets, which the command line does not take as an argument. */
  readonly secretMembers?: readonly string[];
  /** A secret: the command line reads it from standard input. */
  readonly isHidden?: true;
}

/** Options by the members that they stand for. */
export type OptionTexts = Readonly<Record<string, OptionText>>;

/** A positional argument. `name`: its placeholder, if it is not the member's name. */
export type ArgumentText = { readonly help: string; readonly name?: string; readonly values?: readonly string[] };

/** A command of a noun. Texts that are left out follow from the noun and its example. */
export interface CommandText {
  readonly summary?: string;
  readonly options?: OptionTexts;
  readonly examples?: readonly string[];
}

/** A change. `next`: what to do after a refusal, by its code. `done`: the result as a sentence, with the verb in the past tense. */
export interface ChangeText<Row> extends CommandText {
  next?(this: void, name: string): Readonly<Record<string, readonly string[]>>;
  done?(this: void, row: Row, verb: string): string;
}

/** What a cell may show: `on` or `off` for a boolean, a list with commas, nothing for null. */
export type Cell = string | number | boolean | null | undefined | readonly string[];

/** A method, so that the texts of a noun are also texts of any object. */
type CellText<Row> = { of(this: void, row: Row): Cell };

/** What the command line says of a noun, and what it shows of an object. Columns are members, or names of `cells`. */
export interface NounTexts<Row> {
  readonly summary: string;
  /** What one is called in sentences; the noun when left out. */
  readonly kind?: string;
  /** What names an object: `domain name or id`. */
  readonly which: string;
  /** A name that such an object may have. */
  readonly example: string;
  /** The object's name in other commands; its member `name` when left out. */
  title?(this: void, row: Row): string;
  readonly columns: readonly string[];
  /** Further columns of `-o wide` and `-o csv`. */
  readonly wide?: readonly string[];
  /** Headers of columns that do not follow from the member's name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cells?: Readonly<Record<string, CellText<Row>['of']>>;
  /** Label and value pairs of `show`; the columns when left out. */
  details?(this: void, row: Row): readonly (readonly [label: string, value: string | readonly string[]])[];
  readonly list?: CommandText;
  readonly show?: CommandText;
  /** `args`: by default only the name. */
  readonly create: ChangeText<Row> & { readonly args?: Readonly<Record<string, ArgumentText>> };
  readonly set: ChangeText<Row>;
  readonly delete?: ChangeText<Row>;
}

/** A text, as it is. */
export function textOption(value: string, help: string, values?: readonly string[]): OptionText {
  return { value, help, ...(values === undefined ? {} : { values }) };
}

/** Whether something is on or off. `flag`: its name, if it is not the member's. */
export function onOff(help: string, flag?: string): OptionText {
  const values = ['on', 'off'];
  const read = { rule: 'on or off', value: (text: string) => (values.includes(text) ? text === 'on' : undefined) };
  return { value: 'on|off', help, values, read, ...(flag === undefined ? {} : { flag }) };
}

/** A text; "none" removes the value. */
export function orNone(value: string, help: string): OptionText {
  return {
    value: `${value}|none`,
    help,
    read: { rule: 'a name, an id, or none', value: (text) => (text === 'none' ? null : text) },
  };
}

/** A whole number. `none`: the text that removes the value. */
export function whole(value: string, help: string, rule: string, none?: string): OptionText {
  const isNumber = (text: string) => /^-?\d{1,15}$/.test(text);
  return {
    value,
    help,
    read: { rule, value: (text) => (text === none ? null : isNumber(text) ? Number(text) : undefined) },
  };
}

/** A list with commas; "none" is the empty one. */
export function commaList(value: string, help: string): OptionText {
  return {
    value,
    help,
    read: {
      rule: 'a list with commas',
      value: (text) => (text === 'none' ? [] : text.split(',').map((one) => one.trim())),
    },
  };
}

/** A list of texts that are given one by one. */
export function repeated(value: string, help: string, flag: string): OptionText {
  return { value, help, flag, isRepeated: true };
}

/** A switch: its member is true when it is given. */
export const switchOf = (help: string): OptionText => ({ value: '', help });
