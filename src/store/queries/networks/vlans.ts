import { type RawBuilder, sql } from 'kysely';
import type { Rejected } from '../../../core/errors.ts';
import type { Vlan } from '../../../model/networks/vlan.ts';
import { containing, listPage, type ListPage, type PageQuery } from '../../page.ts';
import { deleteRow, findRow, insertRow, lockRow, type Noun, type VersionedKey, updateRow } from '../../rows.ts';
import type { Tx } from '../../tx.ts';

/** `fabric`, `space`: names. */
export interface VlanRow extends Vlan {
  readonly fabric: string;
  readonly space: string | null;
  /** FABRIC/NAME of its relay VLAN. */
  readonly relayVlan: string | null;
  /** Names of its racks. */
  readonly primaryRack: string | null;
  readonly secondaryRack: string | null;
  /** Machines that nobody knows are enlisted on it. */
  readonly enlistOn: boolean;
  /** Octets of the largest packet. */
  readonly mtu: number;
  readonly version: number;
}

const VLANS: Noun = {
  table: 'vlans',
  key: 'id',
  label: 'VLAN',
  columns: sql`t.id, t.name, t.vid, t.fabric_id as "fabricId", t.space_id as "spaceId", t.dhcp_on as "dhcpOn",
    t.dns_on as "dnsOn", t.relay_vlan_id as "relayVlanId", t.primary_rack_id as "primaryRackId",
    t.secondary_rack_id as "secondaryRackId", t.enlist_on as "enlistOn", t.mtu, t.version, f.name as fabric, s.name as space, p.name as "primaryRack",
    q.name as "secondaryRack",
    (select g.name || '/' || w.name from vlans w join fabrics g on g.id = w.fabric_id where w.id = t.relay_vlan_id) as "relayVlan"`,
  from: sql`vlans t join fabrics f on f.id = t.fabric_id left join spaces s on s.id = t.space_id
    left join racks p on p.uuid = t.primary_rack_id left join racks q on q.uuid = t.secondary_rack_id`,
};

export function findVlan(tx: Tx, id: number): Promise<VlanRow | null> {
  return findRow(tx, VLANS, sql`t.id = ${id}`);
}

/**
 * VLANs that an operator may mean by this text, in id order, at most eleven: by name, VID, FABRIC/NAME or FABRIC/VID; by id when it is none
 * of these.
 */
export async function findVlansMeant(tx: Tx, text: string): Promise<VlanRow[]> {
  const where = sql`t.name = ${text} or t.vid::text = ${text}
    or f.name || '/' || t.name = ${text} or f.name || '/' || t.vid = ${text}
    or f.id || '/' || t.name = ${text} or f.id || '/' || t.vid = ${text}`;
  const rows = await tx.all(
    sql<VlanRow>`select ${VLANS.columns} from ${VLANS.from} where ${where} order by t.id limit 11`,
  );
  if (rows.length > 0) return rows;
  return tx.all(sql<VlanRow>`select ${VLANS.columns} from ${VLANS.from} where t.id::text = ${text}`);
}

/** The untagged VLAN of the first fabric. Subnets that name no VLAN go there. */
export function findFirstVlan(tx: Tx): Promise<VlanRow | null> {
  return tx.one(sql<VlanRow>`select ${VLANS.columns} from ${VLANS.from} where t.vid = 0 order by f.id limit 1`);
}

/** Locks the VLAN until the transaction ends, so that changes of its DHCP come one by one. */
export const lockVlan = (tx: Tx, target: VersionedKey): Promise<Rejected | null> => lockRow(tx, VLANS, target);

/** A new VLAN; missing values get the schema's defaults. */
export type NewVlan = Pick<Vlan, 'fabricId' | 'name' | 'vid'> & VlanChange;

export const createVlan = (tx: Tx, vlan: NewVlan): Promise<VlanRow> => insertRow(tx, VLANS, columnsOf(vlan));

export function updateVlan(tx: Tx, target: VersionedKey, change: VlanChange): Promise<VlanRow | Rejected> {
  return updateRow(tx, VLANS, target, columnsOf(change));
}

