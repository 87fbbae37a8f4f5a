import { filled } from '../../../core/members.ts';
import { type RawBuilder, sql } from 'kysely';
import type { InterfaceAddress, InterfaceLink, MachineInterface } from '../../../model/machines/machine.ts';
import { canonicalAddress, PARENTS } from '../../snapshot.ts';
import type { Tx } from '../../tx.ts';

/** `subnet`: its CIDR. */
export type LinkRow = InterfaceLink & { readonly subnet: string | null };
export interface InterfaceRow extends MachineInterface {
  readonly vlan: string | null;
  readonly addresses: readonly (InterfaceAddress & { readonly subnet: string })[];
  readonly parents: readonly string[];
  readonly links: readonly LinkRow[];
  readonly mtu: number | null;
  /** Of its VLAN; null: it is on none. */
  readonly vlanMtu: number | null;
}

/** A link to make or keep. */
export type LinkInput = Omit<InterfaceLink, 'id'>;

/** An interface to make or keep. One with a known `id` keeps it. `links` left out: a static one for each address. */
export type InterfaceInput = Omit<MachineInterface, 'id' | 'links'> & {
  readonly id?: number | undefined;
  readonly links?: readonly LinkInput[];
};

/** What the column `settings` has: what few interfaces have. */
type InterfaceSettings = Pick<MachineInterface, 'bond' | 'bridge' | 'tags' | 'acceptRa'>;

type Stored = Omit<InterfaceRow, 'addresses' | 'links' | keyof InterfaceSettings | 'parents'> & {
  readonly machineId: string;
  /** Null: of a card, which stands on none. */
  readonly parents: readonly string[] | null;
  readonly settings: InterfaceSettings;
};
type StoredWhole = Stored & { readonly rows: readonly LinkRow[] };

/** What the rows of an interface `i` with its VLAN `v` show. */
const CARD = sql`i.id, i.machine_id as "machineId", i.name, i.mac, i.kind, i.vlan_id as "vlanId", v.name as vlan, v.mtu as "vlanMtu", i.mtu, i.settings,
      case when i.kind <> 'physical' then ${PARENTS} end as parents`;

/** Links of both kinds `a` with their subnet `s`. */
const LINK = sql`a.id, a.mode, host(a.address) as address, a.subnet_id as "subnetId", text(s.cidr) as subnet, a.is_gateway as "isGateway"`;

/** A column for the end of a select list over the table `t` of machines: all interfaces with their links, for one machine. Lists have `withInterfaces`. */
export const CARDS = sql`, (select coalesce(json_agg(c order by c.position, c.id), '[]') from (select ${CARD}, i.position,
      (select coalesce(json_agg(l order by l.id), '[]') from (
        select ${LINK} from interface_addresses a join subnets s on s.id = a.subnet_id where a.interface_id = i.id
        union all select a.id, a.mode, null, a.subnet_id, text(s.cidr), a.is_gateway
          from interface_links a left join subnets s on s.id = a.subnet_id where a.interface_id = i.id) l) as rows
    from interfaces i left join vlans v on v.id = i.vlan_id where i.machine_id = t.id) c) as cards`;

/** A machine that was read with `CARDS`. */
export function withCards<H>({ cards, ...head }: H & { readonly cards: readonly StoredWhole[] }) {
  return { ...head, interfaces: cards.map((card) => interfaceRow(card, card.rows)) };
}

/**
 * Machines with their interfaces: two statements, however many machines. Ids come out of a query of their own: PostgreSQL would read each of them while it plans.
 * They go there as one text: pg writes each element of a list with care, for longer than PostgreSQL finds the rows.
 */
export async function withInterfaces<H extends { readonly id: string }>(
  tx: Tx,
  heads: readonly H[],
): Promise<(H & { readonly interfaces: InterfaceRow[] })[]> {
  const stored = await tx.all(sql<Stored>`
    select ${CARD}
    from interfaces i left join vlans v on v.id = i.vlan_id where i.machine_id = any(array(select unnest(string_to_array(${idsOf(heads)}, ',')))) order by i.position, i.id`);
  const rows = await tx.all(sql<LinkRow & { interfaceId: number }>`
    select a.interface_id as "interfaceId", ${LINK}
    from (select id, interface_id, mode, address, subnet_id, is_gateway from interface_addresses
      union all select id, interface_id, mode, null, subnet_id, is_gateway from interface_links) a left join subnets s on s.id = a.subnet_id
    where a.interface_id = any(array(select unnest(string_to_array(${idsOf(stored)}, ',')::int[]))) order by a.id`);
  const links = Map.groupBy(rows, ({ interfaceId }) => interfaceId);
  const cards = Map.groupBy(stored, ({ machineId }) => machineId);
  return heads.map((head) => ({
    ...head,
    interfaces: (cards.get(head.id) ?? []).map((card) => interfaceRow(card, links.get(card.id) ?? [])),
  }));
}

