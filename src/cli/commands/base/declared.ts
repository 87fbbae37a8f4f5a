import type { OptionText, OptionTexts } from '../../../contract/base/command-texts.ts';
import { type Declaration, type Field, HIDDEN, isReferent, oneOfNoun } from '../../../contract/base/declare.ts';
import type { DeclaredObject, DeclaredRouteId } from '../../../contract/noun-routes.ts';
import { type Declared, type DeclaredNoun, NOUNS } from '../../../contract/registry.ts';
import type { Client } from '../../../contract/client.ts';
import type { NameKind, NounSpec } from '../../command-spec.ts';
import type { Shape } from '../../format/output.ts';
import { flagOf } from './options.ts';
import { headerOf, textOf, usualCommands, type UsualNoun, valueOf } from './usual.ts';

type DeclaredNounRow = DeclaredObject<DeclaredNoun>;

/** `regent NOUN` of every declared noun. */
export const DECLARED: readonly NounSpec[] = NOUNS.map(commandsOf);

/** Which names complete the value of an option with a declared noun's name, such as `--space`; for `--spaces` those of the first value. */
export const DECLARED_OPTIONS: Readonly<Record<string, NameKind>> = Object.fromEntries(NOUNS.flatMap(kindsOfOptions));

/** With those of fields that name objects of a declared noun, such as `--main-space`. */
function kindsOfOptions({ noun, plural, fields }: Declared): [string, NameKind][] {
  const referring = Object.entries<Field>(fields).flatMap(([member, { refersTo }]): [string, NameKind][] => {
    if (refersTo !== undefined && isReferent(refersTo)) return [[`--${flagOf(member)}`, refersTo]];
    const other = NOUNS.find((known) => known.noun === refersTo);
    return other === undefined ? [] : [[`--${flagOf(member)}`, other.noun]];
  });
  return [[`--${noun}`, noun], [`--${plural}`, noun], ...referring];
}

/** Is it a declared noun? */
export const isDeclared = (kind: NameKind): kind is DeclaredNoun => NOUNS.some(({ noun }) => noun === kind);

/** Names of objects of a declared noun, at most `limit`. */
export async function declaredNames(client: Client, noun: DeclaredNoun, limit: number): Promise<string[]> {
  const list = `${noun}.list` as DeclaredRouteId & `${string}.list`;
  const { body } = await client.call(list, { query: { limit } });
  return body.items.map((item) => item.name);
}

function commandsOf(declaration: Declared): NounSpec {
  const { noun, plural, fields, verbs } = declaration;
  const { example, show, ...texts }: Declaration['texts'] = declaration.texts;
  const others = Object.keys(fields).filter((member) => member !== 'name');
  const given: UsualNoun<DeclaredNounRow> = {
    noun,
    one: oneOfNoun(noun),
    many: plural,
    verbs,
    commands: {
      summary: texts.summary,
      which: 'name or id',
      example,
      columns: [],
      list: { options: filtersOf(declaration) },
      ...(show === undefined ? {} : { show }),
      create: { ...texts.create, options: optionsOf(fields, others) },
      set: { ...texts.set, options: optionsOf(fields, Object.keys(fields)) },
      delete: texts.delete,
    },
  };
  const describe = (verb: string) => ({ describe: (row: DeclaredNounRow) => describeSecrets(declaration, verb, row) });
  return usualCommands(given, {
    shape: shapeOf(declaration),
    ...(hasHidden(declaration) ? { create: describe('created'), set: describe('changed') } : {}),
  });
}

function filtersOf({ fields, filters }: Declaration): OptionTexts {
  return Object.fromEntries(
    Object.entries(filters).map(([member, by]) => {
      const isPart = by === 'part';
      const help = isPart ? `only those whose ${member} holds this` : `only those of this ${headerOf(member)}`;
      return [member, { ...optionOf(fields, member), ...(isPart ? { value: 'text' } : {}), help }];
    }),
  );
}

function optionsOf(fields: Declaration['fields'], members: readonly string[]): OptionTexts {
  return Object.fromEntries(members.map((member) => [member, optionOf(fields, member)]));
}

function optionOf(fields: Declaration['fields'], member: string): OptionText {
  const field = fields[member];
  if (field === undefined) throw new Error(`there is no field ${member}`);
  const { option, isLong, secretMembers, isHidden } = field;
  return {
    ...option,
    ...(isLong === undefined ? {} : { isLong }),
    ...(secretMembers === undefined ? {} : { secretMembers }),
    ...(isHidden === undefined ? {} : { isHidden }),
  };
}

function hasHidden({ fields }: Declaration): boolean {
  return Object.values<Field>(fields).some(({ isHidden }) => isHidden);
}

/** The result, and the secrets of the answer, which no other answer has. */
function describeSecrets({ noun, fields }: Declared, done: string, row: DeclaredNounRow): string {
  const lines = Object.entries<Field>(fields).flatMap(([member, { isHidden }]) => {
    const text = isHidden ? textOf(valueOf(row, member)) : HIDDEN;
    return text === HIDDEN ? [] : [`Its ${headerOf(member)}, shown only this once: ${text}`];
  });
  return [`${noun} ${row.name} ${done}`, ...lines].join('\n');
}

function shapeOf({ noun, fields, counts }: Declaration): Shape<DeclaredNounRow> {
  const members = [...Object.keys(fields), ...Object.keys(counts), 'id'];
  const isLong = (member: string) => fields[member]?.isLong === true;
  return {
    kind: noun,
    name: (row) => row.name,
    columns: members.map((member) => ({
      header: headerOf(member),
      ...(isLong(member) || member === 'id' ? { wide: true } : {}),
      value: (row) => textOf(valueOf(row, member)),
    })),
    details: (row) =>
      members.map((member) => {
        const text = textOf(valueOf(row, member));
        return [headerOf(member), isLong(member) ? linesOf(text) : text] as const;
      }),
  };
}

/** A fragment in readable form. */
function linesOf(text: string): string[] {
  try {
    return JSON.stringify(JSON.parse(text), null, 2).split('\n');
  } catch {
    return text.trimEnd().split('\n');
  }
}
