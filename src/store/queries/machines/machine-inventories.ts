import { sql } from 'kysely';
import type { SuggestedBmc } from '../../../model/machines/enlistment.ts';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** A machine's hardware as last reported. `source`: the address that it came from. `at`: ISO 8601, by the database's clock. */
export interface InventoryRow {
  readonly at: string;
  readonly source: string;
  readonly inventory: unknown;
  readonly problems: readonly string[];
}

/** Stores a machine's report of its hardware in place of the one before. `bmc`: the BMC that it reports; null: none. */
export async function storeInventory(
  tx: Tx,
  machineId: string,
  { source, inventory, problems, bmc }: Omit<InventoryRow, 'at'> & { readonly bmc: SuggestedBmc | null },
): Promise<void> {
  await tx.run(sql`insert into machine_inventories (machine_id, source, inventory, problems, suggested_bmc)
    select id, ${source}, ${JSON.stringify(inventory)}::jsonb, ${JSON.stringify(problems)}::jsonb, ${bmc === null ? null : JSON.stringify(bmc)}::jsonb from machines where id = ${machineId}
    on conflict (machine_id) do update set at = clock_timestamp(), source = excluded.source, inventory = excluded.inventory,
      problems = excluded.problems, suggested_bmc = excluded.suggested_bmc`);
}

/** A machine's last report; null: none yet. */
export function readInventory(tx: Tx, machineId: string): Promise<InventoryRow | null> {
  return tx.one(
    sql<InventoryRow>`select at, source, inventory, problems from machine_inventories where machine_id = ${machineId}`,
  );
}

/** What a list has of a machine's hardware. */
export type ListedInventoryRow = Pick<InventoryRow, 'at' | 'inventory'> & { readonly machine: string };

/** Machines' last reports, by their ids, without the long lists of devices. One statement whatever the page. */
export function listInventories(tx: Tx, query: PageQuery = {}): Promise<ListPage<ListedInventoryRow>> {
  const id = sql`t.machine_id collate "C"`;
  const columns = sql`t.machine_id as machine, t.at, t.inventory - 'pci' - 'usb' #- '{cpu,flags}' as inventory`;
  // What is left out is cut only out of the rows of the page.
  const placeOf = ({ machine }: ListedInventoryRow) => [machine, machine] as const;
  const spec = {
    columns,
    from: sql`machine_inventories t`,
    joined: sql``,
    id,
    sorts: { id },
    defaultSort: 'id',
    placeOf,
  };
  return listPage(tx, spec, [], query);
}
