import { sql } from 'kysely';
import type { NodePlace } from '../../../model/cluster/place.ts';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** A stored place. `openedAt`: ISO 8601. */
export type PlaceRow = NodePlace & { readonly openedAt: string; readonly openedBy: string };

const COLUMNS = sql`t.name, t.is_region as "isRegion", t.is_rack as "isRack", t.node_id as "nodeId", t.opened_at as "openedAt",
  t.opened_by as "openedBy"`;

/** The place, by the name of its node. */
export function findPlace(tx: Tx, name: string): Promise<PlaceRow | null> {
  return tx.one(sql<PlaceRow>`select ${COLUMNS} from node_places t where t.name = ${name}`);
}

/** All stored places, by name. */
export function readPlaces(tx: Tx): Promise<PlaceRow[]> {
  return tx.all(sql<PlaceRow>`select ${COLUMNS} from node_places t order by t.name collate "C"`);
}

/** Stores a place. One that exists already stays as it is. */
export async function openPlace(tx: Tx, place: NodePlace & { readonly openedBy: string }): Promise<void> {
  const { name, isRegion, isRack, nodeId, openedBy } = place;
  await tx.run(sql`insert into node_places (name, is_region, is_rack, node_id, opened_by)
    values (${name}, ${isRegion}, ${isRack}, ${nodeId}, ${openedBy}) on conflict (name) do nothing`);
}

/** Deletes a place; null: there was none. */
export async function closePlace(tx: Tx, name: string): Promise<PlaceRow | null> {
  const row = await findPlace(tx, name);
  if (row) await tx.run(sql`delete from node_places where name = ${name}`);
  return row;
}

/** Sorts: name. */
export function listPlaces(tx: Tx, query: PageQuery = {}): Promise<ListPage<PlaceRow>> {
  const id = sql`t.name collate "C"`;
  return listPage(
    tx,
    { columns: COLUMNS, from: sql`node_places t`, id, sorts: { name: id }, defaultSort: 'name' },
    [],
    query,
  );
}
