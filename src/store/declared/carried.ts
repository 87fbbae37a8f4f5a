import { type RawBuilder, sql } from 'kysely';
import { carriedBy, type CarriedNames } from '../../contract/machines/carried.ts';
import { type Carrier, linkOf } from '../../contract/base/declare.ts';
import type { Tx } from '../tx.ts';

/** Ids of the objects that an object carries, by the plural of each noun. Nouns without an entry stay as they are. */
export type CarriedIds = Readonly<Record<string, readonly number[]>>;

/** Columns for the end of a select list over the carrier's table `t`: for each noun the names, in order; in JSON, which is read many times as fast as an array. */
export function carriedColumns(carrier: Carrier): RawBuilder<unknown> {
  const columns = carriedBy(carrier).map((declaration) => {
    const link = linkOf(declaration, carrier);
    return sql`, to_json(array(select c.name from ${sql.table(link.table)} l join ${sql.table(declaration.plural)} c on c.id = ${sql.ref(`l.${link.carried}`)}
      where ${sql.ref(`l.${link.carrier}`)} = t.id order by c.name collate "C")) as ${sql.ref(declaration.plural)}`;
  });
  return columns.length === 0 ? sql`` : sql.join(columns, sql` `);
}

/**
 * The names of what many objects carry, by their keys, in order: one statement for each noun, however many objects; a third of what the columns of a long list take.
 * No key has a comma.
 */
export async function carriedByMany<C extends Carrier>(
  tx: Tx,
  carrier: C,
  keys: readonly string[],
): Promise<(key: string) => CarriedNames<C>> {
  const all = new Map<string, Map<string, string[]>>();
  for (const declaration of carriedBy(carrier)) {
    const link = linkOf(declaration, carrier);
    const own = sql.ref(`l.${link.carrier}`);
    const rows = await tx.all(sql<{ key: string; names: string[] }>`
      select ${own} as key, json_agg(c.name order by c.name collate "C") as names
      from ${sql.table(link.table)} l join ${sql.table(declaration.plural)} c on c.id = ${sql.ref(`l.${link.carried}`)}
      where ${own} = any(array(select unnest(string_to_array(${keys.join(',')}, ',')))) group by ${own}`);
    all.set(declaration.plural, new Map(rows.map(({ key, names }) => [key, names])));
  }
  return (key) =>
    Object.fromEntries([...all].map(([plural, names]) => [plural, names.get(key) ?? []])) as CarriedNames<C>;
}

/** Conditions of a list over the carrier's table `t`: it carries all of these. */
export function carriedConditions(carrier: Carrier, wanted: CarriedIds = {}): RawBuilder<unknown>[] {
  return carriedBy(carrier).flatMap((declaration) => {
    const link = linkOf(declaration, carrier);
    return (wanted[declaration.plural] ?? []).map(
      (id) =>
        sql`t.id in (select ${sql.ref(link.carrier)} from ${sql.table(link.table)} where ${sql.ref(link.carried)} = ${id})`,
    );
  });
}

/** Makes an object carry exactly these objects of the named nouns. Lock the object first. */
export async function replaceCarried(
  tx: Tx,
  carrier: Carrier,
  key: string | number,
  wanted: CarriedIds = {},
): Promise<void> {
  for (const declaration of carriedBy(carrier)) {
    const ids = wanted[declaration.plural];
    if (ids === undefined) continue;
    const link = linkOf(declaration, carrier);
    const [own, other] = [sql.ref(link.carrier), sql.ref(link.carried)];
    await tx.run(sql`delete from ${sql.table(link.table)} where ${own} = ${key} and ${other} <> all(${ids}::int[])`);
  }
  await addCarried(tx, carrier, key, wanted);
}

/** Makes an object carry these objects, too. A new one carries none yet. */
export async function addCarried(
  tx: Tx,
  carrier: Carrier,
  key: string | number,
  wanted: CarriedIds = {},
): Promise<void> {
  for (const declaration of carriedBy(carrier)) {
    const ids = wanted[declaration.plural] ?? [];
    if (ids.length === 0) continue;
    const link = linkOf(declaration, carrier);
    await tx.run(sql`insert into ${sql.table(link.table)} (${sql.ref(link.carrier)}, ${sql.ref(link.carried)})
      select ${key}, id from unnest(${ids}::int[]) as id on conflict do nothing`);
  }
}

/** Makes an object carry nothing, before it is deleted. `row`: as it was read under its lock; where it carries nothing there is no statement. */
export async function dropCarried<C extends Carrier>(
  tx: Tx,
  carrier: C,
  key: string | number,
  row: Partial<CarriedNames<C>> = {},
): Promise<void> {
  const names: Partial<Record<string, readonly string[]>> = row;
  const some = carriedBy(carrier).filter(({ plural }) => names[plural]?.length !== 0);
  const all = Object.fromEntries(some.map(({ plural }) => [plural, []]));
  await replaceCarried(tx, carrier, key, all);
}
