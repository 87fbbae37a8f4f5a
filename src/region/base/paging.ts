import { LIMITS } from '../../contract/base/common.ts';
import { listMembers, type RouteSpec } from '../../contract/base/route-spec.ts';
import { invalid, type Rejected } from '../../core/errors.ts';

/** The members that every list's query has. */
export interface ListInput {
  readonly limit?: number;
  readonly cursor?: string;
  readonly sort?: string;
  readonly fields?: string;
}

/** A page as the store gives it or as it is made here. `next` null: it was the last. */
export type ListPage<T> = { readonly items: readonly T[]; readonly next: string | null };

/** A page as the wire has it. */
export type PageBody<T> = { items: T[]; next: string | null };

/** How a list in memory is ordered: by name of the order, the value; `key` makes the order total. */
export interface MemoryOrder<T> {
  readonly sorts: Readonly<Record<string, (item: T) => string | number>>;
  readonly defaultSort: string;
  readonly key: (item: T) => string | number;
}

/** Makes a page's answer: each row as the wire shows it, reduced to the requested members. */
export function pageBody<R, T extends object>(
  page: ListPage<R>,
  view: (row: R) => T,
  query: ListInput | undefined,
): { body: PageBody<T> } {
  // Only the row: a view may have a second parameter, which is not the place in the list.
  const items = page.items.map((row) => view(row));
  return { body: { items: pickFields(items, query?.fields), next: page.next } };
}

/**
 * The refusal of a query whose `fields` name a member that no item of this list can have; null: all are possible. The schema decides, never a row: a row
 * may lack optional members.
 */
export function refuseFields(route: RouteSpec, query: unknown): Rejected | null {
  const fields = (query as ListInput | null | undefined)?.fields;
  if (typeof fields !== 'string') return null;
  const members = listMembers(route);
  const unknown = namesOf(fields).find((name) => !members.includes(name));
  if (members.length === 0 || unknown === undefined) return null;
  return invalid('fields', `there is no member "${unknown}"`, `some of ${members.join(', ')}`);
}

/** Pages a list that is small enough to be whole in memory. */
export function pageInMemory<T>(
  items: readonly T[],
  order: MemoryOrder<T>,
  query: ListInput | undefined,
): ListPage<T> | Rejected {
  const name = query?.sort ?? order.defaultSort;
  const sign = name.startsWith('-') ? -1 : 1;
  const value = order.sorts[name.replace(/^-/, '')] ?? order.key;
  const limit = query?.limit ?? LIMITS.pageDefault;
  const after = query?.cursor === undefined ? null : parseCursor(query.cursor, name);
  if (after !== null && 'kind' in after) return after;
  const keyed = items.map((item) => ({ item, value: value(item), key: order.key(item) }));
  keyed.sort((a, b) => sign * compareCursors(a, b));
  const rest = after === null ? keyed : keyed.filter((entry) => sign * compareCursors(entry, after) > 0);
  const last = rest[limit - 1];
  const next = last && rest.length > limit ? writeCursor(name, last) : null;
  return { items: rest.slice(0, limit).map((entry) => entry.item), next };
}

function pickFields<T extends object>(items: readonly T[], fields: string | undefined): T[] {
  if (fields === undefined) return [...items];
  const names = namesOf(fields);
  // The caller requested less than the whole type.
  return items.map(
    (item) => Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name))) as unknown as T,
  );
}

const namesOf = (fields: string): readonly string[] => fields.split(',').map((name) => name.trim());

type Cursor = { readonly value: string | number; readonly key: string | number };

const compareCursors = (a: Cursor, b: Cursor): number => compare(a.value, b.value) || compare(a.key, b.key);

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

function writeCursor(sort: string, at: Cursor): string {
  return Buffer.from(JSON.stringify([sort, at.value, at.key])).toString('base64url');
}

function parseCursor(text: string, sort: string): Cursor | Rejected {
  const bad = () =>
    invalid(
      'cursor',
      'it is not a cursor of this list',
      'the value of `next` in the previous page, with the same sort',
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return bad();
  }
  const [cursorSort, value, key] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
  return isCursorValue(value) && isCursorValue(key) && cursorSort === sort ? { value, key } : bad();
}

function isCursorValue(value: unknown): value is string | number {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}
