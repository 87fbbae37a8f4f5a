import { type RawBuilder, sql } from 'kysely';
import { columnOf, type Declaration, HIDDEN, isReferent, tableOf } from '../../contract/base/declare.ts';
import { type DeclarationOf, type DeclaredNoun, NOUNS } from '../../contract/registry.ts';
import type { DeclaredObject } from '../../contract/noun-routes.ts';
import { labelColumn } from './labels.ts';
import type { Rejected } from '../../core/errors.ts';
import { containing, type ListSpec, listPage, type ListPage, type PageQuery } from '../page.ts';
import { deleteRow, findRow, insertRow, type Noun, type VersionedKey, updateRow } from '../rows.ts';
import type { Tx } from '../tx.ts';

/** A row of a declared noun: the answer's content, and its version. */
export type DeclaredRow<N extends DeclaredNoun> = DeclaredObject<N> & { readonly version: number };

/** Values of fields that a change sets, and of other columns. Undefined ones stay, or get the column's default. */
export type RowValues<N extends DeclaredNoun> = {
  readonly [M in keyof DeclarationOf<N>['fields']]?: unknown;
} & Readonly<Record<string, unknown>>;

/** A page's query with the filters of the declaration. */
export type ListQuery<N extends DeclaredNoun> = PageQuery & {
  readonly [M in keyof DeclarationOf<N>['filters']]?: unknown;
};

const SPECS = new Map(NOUNS.map((declaration) => [declaration.noun, specOf(declaration)]));

/** Finds by id or name. */
export function findDeclared<N extends DeclaredNoun>(
  tx: Tx,
  noun: N,
  by: { readonly id: number } | { readonly name: string },
): Promise<DeclaredRow<N> | null> {
  return findRow(tx, spec(noun), 'id' in by ? sql`t.id = ${by.id}` : sql`t.name = ${by.name}`);
}

/** The object with the lowest id. */
export function findFirst<N extends DeclaredNoun>(tx: Tx, noun: N): Promise<DeclaredRow<N> | null> {
  return findRow(tx, spec(noun), sql`true`);
}

export function createDeclared<N extends DeclaredNoun>(tx: Tx, noun: N, values: RowValues<N>): Promise<DeclaredRow<N>> {
  return insertRow(tx, spec(noun), columnsOf(spec(noun), values));
}

export function updateDeclared<N extends DeclaredNoun>(
  tx: Tx,
  noun: N,
  target: VersionedKey,
  values: RowValues<N>,
): Promise<DeclaredRow<N> | Rejected> {
  return updateRow(tx, spec(noun), target, columnsOf(spec(noun), values));
}

export function deleteDeclared<N extends DeclaredNoun>(
  tx: Tx,
  noun: N,
  target: VersionedKey,
): Promise<DeclaredRow<N> | Rejected> {
  return deleteRow(tx, spec(noun), target);
}

/** Sorts: id, and those of the declaration. Filters: those of the declaration. */
export function listDeclared<N extends DeclaredNoun>(
  tx: Tx,
  noun: N,
  query: ListQuery<N>,
): Promise<ListPage<DeclaredRow<N>>> {
  const own = spec(noun);
  const wanted: Readonly<Record<string, unknown>> = query;
  const filters = Object.entries(own.filters).map(([member, by]) => {
    const value = wanted[member];
    if (value === undefined) return undefined;
    const column = columnRef(own, member);
    return by === 'part' && typeof value === 'string'
      ? sql`${column} ilike ${containing(value)}`
      : sql`${column} = ${value}`;
  });
  return listPage(tx, own, filters, query);
}

/** Locks all objects until the transaction ends, and gives their number, so that a second transaction that depends on it counts right. */
export async function lockAll(tx: Tx, noun: DeclaredNoun): Promise<number> {
  return (await tx.all(sql`select id from ${sql.table(spec(noun).table)} order by id for update`)).length;
}

type Spec = Noun & ListSpec & Pick<Declaration, 'filters' | 'fields'>;

function spec(noun: DeclaredNoun): Spec {
  const found = SPECS.get(noun);
  if (found === undefined) throw new Error(`the noun ${noun} is not declared`);
  return found;
}

function specOf(declaration: Declaration): Spec {
  const { noun, fields, counts, sorts, filters } = declaration;
  const table = tableOf(declaration);
  const members = Object.keys(fields).map((member) => sql`${shown(declaration, member)} as ${sql.ref(member)}`);
  const numbers = Object.entries(counts).map(
    ([member, { table: other, column }]) =>
      sql`(select count(*) from ${sql.table(other)} c where ${sql.ref(`c.${column}`)} = t.id) as ${sql.ref(member)}`,
  );
  return {
    table,
    key: 'id',
    label: noun,
    columns: sql.join([sql`t.id`, ...members, ...numbers, sql`t.version`]),
    from: sql`${sql.table(table)} t`,
    id: sql`t.id`,
    sorts: { id: sql`t.id`, ...Object.fromEntries(sorts.map((member) => [member, orderOf(declaration, member)])) },
    defaultSort: 'id',
    filters,
    fields,
  };
}

/** The content of answers: the value, or the name of the object that it refers to. */
function shown(declaration: Declaration, member: string): RawBuilder<unknown> {
  const field = declaration.fields[member];
  if (field?.isHidden) return sql.lit(HIDDEN);
  const noun = field?.refersTo;
  if (noun === undefined) return columnRef(declaration, member);
  if (isReferent(noun)) return labelColumn(noun, columnRef(declaration, member));
  const other = NOUNS.find((known) => known.noun === noun);
  if (other === undefined) throw new Error(`${declaration.noun}.${member} names ${noun}, which is not declared`);
  return sql`(select r.name from ${sql.table(tableOf(other))} r where r.id = ${columnRef(declaration, member)})`;
}

/** Texts are sorted by their characters, whatever the database's language. */
function orderOf(declaration: Declaration, member: string): RawBuilder<unknown> {
  const answer = declaration.fields[member]?.answer;
  const isText = answer !== undefined && 'type' in answer && answer.type === 'string';
  return isText ? sql`${columnRef(declaration, member)} collate "C"` : columnRef(declaration, member);
}

function columnRef({ fields }: Pick<Declaration, 'fields'>, member: string): RawBuilder<unknown> {
  return sql.ref(`t.${columnOf(member, fields[member])}`);
}

function columnsOf(
  { fields }: Pick<Declaration, 'fields'>,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([member, value]) => [columnOf(member, fields[member]), value]));
}
