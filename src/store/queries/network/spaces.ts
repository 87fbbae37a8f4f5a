import { sql } from 'kysely';
import type { Rejected } from '../../../core/errors.ts';
import type { Space } from '../../../model/vlan.ts';
import { containing, listPage, type Page, type PageQuery } from '../../page.ts';
import { deleteRow, findRow, insertRow, type Noun, type Target, updateRow } from '../../rows.ts';
import type { Tx } from '../../tx.ts';

/** `vlans`: number of VLANs in it. */
export interface SpaceRow extends Space {
  readonly vlans: number;
  readonly version: number;
}

const SPACES: Noun = {
  table: 'spaces',
  key: 'id',
  label: 'space',
  columns: sql`t.id, t.name, t.version, (select count(*) from vlans v where v.space_id = t.id) as vlans`,
  from: sql`spaces t`,
};

export function findSpace(tx: Tx, by: { id: number } | { name: string }): Promise<SpaceRow | null> {
  return findRow(tx, SPACES, 'id' in by ? sql`t.id = ${by.id}` : sql`t.name = ${by.name}`);
}

export function createSpace(tx: Tx, space: Omit<Space, 'id'>): Promise<SpaceRow> {
  return insertRow(tx, SPACES, { name: space.name });
}

export function updateSpace(tx: Tx, target: Target, change: Partial<Omit<Space, 'id'>>): Promise<SpaceRow | Rejected> {
  return updateRow(tx, SPACES, target, { name: change.name });
}

export function deleteSpace(tx: Tx, target: Target): Promise<SpaceRow | Rejected> {
  return deleteRow(tx, SPACES, target);
}

/** Sorts: id, name. `name`: part of the name. */
export function listSpaces(tx: Tx, query: PageQuery & { name?: string | undefined } = {}): Promise<Page<SpaceRow>> {
  const filters = [query.name === undefined ? undefined : sql`t.name ilike ${containing(query.name)}`];
  const sorts = { id: sql`t.id`, name: sql`t.name collate "C"` };
  return listPage(tx, { ...SPACES, id: sql`t.id`, sorts, defaultSort: 'id' }, filters, query);
}
