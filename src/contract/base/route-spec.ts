import type { TSchema } from 'typebox';
import { WriteQuery } from './common.ts';
import type { Role } from './role.ts';

/**
 * One call of the API. The table (`routes.ts`) is the only place where a call is declared: the server, the client, the OpenAPI document and the
 * check of roles read it. `roles`: who may call. A call that is not a GET changes something: it takes `Idempotency-Key` and
 * `dry_run`. `hasEtag`: answers carry an ETag and changes accept `If-Match`. `bodyLimit`: bytes of a body, where the usual limit is too small. `isUpload`: the body is bytes, which
 * go to a disk as they come; such a call is repeated as a whole, without a key.
 */
export interface RouteSpec {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly roles: readonly Role[];
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** Clients of earlier releases send none. */
  readonly isBodyOptional?: boolean;
  readonly response: TSchema;
  readonly status: 200 | 201 | 202;
  readonly hasEtag?: boolean;
  readonly bodyLimit?: number;
  readonly isUpload?: boolean;
}

/** Names of all members, also optional ones, that an item of this list can have; none when the answer is no page of a list. */
export function listMembers({ response }: RouteSpec): readonly string[] {
  const { items } =
    (response as { readonly properties?: { readonly items?: { readonly items?: TSchema } } }).properties ?? {};
  return items?.items === undefined ? [] : [...new Set(membersOf(items.items))];
}

function membersOf(schema: TSchema): readonly string[] {
  const { properties, allOf, anyOf } = schema as Partial<
    Record<'allOf' | 'anyOf', readonly TSchema[]> & { readonly properties: object }
  >;
  return [...Object.keys(properties ?? {}), ...[...(allOf ?? []), ...(anyOf ?? [])].flatMap(membersOf)];
}

/** Who may call. */
export const EVERYBODY = ['admin', 'operator', 'user', 'auditor'] as const;
export const WATCHERS = ['admin', 'operator', 'auditor'] as const;
export const OPERATORS = ['admin', 'operator'] as const;
export const ADMINS = ['admin'] as const;
export const KEEPERS = ['admin', 'auditor'] as const;
export const KEY_OWNERS = ['admin', 'operator', 'user'] as const;

/** A plain spread keeps a default's literal type beside the one that replaces it, and both at once are `never`. */
const over = <const D extends object, const R extends object>(defaults: D, rest: R) =>
  ({ ...defaults, ...rest }) as unknown as Omit<D, keyof R> & R;
/** Entries of the table, by method. */
export const get = <const R extends object>(path: string, summary: string, rest: R) =>
  over({ method: 'GET', path, summary, status: 200 }, rest);
export const post = <const R extends object>(path: string, summary: string, rest: R) =>
  over({ method: 'POST', path, summary, status: 201, query: WriteQuery }, rest);
/** A call whose work goes on as a job when it is answered. */
export const begin = <const R extends object>(path: string, summary: string, rest: R) =>
  over({ method: 'POST', path, summary, status: 202, query: WriteQuery }, rest);
export const put = <const R extends object>(path: string, summary: string, rest: R) =>
  over({ method: 'PUT', path, summary, status: 200, query: WriteQuery, hasEtag: true }, rest);
export const patch = <const R extends object>(path: string, summary: string, rest: R) =>
  over({ method: 'PATCH', path, summary, status: 200, query: WriteQuery, hasEtag: true }, rest);
export const del = <const R extends object>(path: string, summary: string, rest: R) =>
  over({ method: 'DELETE', path, summary, status: 200, query: WriteQuery, hasEtag: true }, rest);