/** No id has a comma. */
const idsOf = (rows: readonly { readonly id: string | number }[]): string => rows.map(({ id }) => id).join(',');

/** Each member by its name: lists have tens of thousands of interfaces, and a copy of all members but some takes V8 many times as long. */
function interfaceRow(card: Stored, rows: readonly LinkRow[]): InterfaceRow {
  const { id, name, mac, kind, vlanId, vlan, vlanMtu, mtu, parents, settings } = card;
  const links = rows.map(({ id: link, mode, address, subnetId, subnet, isGateway }) => {
    return {
      id: link,
      mode,
      address: address === null ? null : canonicalAddress(address),
      subnetId,
      subnet,
      isGateway,
    };
  });
  const addresses = links.flatMap(({ address, subnetId, subnet }) =>
    address === null || subnetId === null || subnet === null ? [] : [{ address, subnetId, subnet }],
  );
  return { id, name, mac, kind, vlanId, vlan, vlanMtu, mtu, parents: parents ?? [], ...settings, links, addresses };
}

/** An interface with its place among the machine's: the first, 0, has the machine's name. */
type Placed = InterfaceInput & { readonly position: number };

/** Replaces all interfaces of a machine, in this order. Rows that stay are not touched. */
export async function replaceInterfaces(tx: Tx, machineId: string, wanted: readonly InterfaceInput[]): Promise<void> {
  const remainingIds = wanted.flatMap(({ id }) => (id === undefined ? [] : [id]));
  await deleteInterfaces(tx, sql`machine_id = ${machineId} and id <> all(${remainingIds}::int[])`);
  // Addresses may move between interfaces, so all that go are removed first; what an interface stands on may become something else.
  for (const card of wanted) {
    if (card.id === undefined) continue;
    await deleteLinks(tx, card.id, linksOf(card));
    await tx.run(
      sql`delete from interface_parents where interface_id = ${card.id} and parent_id <> all(${parentsOf(card, wanted)}::int[])`,
    );
    // A name or MAC may move to the next interface.
    await tx.run(sql`update interfaces set name = 'mv' || id where id = ${card.id} and name <> ${card.name}`);
  }
  await placeInterfaces(tx, machineId, wanted);
}

/** Makes or changes the interfaces of a machine that has no others. */
export async function placeInterfaces(tx: Tx, machineId: string, wanted: readonly InterfaceInput[]): Promise<void> {
  const known = new Map<string, number>();
  for (const [position, card] of wanted.entries()) {
    const id = await placeInterface(tx, machineId, { ...card, position });
    known.set(card.name, id);
    for (const link of linksOf(card))
      if (card.id === undefined || !(await keepLink(tx, id, link))) await insertLink(tx, id, link);
  }
  for (const card of wanted) {
    const parents = (card.parents ?? []).flatMap((name) => known.get(name) ?? []);
    for (const [position, parent] of parents.entries())
      await tx.run(sql`insert into interface_parents as p (interface_id, parent_id, position)
        values (${known.get(card.name)}, ${parent}, ${position})
        on conflict (interface_id, parent_id) do update set position = excluded.position where p.position <> excluded.position`);
  }
}

async function placeInterface(tx: Tx, machineId: string, card: Placed): Promise<number> {
  const { id, name, mac, kind, vlanId, position, mtu = null, acceptRa, bond, bridge, tags = [] } = card;
  const own: InterfaceSettings = { ...filled({ bond, bridge, tags }), ...(acceptRa === undefined ? {} : { acceptRa }) };
  const settings = JSON.stringify(own);
  if (id !== undefined) {
    await tx.run(sql`update interfaces set name = ${name}, mac = ${mac}, kind = ${kind}, vlan_id = ${vlanId}, position = ${position},
      mtu = ${mtu}, settings = ${settings}::jsonb where id = ${id} and machine_id = ${machineId}`);
    return id;
  }
  const row = await tx.one(sql<{ id: number }>`
    insert into interfaces (machine_id, name, mac, kind, vlan_id, position, mtu, settings)
    values (${machineId}, ${name}, ${mac}, ${kind}, ${vlanId}, ${position}, ${mtu}, ${settings}::jsonb) returning id`);
  if (!row) throw new Error(`the interface ${name} that was just written is not there`);
  return row.id;
}

