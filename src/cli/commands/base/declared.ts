import {
  type ChangeTexts,
  columnOf,
  type Declaration,
  type Field,
  HIDDEN,
  oneOfNoun,
  paramOf,
  type NounVerb,
} from '../../../contract/base/declare.ts';
import { type Declared, type DeclaredNoun, NOUNS } from '../../../contract/registry.ts';
import type { DeclaredObject, DeclaredRouteId } from '../../../contract/noun-routes.ts';
import type { Client } from '../../../contract/client.ts';
import { printerOf, runChange } from '../../change.ts';
import type { ArgumentSpec, Call, CommandSpec, NameKind, NounSpec, OptionSpec } from '../../command-spec.ts';
import type { ExitCode } from '../../exit.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { collect, need, nothingToSet } from '../../values.ts';
import { fieldOf, flagOf, readMembers, readSecrets } from './declared-input.ts';

type DeclaredNounRow = DeclaredObject<DeclaredNoun>;

/** `regent NOUN` of every declared noun. */
export const DECLARED: readonly NounSpec[] = NOUNS.map(commandsOf);

/** Which names complete the value of an option with a declared noun's name, such as `--space`; for `--spaces` those of the first value. */
export const DECLARED_OPTIONS: Readonly<Record<string, NameKind>> = Object.fromEntries(NOUNS.flatMap(kindsOfOptions));

/** With those of fields that name objects of a declared noun, such as `--main-space`. */
function kindsOfOptions({ noun, plural, fields }: Declared): [string, NameKind][] {
  const referring = Object.entries<Field>(fields).flatMap(([member, { refersTo }]): [string, NameKind][] => {
    const other = NOUNS.find((known) => known.noun === refersTo);
    return other === undefined ? [] : [[`--${flagOf(member)}`, other.noun]];
  });
  return [[`--${noun}`, noun], [`--${plural}`, noun], ...referring];
}

/** Is it a declared noun? */
export function isDeclared(kind: NameKind): kind is DeclaredNoun {
  return NOUNS.some(({ noun }) => noun === kind);
}

/** Names of objects of a declared noun, at most `limit`. */
export async function declaredNames(client: Client, noun: DeclaredNoun, limit: number): Promise<string[]> {
  const { body } = await client.call(route(noun, 'list'), { query: { limit } });
  return body.items.map((item) => item.name);
}

function commandsOf(declaration: Declared): NounSpec {
  const { noun, texts, verbs } = declaration;
  const own: Readonly<Record<NounVerb, () => CommandSpec>> = {
    list: () => listCommand(declaration),
    show: () => showCommand(declaration),
    create: () => createCommand(declaration),
    set: () => setCommand(declaration),
    delete: () => deleteCommand(declaration),
  };
  return { noun, summary: texts.summary, commands: verbs.map((verb) => own[verb]()) };
}

function listCommand(declaration: Declared): CommandSpec {
  const { noun, plural } = declaration;
  const fields: Declaration['fields'] = declaration.fields;
  const filters = Object.entries(declaration.filters).map(([member, by]) => ({
    ...optionOf(fields, member),
    ...(by === 'part' ? { flags: `--${flagOf(member)} <text>` } : {}),
    help: by === 'part' ? `only those whose ${member} holds this` : `only those of this ${headerOf(member)}`,
  }));
  return {
    verb: 'list',
    summary: `list ${plural}`,
    options: filters,
    examples: [`regent ${noun} list`],
    run: async (call) => {
      const { client } = await call.region();
      const query = await readMembers(call, fields, Object.keys(declaration.filters));
      await printList(printerOf(call), shapeOf(declaration), await collect(client.all(route(noun, 'list'), { query })));
    },
  };
}

function showCommand(declaration: Declared): CommandSpec {
  const { noun, texts } = declaration;
  return {
    verb: 'show',
    summary: `show ${oneOfNoun(noun)}`,
    args: [whichOf(noun)],
    examples: 'show' in texts ? texts.show.examples : [`regent ${noun} show ${texts.example}`],
    run: async (call) => {
      const { client } = await call.region();
      const { body } = await client.call(route(noun, 'show'), { params: paramsOf(noun, call) });
      await printOne(printerOf(call), shapeOf(declaration), body);
    },
  };
}

function createCommand(declaration: Declared): CommandSpec {
  const { noun, fields } = declaration;
  const { example, create }: Declaration['texts'] = declaration.texts;
  const others = Object.keys(fields).filter((member) => member !== 'name');
  return {
    verb: 'create',
    summary: create.summary,
    args: [{ name: '<name>', help: `such as ${example}` }],
    options: others.map((member) => optionOf(fields, member)),
    isChange: true,
    examples: create.examples ?? [`regent ${noun} create ${example}`],
    run: async (call) => {
      const body = { name: need(call, 0), ...(await readMembers(call, fields, others)) };
      return await change(call, declaration, 'create', { body: { ...body, ...(await readSecrets(call, fields)) } });
    },
  };
}

