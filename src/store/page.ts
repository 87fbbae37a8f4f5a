import { type RawBuilder, sql } from 'kysely';
import { invalid, RejectedError } from '../core/errors.ts';
import type { Tx } from './tx.ts';

/** A question for a page: size (1–1000), order, and where to go on. */
export interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  /** One of the list's sort names; `-` in front: descending. */
  readonly sort?: string | undefined;
}

/** A page. `next` null: it was the last. */
export type ListPage<R> = { readonly items: readonly R[]; readonly next: string | null };

/**
 * A list: what it reads and by what it can be ordered. Sort expressions are never null; `id` makes each order total.
 * `joined`: what is joined to the rows of the page only, which have the alias `t`; `from` has what conditions and
 * orders need then. Left out: `from` has everything. Without it PostgreSQL reads and joins whole tables for each page,
 * wherever no index has the order.
 */
export interface ListSpec<R = never> {
  readonly columns: RawBuilder<unknown>;
  readonly from: RawBuilder<unknown>;
  readonly joined?: RawBuilder<unknown>;
  readonly id: RawBuilder<unknown>;
  readonly sorts: Readonly<Record<string, RawBuilder<unknown>>>;
  readonly defaultSort: string;
  /**
   * The values of an order (of a name of `sorts`) and of `id`, as the row itself has them. Left out: two more columns have them, which are cut out of each
   * row; in long lists of wide rows that takes as long as reading them.
   */
  placeOf?(row: R, sort: string): readonly [sort: string, id: string];
}

/** Every row of a list, in its order, read by the largest pages. The caller may stop early. */
export async function* everyRow<R>(list: (query: PageQuery) => Promise<ListPage<R>>): AsyncGenerator<R> {
  let cursor: string | undefined;
  do {
    const page = await list({ limit: PAGE_MAX, cursor });
    yield* page.items;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

/** All rows of a list; for lists that fit into memory. */
export async function allRows<R>(list: (query: PageQuery) => Promise<ListPage<R>>): Promise<R[]> {
  const rows: R[] = [];
  for await (const row of everyRow(list)) rows.push(row);
  return rows;
}

type Position = { readonly _sort: string; readonly _id: string };

const PAGE_DEFAULT = 100;
const PAGE_MAX = 1000;

/**
 * Reads one page by keyset: the cursor holds the last row's place, so rows that come or go meanwhile neither repeat nor
 * hide others. Throws `RejectedError` for a cursor or an order that this list does not have.
 */
export async function listPage<R extends object>(
  tx: Tx,
  spec: ListSpec<R>,
  filters: readonly (RawBuilder<unknown> | undefined)[],
  query: PageQuery,
): Promise<ListPage<R>> {
  const name = query.sort ?? spec.defaultSort;
  const isDescending = name.startsWith('-');
  const plain = name.replace(/^-/, '');
  const sort = spec.sorts[plain];
  if (!sort) {
    const rule = `one of ${Object.keys(spec.sorts).join(', ')}, with "-" in front for descending`;
    throw new RejectedError(invalid('sort', `the list has no order ${JSON.stringify(name)}`, rule));
  }
  const limit = Math.min(Math.max(1, query.limit ?? PAGE_DEFAULT), PAGE_MAX);
  const direction = sql.raw(isDescending ? 'desc' : 'asc');
  const wanted = [...filters, query.cursor === undefined ? undefined : after(query.cursor, name, { sort, spec })];
  const where = wanted.filter((filter) => filter !== undefined);
  const order = sql`${sort} ${direction}, ${spec.id} ${direction}`;
  const { columns, joined } = spec;
  const hasRowPlace = spec.placeOf !== undefined;
  const position = hasRowPlace ? sql`` : sql`, (${sort})::text as "_sort", (${spec.id})::text as "_id"`;
  const page = sql<R & Position>`
    select ${joined === undefined ? columns : sql`t.*`}${position} from ${spec.from}
    where ${where.length > 0 ? sql.join(where, sql` and `) : sql`true`}
    order by ${order} limit ${limit + 1}`;
  const rows = await tx.all(
    joined === undefined
      ? page
      : sql<
          R & Position
        >`select ${columns}${hasRowPlace ? sql`` : sql`, t."_sort", t."_id"`} from (${page}) t ${joined} order by ${order}`,
  );
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const items = rows.slice(0, limit);
  return {
    items: hasRowPlace ? items : items.map(({ _sort, _id, ...row }) => row as unknown as R),
    next: last ? encode([name, ...(spec.placeOf?.(last, plain) ?? [last._sort, last._id])]) : null,
  };
}

function after(
  cursor: string,
  name: string,
  list: { sort: RawBuilder<unknown>; spec: Pick<ListSpec, 'id'> },
): RawBuilder<unknown> {
  const place = decode(cursor);
  if (place?.[0] !== name)
    throw new RejectedError(
      invalid(
        'cursor',
        'it is not a cursor of this list',
        'the value of `next` in the previous page, with the same sort',
      ),
    );
  const comparison = sql.raw(name.startsWith('-') ? '<' : '>');
  return sql`(${list.sort}, ${list.spec.id}) ${comparison} (${place[1]}, ${place[2]})`;
}

function encode(place: readonly [string, string, string]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function decode(cursor: string): readonly [string, string, string] | null {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const isPlace = Array.isArray(place) && place.length === 3 && place.every((part) => typeof part === 'string');
    return isPlace ? (place as unknown as readonly [string, string, string]) : null;
  } catch {
    return null;
  }
}

/** `value` as a LIKE pattern for "contains", with its wildcards taken literally. */
export function containing(value: string): string {
  return `%${value.replace(/[\\%_]/g, '\\$&')}%`;
}

/** A column with clients' addresses, IPv4 as IPv4: earlier releases stored what the socket called it (`::ffff:192.0.2.1`). */
export function plainClient(column: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`regexp_replace(${column}, '^::ffff:(?=\\d+\\.)', '')`;
}
