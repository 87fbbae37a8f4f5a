import { sql } from 'kysely';
import type { MachineStorage } from '../../../model/machines/deployment/stored/storage.ts';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** How the disks of a machine are to be laid out, by its id. */
export type StorageRow = { readonly machine: string; readonly storage: MachineStorage };

/** What is stored of a machine's layout; null: nobody requested one. */
export async function readStorage(tx: Tx, machineId: string): Promise<MachineStorage | null> {
  const row = await tx.one(
    sql<{ storage: MachineStorage }>`select storage from machine_storage where machine_id = ${machineId}`,
  );
  return row?.storage ?? null;
}

/** Did somebody ask for a layout of its own? */
export async function isLaidOut(tx: Tx, machineId: string): Promise<boolean> {
  return (await tx.one(sql`select from machine_storage where machine_id = ${machineId} and not by_default`)) !== null;
}

/** Stores a layout in place of the one before. `isByDefault`: the setting of the site gave it, nobody requested it. */
export async function storeStorage(
  tx: Tx,
  machineId: string,
  storage: MachineStorage,
  { isByDefault } = { isByDefault: false },
): Promise<void> {
  await tx.run(sql`insert into machine_storage (machine_id, storage, by_default)
    values (${machineId}, ${JSON.stringify(storage)}::jsonb, ${isByDefault})
    on conflict (machine_id) do update set storage = excluded.storage, by_default = excluded.by_default, changed_at = clock_timestamp()`);
}

/** Deletes the stored layout: the machine has the default layout again. */
export async function deleteStorage(tx: Tx, machineId: string): Promise<void> {
  await tx.run(sql`delete from machine_storage where machine_id = ${machineId}`);
}

/** The stored layouts, by the ids of their machines. One statement whatever the page. */
export function listStorages(tx: Tx, query: PageQuery = {}): Promise<ListPage<StorageRow>> {
  const id = sql`t.machine_id collate "C"`;
  const columns = sql`t.machine_id as machine, t.storage`;
  const spec = { columns, from: sql`machine_storage t`, id, sorts: { id }, defaultSort: 'id' };
  return listPage(tx, spec, [], query);
}
