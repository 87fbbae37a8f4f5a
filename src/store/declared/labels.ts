import { type RawBuilder, sql } from 'kysely';
import { type Declaration, linkOf, type Referent, type Use } from '../../contract/base/declare.ts';
import type { Tx } from '../tx.ts';

/** Names, in sentences, of objects that refer to a declared one, and their order there. */
const LABELS: Readonly<
  Record<Use['noun'] | Referent, { table: string; label: RawBuilder<string>; order: RawBuilder<unknown> }>
> = {
  vlan: {
    table: 'vlans',
    label: sql<string>`(select f.name from fabrics f where f.id = t.fabric_id) || '/' || t.name`,
    order: sql`t.id`,
  },
  domain: { table: 'domains', label: sql<string>`t.name`, order: sql`t.name collate "C"` },
  machine: {
    table: 'machines',
    label: sql<string>`t.hostname || '.' || (select d.name from domains d where d.id = t.domain_id)`,
    order: sql`t.hostname collate "C", t.id collate "C"`,
  },
  rack: { table: 'racks', label: sql<string>`t.name`, order: sql`t.name collate "C"` },
};

/** Names of objects that use the one with this id; at most `limit`. */
export function usersOf(tx: Tx, use: Use, id: number, limit: number): Promise<string[]> {
  return labelsOf(tx, use.noun, sql`${sql.ref(`t.${use.column}`)} = ${id}`, limit);
}

/** Names of objects that carry the one with this id; none if the noun is not carried. */
export async function carriersOf(tx: Tx, declaration: Declaration, id: number, limit: number): Promise<string[]> {
  const { carriedBy } = declaration;
  if (carriedBy === undefined) return [];
  const { table, carrier, carried } = linkOf(declaration, carriedBy);
  const carriers = sql`select ${sql.ref(carrier)} from ${sql.table(table)} where ${sql.ref(carried)} = ${id}`;
  return labelsOf(tx, carriedBy, sql`t.id in (${carriers})`, limit);
}

async function labelsOf(tx: Tx, noun: Use['noun'], where: RawBuilder<unknown>, limit: number): Promise<string[]> {
  const { table, label, order } = LABELS[noun];
  const rows = await tx.all(sql<{ label: string }>`
    select ${label} as label from ${sql.table(table)} t where ${where} order by ${order} limit ${limit}`);
  return rows.map((row) => row.label);
}

/** How an object of a noun that is not declared is named: what its key is, and by which texts operators name it, in lower case. */
const KEYS: Readonly<
  Record<Referent, { key: RawBuilder<string>; isNamed(this: void, text: string): RawBuilder<unknown> }>
> = {
  machine: {
    key: sql<string>`t.id`,
    isNamed: (text) =>
      sql`not t.is_device and (t.id = ${text} or t.hostname = ${text} or ${LABELS.machine.label} = ${text})`,
  },
  rack: { key: sql<string>`t.uuid`, isNamed: (text) => sql`t.uuid = ${text} or t.name = ${text}` },
};

/** Keys of the objects that an operator names so; more than one, if the name is not enough. An exact key comes alone. */
export async function keysOf(tx: Tx, noun: Referent, text: string): Promise<string[]> {
  const { key, isNamed } = KEYS[noun];
  const name = text.toLowerCase();
  const rows = await tx.all(sql<{ key: string }>`
    select ${key} as key from ${sql.table(LABELS[noun].table)} t where ${isNamed(name)} order by ${key} limit 2`);
  return rows.some((row) => row.key === name) ? [name] : rows.map((row) => row.key);
}

/** The name of the object with this key, as a column. */
export function labelColumn(noun: Referent, key: RawBuilder<unknown>): RawBuilder<unknown> {
  const { table, label } = LABELS[noun];
  return sql`(select r.label from (select ${KEYS[noun].key} as key, ${label} as label from ${sql.table(table)} t) r where r.key = ${key})`;
}
