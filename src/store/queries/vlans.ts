import { sql } from 'kysely';
import type { Rejected } from '../../core/errors.ts';
import type { Vlan } from '../../model/subnet.ts';
import { containing, listPage, type Page, type PageQuery } from '../page.ts';
import { deleteRow, findRow, insertRow, type Noun, type Target, updateRow } from '../rows.ts';
import type { Tx } from '../tx.ts';

export interface VlanRow extends Vlan {
  readonly version: number;
}

const VLANS: Noun = {
  table: 'vlans',
  key: 'id',
  label: 'VLAN',
  columns: sql`t.id, t.name, t.vid, t.version`,
  from: sql`vlans t`,
};

/** Finds by id, VID or name. */
export function findVlan(tx: Tx, by: { id: number } | { vid: number } | { name: string }): Promise<VlanRow | null> {
  if ('id' in by) return findRow(tx, VLANS, sql`t.id = ${by.id}`);
  return findRow(tx, VLANS, 'vid' in by ? sql`t.vid = ${by.vid}` : sql`t.name = ${by.name}`);
}

export function createVlan(tx: Tx, vlan: Omit<Vlan, 'id'>): Promise<VlanRow> {
  return insertRow(tx, VLANS, { name: vlan.name, vid: vlan.vid });
}

export function updateVlan(tx: Tx, target: Target, change: Partial<Omit<Vlan, 'id'>>): Promise<VlanRow | Rejected> {
  return updateRow(tx, VLANS, target, { name: change.name, vid: change.vid });
}

export function deleteVlan(tx: Tx, target: Target): Promise<VlanRow | Rejected> {
  return deleteRow(tx, VLANS, target);
}

/** Sorts: id, name, vid. `name`: part of the name. */
export function listVlans(tx: Tx, query: PageQuery & { name?: string | undefined } = {}): Promise<Page<VlanRow>> {
  const filters = [query.name === undefined ? undefined : sql`t.name ilike ${containing(query.name)}`];
  const sorts = { id: sql`t.id`, name: sql`t.name collate "C"`, vid: sql`t.vid` };
  return listPage(tx, { ...VLANS, id: sql`t.id`, sorts, defaultSort: 'id' }, filters, query);
}
