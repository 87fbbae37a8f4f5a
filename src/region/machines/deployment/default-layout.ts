import type { Inventory } from '../../../contract/machines/machine-inventory.ts';
import { isRejected } from '../../../core/errors.ts';
import { layOut } from '../../../model/machines/deployment/stored/layouts.ts';
import type { DiskSeen } from '../../../model/machines/deployment/storage-types.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import { deleteStorage, isLaidOut, storeStorage } from '../../../store/queries/machines/machine-storage.ts';
import { readInventory } from '../../../store/queries/machines/machine-inventories.ts';
import { readSettings } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import type { WriteTx } from '../../../store/write.ts';

/** The disks of a machine in its newest inventory; none before its first one. */
export async function disksOf(tx: Tx, { id }: Pick<MachineRow, 'id'>): Promise<DiskSeen[]> {
  const row = await readInventory(tx, id);
  const { disks = [] } = (row?.inventory ?? {}) as Inventory;
  return disks.flatMap(({ bytes, ...disk }) => (bytes === undefined ? [] : [{ ...disk, bytes }]));
}

/**
 * Lays the disks of a machine out as the setting `default_storage_layout` says, unless somebody chose another layout. The usual one, flat, needs no row. If
 * a layout does not fit the disks, the event says so, and the machine has the usual one.
 */
export async function layOutByDefault(tx: WriteTx, machine: Pick<MachineRow, 'id' | 'fqdn'>): Promise<void> {
  const { default_storage_layout: layout } = await readSettings(tx);
  if (await isLaidOut(tx, machine.id)) return;
  await deleteStorage(tx, machine.id);
  if (layout === 'flat') return;
  const made = layOut({ layout }, { seen: await disksOf(tx, machine) });
  if (!isRejected(made)) await storeStorage(tx, machine.id, made, { isByDefault: true });
  const data = isRejected(made) ? { layout, refused: made.message } : { layout };
  tx.emit({ kind: 'machine.storage', subject: machine.fqdn, data });
}
