import Type, { type Static, type TInteger, type TObject, type TOptional, type TSchema, type TString } from 'typebox';
import { Id, listQuery, strict, text } from './base/common.ts';
import type { RouteSpec } from './base/route-spec.ts';
import type { Declaration, Field, Underscored, NounVerb } from './base/declare.ts';
import { oneOfNoun, paramOf, referenceMax } from './base/declare.ts';
import { type Calls, usualCalls } from './base/entry.ts';
import { type Declared, type DeclarationOf, type DeclaredNoun, NOUNS } from './registry.ts';

type Fields<D extends Declaration> = D['fields'];
type Text = TString;

/** An object as answers show it: its id, its fields, its counts. */
type NounAnswer<D extends Declaration> = TObject<{
  [M in 'id' | (keyof Fields<D> & string) | (keyof D['counts'] & string)]: M extends keyof Fields<D>
    ? Fields<D>[M]['answer']
    : TInteger;
}>;
type Create<D extends Declaration> = TObject<{
  [M in keyof Fields<D> & string]: Fields<D>[M]['isOptional'] extends true
    ? TOptional<Fields<D>[M]['input']>
    : Fields<D>[M]['input'];
}>;
type Set<D extends Declaration> = TObject<{ [M in keyof Fields<D> & string]: TOptional<Fields<D>[M]['input']> }>;
type Params<D extends Declaration> = TObject<{ [P in Underscored<D['noun']>]: Text }>;
type List<D extends Declaration> = TObject<
  Omit<ReturnType<typeof listQuery>['properties'], keyof D['filters'] | 'limit' | 'cursor' | 'sort' | 'fields'> & {
    [M in 'cursor' | 'sort' | 'fields' | (keyof D['filters'] & string)]: TOptional<
      M extends keyof Fields<D> ? Fields<D>[M]['input'] : Text
    >;
  } & { limit: TOptional<TInteger> }
>;
/** What the calls of a declared noun take and answer. */
interface SchemasOf<D extends Declaration> {
  readonly answer: NounAnswer<D>;
  readonly params: Params<D>;
  readonly query: List<D>;
  readonly create: Create<D>;
  readonly set: Set<D>;
}

type IdOf<D extends Declared> = D extends Declared ? `${D['noun']}.${D['verbs'][number]}` : never;
/** `noun.verb` of every call of declared nouns. */
export type DeclaredRouteId = IdOf<Declared>;
type NounRoutes = {
  [I in DeclaredRouteId]: I extends `${infer N extends DeclaredNoun}.${infer V extends NounVerb}`
    ? Calls<SchemasOf<DeclarationOf<N>>>[V]
    : never;
};

/** An object of a declared noun, as the wire has it. */
export type DeclaredObject<N extends DeclaredNoun> = Static<NounAnswer<DeclarationOf<N>>>;

/** The calls of all declared nouns. */
export const NOUN_ROUTES = Object.fromEntries(NOUNS.flatMap(routesOf)) as unknown as NounRoutes;

function answerOf({ fields, counts }: Declaration) {
  return strict({
    id: Id,
    ...mapped(fields, ({ answer }) => answer),
    ...mapped(counts, ({ description }) => Type.Integer({ description })),
  });
}

function routesOf(declaration: Declaration): [string, RouteSpec][] {
  const { noun, plural, fields, verbs } = declaration;
  const calls = usualCalls({
    noun,
    plural,
    one: oneOfNoun(noun),
    many: plural,
    schemas: {
      answer: answerOf(declaration),
      params: strict({ [paramOf(noun)]: text(64, 'id or name') }),
      query: queryOf(declaration),
      create: strict(mapped(fields, inputOf)),
      set: strict(mapped(fields, ({ input }) => Type.Optional(input))),
    },
  });
  return verbs.map((verb) => [`${noun}.${verb}`, calls[verb]]);
}

function inputOf({ input, isOptional }: Field): TSchema {
  return isOptional ? Type.Optional(input) : input;
}

function queryOf({ noun, fields, filters, sorts }: Declaration): TSchema {
  const members = Object.entries(filters).map(([member, by]) => {
    const field = fields[member];
    if (field === undefined) throw new Error(`${noun} has no field ${member}`);
    if (field.refersTo !== undefined)
      return [member, Type.Optional(text(referenceMax(field.refersTo), 'id or name'))] as const;
    if (by === 'exact') return [member, Type.Optional(field.input)] as const;
    const max = 'maxLength' in field.input ? Number(field.input.maxLength) : 64;
    return [member, Type.Optional(text(max, `part of the ${member}`))] as const;
  });
  return listQuery(Object.fromEntries(members), ['id', ...sorts]);
}

function mapped<V, R>(members: Readonly<Record<string, V>>, change: (value: V) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, change(value)]));
}
