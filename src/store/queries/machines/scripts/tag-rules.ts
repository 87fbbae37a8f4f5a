import { sql } from 'kysely';
import type { Tx } from '../../../tx.ts';

/** A tag that machines have by its definition. */
export type DefinedTag = { readonly id: number; readonly name: string; readonly definition: string };

/** Tags with a definition. */
export function listDefinedTags(tx: Tx): Promise<DefinedTag[]> {
  return tx.all(sql<DefinedTag>`select id, name, definition from tags where definition <> '' order by id`);
}

/** Ids of the tags of a machine. */
export async function tagsOf(tx: Tx, machineId: string): Promise<ReadonlySet<number>> {
  const rows = await tx.all(sql<{ id: number }>`select tag_id as id from machine_tags where machine_id = ${machineId}`);
  return new Set(rows.map(({ id }) => id));
}

/** Inventories of machines in the order of their ids, some at a time, with whether the machine has a tag. `after`: the last id of the page before. */
export function readInventories(
  tx: Tx,
  tagId: number,
  after: string,
): Promise<
  readonly {
    readonly machineId: string;
    readonly hostname: string;
    readonly inventory: unknown;
    readonly has: boolean;
  }[]
> {
  return tx.all(sql`select i.machine_id as "machineId", m.hostname, i.inventory,
      exists (select from machine_tags t where t.machine_id = i.machine_id and t.tag_id = ${tagId}) as has
    from machine_inventories i join machines m on m.id = i.machine_id where i.machine_id > ${after} order by i.machine_id limit 200`);
}

/** Takes a tag off the machines that have not reported their hardware. */
export async function untagUntold(tx: Tx, tagId: number): Promise<void> {
  await tx.run(sql`delete from machine_tags t where tag_id = ${tagId}
    and not exists (select from machine_inventories i where i.machine_id = t.machine_id)`);
}

/** Takes a tag off all machines. */
export async function untagAll(tx: Tx, tagId: number): Promise<void> {
  await tx.run(sql`delete from machine_tags where tag_id = ${tagId}`);
}

/** Gives a machine a tag, or takes it off. */
export async function storeTag(tx: Tx, machineId: string, tagId: number, isOn: boolean): Promise<void> {
  await tx.run(
    isOn
      ? sql`insert into machine_tags (machine_id, tag_id) values (${machineId}, ${tagId}) on conflict do nothing`
      : sql`delete from machine_tags where machine_id = ${machineId} and tag_id = ${tagId}`,
  );
}

/** Takes a tag from machines, then gives it to machines: one statement each, whatever their number. Ids of no machine are left out. */
export async function tagMany(
  tx: Tx,
  tagId: number,
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): Promise<{ added: number; removed: number }> {
  const gone =
    await tx.all(sql`delete from machine_tags where tag_id = ${tagId} and machine_id = any(${[...remove]}::text[])
    returning machine_id`);
  const made = await tx.all(sql`insert into machine_tags (machine_id, tag_id)
    select id, ${tagId} from machines where id = any(${[...add]}::text[]) order by id on conflict do nothing returning machine_id`);
  return { added: made.length, removed: gone.length };
}
