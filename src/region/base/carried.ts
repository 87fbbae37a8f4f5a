import { carriedBy, type CarriedNames } from '../../contract/machines/carried.ts';
import type { Carrier } from '../../contract/base/declare.ts';
import type { CarriedIds } from '../../store/declared/carried.ts';
import type { Tx } from '../../store/tx.ts';
import { declaredByRef } from './declared.ts';

/** The names of what an object carries, as answers show them. */
export function carriedOf<C extends Carrier>(carrier: C, row: CarriedNames<C>): CarriedNames<C> {
  const all: Readonly<Record<string, readonly string[]>> = row;
  return Object.fromEntries(carriedBy(carrier).map(({ plural }) => [plural, all[plural] ?? []])) as CarriedNames<C>;
}

/** What a body wants an object to carry, by the ids of what it names; nouns that it does not name are not in it. */
export async function readCarried(tx: Tx, carrier: Carrier, body: object): Promise<CarriedIds> {
  const given = new Map<string, unknown>(Object.entries(body));
  const wanted: Record<string, number[]> = {};
  for (const { noun, plural } of carriedBy(carrier)) {
    const names = given.get(plural);
    if (!Array.isArray(names)) continue;
    const ids = new Set<number>();
    for (const name of names) {
      const row = await declaredByRef(tx, noun, String(name));
      ids.add(row.id);
    }
    wanted[plural] = [...ids];
  }
  return wanted;
}

/** What the objects of a list have to carry, by the ids of what its query names. */
export async function readCarriedFilters(tx: Tx, carrier: Carrier, query: object): Promise<CarriedIds> {
  const given = new Map<string, unknown>(Object.entries(query));
  const lists = carriedBy(carrier).flatMap(({ noun, plural }) =>
    given.has(noun) ? [[plural, [given.get(noun)]] as const] : [],
  );
  return readCarried(tx, carrier, Object.fromEntries(lists));
}
