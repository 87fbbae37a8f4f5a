import type { Static, TArray, TNull, TObject, TSchema, TString, TUnion } from 'typebox';
import type { NounTexts } from './command-texts.ts';
import type { FileRules } from './file-rules.ts';
import { page, type WriteQuery } from './common.ts';
import { del, EVERYBODY, get, OPERATORS, patch, post, type RouteSpec } from './route-spec.ts';
import { paramOf, type NounVerb } from './declare.ts';

/** What the five usual calls take and answer. `remove`: the query of `delete`, where it has more than others. */
export interface Schemas {
  readonly answer: TSchema;
  readonly params: TSchema;
  readonly query: TSchema;
  readonly create: TSchema;
  readonly set: TSchema;
  readonly remove?: TSchema;
}

/**
 * A noun with the five usual calls whose laws are too much its own for a declaration: its schemas are in its file here, its use cases in
 * region, its statements in store/queries. What all nouns share follows from this.
 */
export interface NounEntry {
  readonly noun: string;
  /** Also its path in the API. */
  readonly plural: string;
  /** As sentences say it, such as `a VLAN` and `VLANs`. */
  readonly one: string;
  readonly many: string;
  /** Its tables, whose changes can be taken back. */
  readonly tables: readonly string[];
  readonly schemas: Schemas;
  /** How its objects stand in a configuration file. */
  readonly file: FileRules;
  /** What the command line says of it and shows of its objects. */
  readonly commands: NounTexts<object>;
  /** What commands take as names of these objects; completion offers them. Left out: their titles. */
  names?(items: readonly unknown[]): string[];
}

/** Keeps the exact types of an entry, from which its calls have theirs. */
export function entry<
  const N extends string,
  A extends TSchema,
  const S extends Schemas & { readonly answer: A },
  const E extends Omit<NounEntry, 'names' | 'schemas' | 'noun' | 'commands'>,
>(
  given: E & {
    readonly noun: N;
    readonly schemas: S;
    readonly commands: NounTexts<Static<S['answer']>>;
    readonly names?: (items: readonly Static<S['answer']>[]) => string[];
  },
): Omit<E, 'names' | 'commands'> & {
  readonly noun: N;
  readonly schemas: S;
  readonly commands: NounTexts<Static<S['answer']>>;
  names?(items: readonly unknown[]): string[];
} {
  return given as never;
}

type PageSchema<S extends Schemas> = TObject<{ items: TArray<S['answer']>; next: TUnion<[TString, TNull]> }>;

interface Common<M extends RouteSpec['method'], R extends TSchema, S extends 200 | 201> {
  readonly method: M;
  readonly path: string;
  readonly summary: string;
  readonly roles: RouteSpec['roles'];
  readonly response: R;
  readonly status: S;
  readonly hasEtag?: boolean;
}
type Write = { readonly query: typeof WriteQuery };
type Remove<S extends Schemas> = S extends { readonly remove: infer Q extends TSchema } ? { readonly query: Q } : Write;

/** The five usual calls, as the table of calls has them. */
export interface Calls<S extends Schemas> {
  list: Common<'GET', PageSchema<S>, 200> & { readonly query: S['query'] };
  show: Common<'GET', S['answer'], 200> & { readonly params: S['params'] };
  create: Common<'POST', S['answer'], 201> & Write & { readonly body: S['create'] };
  set: Common<'PATCH', S['answer'], 200> & Write & { readonly params: S['params']; readonly body: S['set'] };
  delete: Common<'DELETE', S['answer'], 200> & Remove<S> & { readonly params: S['params'] };
}

/** The calls of a noun, by `noun.verb`. */
export type CallsOf<E extends { readonly noun: string; readonly schemas: Schemas }> = {
  [V in NounVerb as `${E['noun']}.${V}`]: Calls<E['schemas']>[V];
};

/** Makes the five usual calls of a noun. */
export function callsOf<const E extends Pick<NounEntry, 'plural' | 'one' | 'many' | 'noun' | 'schemas'>>(
  given: E,
): CallsOf<E> {
  const calls = Object.entries(usualCalls(given)).map(([verb, call]) => [`${given.noun}.${verb}`, call]);
  return Object.fromEntries(calls) as CallsOf<E>;
}

/** The five usual calls by their verbs. Everybody may read, operators may change. */
export function usualCalls(
  given: Pick<NounEntry, 'plural' | 'one' | 'many' | 'noun' | 'schemas'>,
): Record<NounVerb, RouteSpec> {
  const { noun, plural, one, many, schemas } = given;
  const { answer: response, params, query, create, set, remove } = schemas;
  const path = `/${plural}`;
  const object = `${path}/{${paramOf(noun)}}`;
  return {
    list: get(path, `List ${many}`, { roles: EVERYBODY, query, response: page(response) }),
    show: get(object, `Show ${one}`, { roles: EVERYBODY, params, response, hasEtag: true }),
    create: post(path, `Create ${one}`, { roles: OPERATORS, body: create, response }),
    set: patch(object, `Change ${one}`, { roles: OPERATORS, params, body: set, response }),
    delete: del(object, `Delete ${one}`, {
      roles: OPERATORS,
      params,
      response,
      ...(remove === undefined ? {} : { query: remove }),
    }),
  };
}