export const deleteVlan = (tx: Tx, target: VersionedKey): Promise<VlanRow | Rejected> => deleteRow(tx, VLANS, target);

export interface VlanFilter extends PageQuery {
  readonly name?: string | undefined;
  readonly fabricId?: number | undefined;
  readonly spaceId?: number | undefined;
  readonly dhcpOn?: boolean | undefined;
}

/** Sorts: id, name, vid. `name`: part of the name. */
export function listVlans(tx: Tx, query: VlanFilter = {}): Promise<ListPage<VlanRow>> {
  const filters: (RawBuilder<unknown> | undefined)[] = [
    query.name === undefined ? undefined : sql`t.name ilike ${containing(query.name)}`,
    query.fabricId === undefined ? undefined : sql`t.fabric_id = ${query.fabricId}`,
    query.spaceId === undefined ? undefined : sql`t.space_id = ${query.spaceId}`,
    query.dhcpOn === undefined ? undefined : sql`t.dhcp_on = ${query.dhcpOn}`,
  ];
  const sorts = { id: sql`t.id`, name: sql`t.name collate "C"`, vid: sql`t.vid` };
  return listPage(tx, { ...VLANS, id: sql`t.id`, sorts, defaultSort: 'id' }, filters, query);
}

/** Names of the VLANs that relay to this one, FABRIC/NAME, at most `limit`. */
export async function relayedTo(tx: Tx, id: number, limit: number): Promise<string[]> {
  const rows = await tx.all(sql<{ name: string }>`
    select f.name || '/' || t.name as name from vlans t join fabrics f on f.id = t.fabric_id
    where t.relay_vlan_id = ${id} order by t.id limit ${limit}`);
  return rows.map(({ name }) => name);
}

/** Some users of a VLAN, as operators know them: subnets, then interfaces of machines, then VLANs that relay to it; at most `limit`. */
export async function usersOfVlan(tx: Tx, id: number, limit: number): Promise<string[]> {
  const rows = await tx.all(sql<{ text: string }>`
    (select 'the subnet ' || text(cidr) as text, 1 as rank from subnets where vlan_id = ${id} order by cidr limit ${limit})
    union all
    (select format('%s of the machine %s.%s', i.name, m.hostname, d.name), 2 from interfaces i
      join machines m on m.id = i.machine_id join domains d on d.id = m.domain_id
      where i.vlan_id = ${id} order by m.hostname collate "C", i.id limit ${limit})
    union all
    (select 'the relay of ' || name, 3 from vlans where relay_vlan_id = ${id} order by id limit ${limit})
    order by rank limit ${limit}`);
  return rows.map(({ text }) => text);
}

/** VLANs that name this rack as their primary or secondary one, as FABRIC/NAME; at most `limit`. */
export async function vlansOfRack(tx: Tx, uuid: string, limit: number): Promise<string[]> {
  const rows = await tx.all(sql<{ label: string }>`
    select f.name || '/' || t.name as label from vlans t join fabrics f on f.id = t.fabric_id
    where ${uuid} in (t.primary_rack_id, t.secondary_rack_id) order by f.id, t.vid limit ${limit}`);
  return rows.map(({ label }) => label);
}

/** What may change; undefined stays as it is. */
type VlanChange = { readonly [K in Exclude<keyof Vlan, 'id'>]?: Vlan[K] | undefined } & {
  readonly enlistOn?: boolean | undefined;
  readonly mtu?: number | undefined;
};

function columnsOf(vlan: VlanChange) {
  return {
    fabric_id: vlan.fabricId,
    space_id: vlan.spaceId,
    name: vlan.name,
    vid: vlan.vid,
    dhcp_on: vlan.dhcpOn,
    dns_on: vlan.dnsOn,
    relay_vlan_id: vlan.relayVlanId,
    primary_rack_id: vlan.primaryRackId,
    secondary_rack_id: vlan.secondaryRackId,
    enlist_on: vlan.enlistOn,
    mtu: vlan.mtu,
  };
}