function linksOf({ links, addresses }: InterfaceInput): readonly LinkInput[] {
  return links ?? addresses.map(({ address, subnetId }) => ({ mode: 'static', address, subnetId, isGateway: false }));
}

/** Deletes the links of an interface that are none of these. */
async function deleteLinks(tx: Tx, interfaceId: number, staying: readonly LinkInput[]): Promise<void> {
  const addresses = staying.flatMap(({ address }) => address ?? []);
  await tx.run(
    sql`delete from interface_addresses where interface_id = ${interfaceId} and address <> all(${addresses}::inet[])`,
  );
  const others = staying
    .filter(({ address }) => address === null)
    .map(({ mode, subnetId }) => `${mode} ${subnetId ?? ''}`);
  await tx.run(sql`delete from interface_links
    where interface_id = ${interfaceId} and mode || ' ' || coalesce(subnet_id::text, '') <> all(${others}::text[])`);
}

/** Brings a link that an interface has to what is wanted; false: it has none like it. */
async function keepLink(
  tx: Tx,
  interfaceId: number,
  { mode, address, subnetId, isGateway }: LinkInput,
): Promise<boolean> {
  const found = await tx.one(
    address === null
      ? sql`update interface_links set is_gateway = ${isGateway}
          where interface_id = ${interfaceId} and mode = ${mode} and subnet_id is not distinct from ${subnetId} returning id`
      : sql`update interface_addresses set mode = ${mode}, is_gateway = ${isGateway}
          where interface_id = ${interfaceId} and address = ${address}::inet returning id`,
  );
  return found !== null;
}

async function insertLink(
  tx: Tx,
  interfaceId: number,
  { mode, address, subnetId, isGateway }: LinkInput,
): Promise<void> {
  await tx.run(
    address === null
      ? sql`insert into interface_links (interface_id, subnet_id, mode, is_gateway) values (${interfaceId}, ${subnetId}, ${mode}, ${isGateway})`
      : sql`insert into interface_addresses (interface_id, subnet_id, address, mode, is_gateway)
          values (${interfaceId}, ${subnetId}, ${address}::inet, ${mode}, ${isGateway})`,
  );
}

/** Ids of the interfaces that one stands on, as far as they are there already. */
function parentsOf(card: InterfaceInput, all: readonly InterfaceInput[]): number[] {
  return all.flatMap(({ id, name }) => (id !== undefined && card.parents?.includes(name) ? [id] : []));
}

/** Deletes interfaces with all that hangs on them. `which`: over the table. */
export async function deleteInterfaces(tx: Tx, which: RawBuilder<unknown>): Promise<void> {
  await deleteAddresses(tx, which);
  for (const table of ['interface_links', 'interface_parents'])
    await tx.run(sql`delete from ${sql.table(table)} where interface_id in (select id from interfaces where ${which})`);
  await tx.run(sql`delete from interface_parents where parent_id in (select id from interfaces where ${which})`);
  await tx.run(sql`delete from interfaces where ${which}`);
}

function deleteAddresses(tx: Tx, which: RawBuilder<unknown>): Promise<number> {
  return tx.run(sql`delete from interface_addresses where interface_id in (select id from interfaces where ${which})`);
}

/** Deletes all interfaces of a machine, which were read under its lock: statements only for what there is. */
export async function deleteAllInterfaces(
  tx: Tx,
  machineId: string,
  interfaces: readonly InterfaceRow[],
): Promise<void> {
  const which = sql`machine_id = ${machineId}`;
  const isPlain = interfaces.every(
    ({ parents, links }) => parents.length === 0 && links.every(({ address }) => address !== null),
  );
  if (!isPlain) return await deleteInterfaces(tx, which);
  if (interfaces.some(({ addresses }) => addresses.length > 0)) await deleteAddresses(tx, which);
  if (interfaces.length > 0) await tx.run(sql`delete from interfaces where ${which}`);
}
