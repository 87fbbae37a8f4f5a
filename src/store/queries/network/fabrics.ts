import { sql } from 'kysely';
import type { Rejected } from '../../../core/errors.ts';
import type { Fabric } from '../../../model/vlan.ts';
import { containing, listPage, type Page, type PageQuery } from '../../page.ts';
import { deleteRow, findRow, insertRow, type Noun, type Target, updateRow } from '../../rows.ts';
import type { Tx } from '../../tx.ts';

/** `vlans`: number of its VLANs. */
export interface FabricRow extends Fabric {
  readonly vlans: number;
  readonly version: number;
}

const FABRICS: Noun = {
  table: 'fabrics',
  key: 'id',
  label: 'fabric',
  columns: sql`t.id, t.name, t.version, (select count(*) from vlans v where v.fabric_id = t.id) as vlans`,
  from: sql`fabrics t`,
};

/** Finds by id or name; `first`: the one with the lowest id, where VLANs go that name none. */
export function findFabric(tx: Tx, by: { id: number } | { name: string } | 'first'): Promise<FabricRow | null> {
  if (by === 'first') return findRow(tx, FABRICS, sql`true`);
  return findRow(tx, FABRICS, 'id' in by ? sql`t.id = ${by.id}` : sql`t.name = ${by.name}`);
}

/** Holds all fabrics until the transaction ends, and gives their number: of two that delete one, the second waits and counts right. */
export async function lockFabrics(tx: Tx): Promise<number> {
  return (await tx.all(sql`select id from fabrics order by id for update`)).length;
}

export function createFabric(tx: Tx, fabric: Omit<Fabric, 'id'>): Promise<FabricRow> {
  return insertRow(tx, FABRICS, { name: fabric.name });
}

export function updateFabric(
  tx: Tx,
  target: Target,
  change: Partial<Omit<Fabric, 'id'>>,
): Promise<FabricRow | Rejected> {
  return updateRow(tx, FABRICS, target, { name: change.name });
}

export function deleteFabric(tx: Tx, target: Target): Promise<FabricRow | Rejected> {
  return deleteRow(tx, FABRICS, target);
}

/** Sorts: id, name. `name`: part of the name. */
export function listFabrics(tx: Tx, query: PageQuery & { name?: string | undefined } = {}): Promise<Page<FabricRow>> {
  const filters = [query.name === undefined ? undefined : sql`t.name ilike ${containing(query.name)}`];
  const sorts = { id: sql`t.id`, name: sql`t.name collate "C"` };
  return listPage(tx, { ...FABRICS, id: sql`t.id`, sorts, defaultSort: 'id' }, filters, query);
}
