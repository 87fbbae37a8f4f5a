import type { ArgumentText, ChangeText, NounTexts, OptionTexts } from '../../../contract/base/command-texts.ts';
import { columnOf, type NounVerb, paramOf, VERBS } from '../../../contract/base/declare.ts';
import { printerOf, runChange } from '../../change.ts';
import type { ArgumentSpec, Call, CommandSpec, NameKind, NounSpec, OptionSpec } from '../../command-spec.ts';
import { type ExitCode, usageError } from '../../exit.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { collect, need, nothingToSet } from '../../values.ts';
import type { WaitCondition } from '../../waiting/conditions.ts';
import { flagOf, optionSpecs, readOptions } from './options.ts';

/** A noun with the usual calls, and what the command line says of it. */
export interface UsualNoun<Row> {
  readonly noun: string;
  readonly one: string;
  readonly many: string;
  readonly verbs?: readonly NounVerb[];
  readonly commands: NounTexts<Row>;
}

/** What a command does besides. `members`: of the body or query, from further options or arguments. `run`: in place of the usual. */
interface Special<Row> {
  readonly args?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  members?(this: void, call: Call): object | Promise<object>;
  before?(this: void, call: Call): Promise<void>;
  describe?(this: void, row: Row, call: Call): string;
  next?(this: void, call: Call): Readonly<Record<string, readonly string[]>>;
  readonly waitsFor?: WaitCondition;
  waitFor?(this: void, row: Row, call: Call): Promise<ExitCode>;
  run?(this: void, call: Call): Promise<number | void>;
}

/** What follows from no declaration. `which`: how arguments name an object. `more`: further commands. */
export type Specials<Row> = { readonly [V in NounVerb]?: Special<Row> } & {
  readonly shape?: Shape<Row>;
  readonly which?: { readonly args: readonly ArgumentSpec[]; param(this: void, call: Call): string | Promise<string> };
  readonly more?: readonly CommandSpec[];
};

const DONE = { create: 'created', set: 'changed', delete: 'deleted' } as const;

/** `regent NOUN list|show|create|set|delete`, from what its entry declares; `delete` comes last. */
export function usualCommands<Row>(given: UsualNoun<Row>, specials: Specials<Row> = {}): NounSpec {
  const { noun, commands, verbs = VERBS } = given;
  const all = verbs.map((verb) => commandOf(given, specials, verb));
  const isLast = verbs.at(-1) === 'delete';
  const { more = [] } = specials;
  return {
    noun,
    summary: commands.summary,
    commands: isLast ? [...all.slice(0, -1), ...more, ...all.slice(-1)] : [...all, ...more],
  };
}

function commandOf<Row>(given: UsualNoun<Row>, specials: Specials<Row>, verb: NounVerb): CommandSpec {
  const { noun, commands } = given;
  const texts = commands[verb] ?? {};
  const special: Special<Row> = specials[verb] ?? {};
  return {
    verb,
    summary: texts.summary ?? `${SUMMARY[verb]} ${verb === 'list' ? given.many : given.one}`,
    args: special.args ?? argumentsOf(given, specials, verb),
    options: [...optionSpecs(texts.options ?? {}), ...(special.options ?? [])],
    examples: texts.examples ?? examplesOf(noun, commands, verb),
    ...(verb === 'list' || verb === 'show' ? {} : { isChange: true }),
    ...(special.waitsFor === undefined ? {} : { waitsFor: special.waitsFor }),
    run: special.run ?? ((call) => runnerOf(given, specials, verb)(call)),
  };
}

const SUMMARY = { list: 'list', show: 'show', create: 'create', set: 'change', delete: 'delete' } as const;

function examplesOf(noun: string, { example, set }: NounTexts<never>, verb: NounVerb): string[] {
  if (verb === 'list') return [`regent ${noun} list`];
  if (verb === 'set' && set.options?.['name'] === undefined) return [];
  return [`regent ${noun} ${verb} ${example}${verb === 'set' ? ` --name ${example}-2` : ''}`];
}

function argumentsOf<Row>(
  { noun, commands }: UsualNoun<Row>,
  { which }: Specials<Row>,
  verb: NounVerb,
): readonly ArgumentSpec[] {
  if (verb === 'list') return [];
  if (verb !== 'create') return which?.args ?? [whichOf(noun, commands.which)];
  return Object.entries(argsOf(commands)).map(([member, { name = member, help, values }]) => ({
    name: `<${name}>`,
    help,
    ...(values === undefined ? {} : { values }),
  }));
}

/** The argument that names an object. */
export function whichOf(noun: string, help: string): ArgumentSpec {
  return { name: `<${noun}>`, help, complete: noun as NameKind };
}

function argsOf<Row>({ create, example }: NounTexts<Row>): Readonly<Record<string, ArgumentText>> {
  return create.args ?? { name: { help: `such as ${example}` } };
}

function runnerOf<Row>(given: UsualNoun<Row>, specials: Specials<Row>, verb: NounVerb) {
  const shape = specials.shape ?? shapeOf(given);
  if (verb === 'list') return (call: Call) => runList(call, given, specials, shape);
  if (verb === 'show') return (call: Call) => runShow(call, given, specials, shape);
  return (call: Call) => change(call, given, specials, { verb, shape });
}

