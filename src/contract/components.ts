import type { TSchema } from 'typebox';
import { ROUTES, type RouteSpec } from './routes.ts';
import * as exported from './schemas.ts';

/** A schema's name in the OpenAPI document, if it has one: as its export is named, else by the call that takes or answers it. */
export type Components = { nameOf(schema: object): string | undefined; schemaOf(name: string): TSchema | undefined };

/** Names the schemas of all calls. Pure. */
export function createComponents(): Components {
  const names = new Map<object, string>();
  const schemas = new Map<string, TSchema>();
  // A schema that a member may leave out is a copy of the exported one.
  const copies = new Map<string, string>();
  const add = (name: string, schema: TSchema): void => {
    if (names.has(schema)) return;
    if (schemas.has(name)) throw new Error(`two schemas of the API have the name ${name}`);
    names.set(schema, name);
    schemas.set(name, schema);
  };
  for (const [name, value] of Object.entries(exported)) {
    if (!isSchema(value) || isBare(value)) continue;
    add(name, value);
    copies.set(JSON.stringify(value), name);
  }
  for (const [id, route] of Object.entries(ROUTES) as [string, RouteSpec][]) {
    const [noun = id, verb = ''] = id.split('.');
    add(typeName(noun, RESPONSES[verb] ?? `${verb}-answer`), route.response);
    if (route.body) add(typeName(noun, verb), route.body);
  }
  return {
    nameOf: (schema) => names.get(schema) ?? copies.get(JSON.stringify(schema)),
    schemaOf: (name) => schemas.get(name),
  };
}

const RESPONSES: Readonly<Record<string, string>> = { list: 'page', show: '' };

/** `static-route`, `create` → `StaticRouteCreate`. */
function typeName(noun: string, rest: string): string {
  return `${noun}-${rest}`.replace(/(?:^|-)(\w?)/g, (_all, letter: string) => letter.toUpperCase());
}

const isSchema = (value: unknown): value is TSchema => typeof value === 'object' && value !== null && '~kind' in value;

/** A type without any rule: its name would say less than the type. */
const isBare = (schema: TSchema): boolean => Object.keys(schema).every((key) => key === 'type');