function setCommand(declaration: Declared): CommandSpec {
  const { noun, fields } = declaration;
  const { set, example }: Declaration['texts'] = declaration.texts;
  const members = Object.keys(fields);
  return {
    verb: 'set',
    summary: set.summary,
    args: [whichOf(noun)],
    options: members.map((member) => optionOf(fields, member)),
    isChange: true,
    examples: set.examples ?? [`regent ${noun} set ${example} --name ${example}-2`],
    run: async (call) => {
      const body = { ...(await readMembers(call, fields, members)), ...(await readSecrets(call, fields)) };
      nothingToSet(body, orList(members.map((member) => `--${flagOf(member)}`)));
      return await change(call, declaration, 'set', { params: paramsOf(noun, call), body });
    },
  };
}

function deleteCommand(declaration: Declared): CommandSpec {
  const { noun } = declaration;
  const { example, delete: texts }: Declaration['texts'] = declaration.texts;
  return {
    verb: 'delete',
    summary: texts.summary,
    args: [whichOf(noun)],
    isChange: true,
    examples: texts.examples ?? [`regent ${noun} delete ${example}`],
    run: (call) => change(call, declaration, 'delete', { params: paramsOf(noun, call) }),
  };
}

function change(
  call: Call,
  declaration: Declared,
  verb: keyof typeof DONE,
  // The declaration has the members. The region checks them with its schema from the same declaration.
  input: { readonly params?: object; readonly body?: object },
): Promise<ExitCode> {
  const texts: ChangeTexts = declaration.texts[verb];
  const next = texts.next?.(call.args[0] ?? '');
  return runChange(call, {
    route: route(declaration.noun, verb),
    input: input as never,
    shape: shapeOf(declaration),
    done: DONE[verb],
    ...(hasHidden(declaration) && verb !== 'delete'
      ? { describe: (row: DeclaredNounRow) => describeWithSecrets(declaration, verb, row) }
      : {}),
    ...(next === undefined ? {} : { next }),
  });
}

function hasHidden({ fields }: Declaration): boolean {
  return Object.values<Field>(fields).some(({ isHidden }) => isHidden);
}

/** The result, and the secrets of the answer, which no other answer has. */
function describeWithSecrets(declaration: Declared, verb: 'create' | 'set', row: DeclaredNounRow): string {
  const fields = Object.entries<Field>(declaration.fields);
  const lines = fields.flatMap(([member, { isHidden }]) => {
    const text = isHidden ? textOf(row, member) : HIDDEN;
    return text === HIDDEN ? [] : [`Its ${headerOf(member)}, shown only this once: ${text}`];
  });
  return [`${declaration.noun} ${row.name} ${DONE[verb]}`, ...lines].join('\n');
}

const DONE = { create: 'created', set: 'changed', delete: 'deleted' } as const;

/** The call of a verb. Each noun's call has its own type; here they share one. */
function route<V extends NounVerb>(noun: DeclaredNoun, verb: V): DeclaredRouteId & `${string}.${V}` {
  return `${noun}.${verb}` as DeclaredRouteId & `${string}.${V}`;
}

function shapeOf({ noun, fields, counts }: Declaration): Shape<DeclaredNounRow> {
  const members = [...Object.keys(fields), ...Object.keys(counts)];
  return {
    kind: noun,
    name: (row) => row.name,
    columns: [
      ...members.map((member) => ({
        header: headerOf(member),
        ...(fields[member]?.isLong === true ? { wide: true } : {}),
        value: (row: DeclaredNounRow) => textOf(row, member),
      })),
      { header: 'id', wide: true, value: (row) => String(row.id) },
    ],
    details: (row) =>
      [...members, 'id'].map((member) => {
        const text = textOf(row, member);
        return [headerOf(member), fields[member]?.isLong === true ? linesOf(text) : text] as const;
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

function textOf(row: object, member: string): string {
  const value: unknown = Object.entries(row).find(([name]) => name === member)?.[1];
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function whichOf(noun: DeclaredNoun): ArgumentSpec {
  return { name: `<${noun}>`, help: 'name or id', complete: noun };
}

function paramsOf(noun: DeclaredNoun, call: Call): never {
  return { [paramOf(noun)]: need(call, 0) } as never;
}

function optionOf(fields: Declaration['fields'], member: string): OptionSpec {
  const { value, help, values } = fieldOf(fields, member).option;
  return { flags: `--${flagOf(member)} <${value}>`, help, ...(values === undefined ? {} : { values }) };
}

function headerOf(member: string): string {
  return columnOf(member).replaceAll('_', ' ');
}

/** `--a`, `--a or --b`, `--a, --b or --c`. */
function orList(flags: readonly string[]): string {
  return flags.length < 2 ? flags.join('') : `${flags.slice(0, -1).join(', ')} or ${flags.at(-1)}`;
}