async function runList<Row>(call: Call, given: UsualNoun<Row>, specials: Specials<Row>, shape: Shape<Row>) {
  const { client } = await call.region();
  const query = await membersOf(call, given.commands.list?.options, specials.list);
  const rows = client.all(`${given.noun}.list` as never, { query } as never) as AsyncIterable<Row>;
  await printList(printerOf(call), shape, await collect(rows));
}

async function runShow<Row>(call: Call, given: UsualNoun<Row>, specials: Specials<Row>, shape: Shape<Row>) {
  const { client } = await call.region();
  const params = await paramsOf(call, given, specials);
  const { body } = await client.call(`${given.noun}.show` as never, { params } as never);
  await printOne(printerOf(call), shape, body as Row);
}

async function membersOf<Row>(
  call: Call,
  options: OptionTexts = {},
  special: Special<Row> = {},
): Promise<Record<string, unknown>> {
  return { ...(await readOptions(call, options)), ...(await special.members?.(call)) };
}

async function paramsOf<Row>(call: Call, { noun }: UsualNoun<Row>, { which }: Specials<Row>) {
  return { [paramOf(noun)]: which === undefined ? need(call, 0) : await which.param(call) };
}

async function change<Row>(
  call: Call,
  given: UsualNoun<Row>,
  specials: Specials<Row>,
  { verb, shape }: { readonly verb: keyof typeof DONE; readonly shape: Shape<Row> },
): Promise<ExitCode> {
  const texts: ChangeText<Row> = given.commands[verb] ?? {};
  const special: Special<Row> = specials[verb] ?? {};
  await special.before?.(call);
  const { done } = texts;
  const describe = special.describe ?? (done === undefined ? undefined : (row: Row) => done(row, DONE[verb]));
  const { waitFor } = special;
  // The region checks the members with the schema of this call.
  return await runChange(call, {
    route: `${given.noun}.${verb}` as never,
    input: (await inputOf(call, given, specials, verb)) as never,
    shape: shape as Shape<unknown>,
    done: DONE[verb],
    ...(describe === undefined ? {} : { describe: (row: never) => describe(row, call) }),
    next: special.next?.(call) ?? texts.next?.(call.args[0] ?? '') ?? {},
    ...(waitFor === undefined ? {} : { waitFor: (row: never) => waitFor(row, call) }),
  });
}

async function inputOf<Row>(
  call: Call,
  given: UsualNoun<Row>,
  specials: Specials<Row>,
  verb: keyof typeof DONE,
): Promise<object> {
  const { options = {} }: ChangeText<Row> = given.commands[verb] ?? {};
  const special = specials[verb];
  if (verb === 'create') {
    const args = special?.args === undefined ? Object.keys(argsOf(given.commands)) : [];
    const named = args.map((member, index) => [member, need(call, index)] as const);
    const members = await membersOf(call, options, special);
    refuseMissing(options, members);
    return { body: { ...Object.fromEntries(named), ...members } };
  }
  const members = await membersOf(call, options, special);
  if (verb === 'set') refuseNothing(options, members, special?.members === undefined ? [] : (special.options ?? []));
  const params = await paramsOf(call, given, specials);
  if (verb === 'set') return { params, body: members };
  return { params, ...(Object.keys(members).length === 0 ? {} : { query: members }) };
}

function refuseMissing(options: OptionTexts, members: object): void {
  for (const [member, { missing, flag }] of Object.entries(options)) {
    if (missing === undefined || Object.hasOwn(members, member)) continue;
    throw usageError(`--${flagOf(member, flag === undefined ? {} : { flag })} is missing: ${missing}.`);
  }
}

/** A switch by itself, such as `--force`, sets nothing. */
function refuseNothing(options: OptionTexts, members: object, more: readonly OptionSpec[]): void {
  const all = [...optionSpecs(options), ...more].filter(({ flags }) => flags.includes('<'));
  const isSwitch = (member: string) => options[member]?.value === '';
  const set = Object.fromEntries(Object.entries(members).filter(([member]) => !isSwitch(member)));
  nothingToSet(set, orList(all.map(({ flags }) => flags.split(' ')[0] ?? '')));
}

/** `--a`, `--a or --b`, `--a, --b or --c`. */
function orList(flags: readonly string[]): string {
  return flags.length < 2 ? flags.join('') : `${flags.slice(0, -1).join(', ')} or ${flags.at(-1)}`;
}

/** How to show objects of a noun. */
export function shapeOf<Row>({ noun, commands }: Pick<UsualNoun<Row>, 'noun' | 'commands'>): Shape<Row> {
  const { columns, wide = [], headers = {}, cells = {} } = commands;
  const column = (member: string) => ({
    header: headers[member] ?? headerOf(member),
    value: (row: Row) => textOf(cells[member] === undefined ? valueOf(row, member) : cells[member](row)),
  });
  return {
    kind: commands.kind ?? noun,
    name: (row) => commands.title?.(row) ?? textOf(valueOf(row, 'name')),
    columns: [...columns.map(column), ...wide.map((member) => ({ ...column(member), wide: true }))],
    ...(commands.details === undefined ? {} : { details: commands.details }),
  };
}

/** A member of an object by its name. */
export function valueOf(row: unknown, member: string): unknown {
  return typeof row === 'object' && row !== null && member in row ? (row as Record<string, unknown>)[member] : null;
}

/** A value as a cell shows it. */
export function textOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** A member's name with blanks between its parts. */
export const headerOf = (member: string): string => columnOf(member).replaceAll('_', ' ');
