import { sql } from 'kysely';
import type { ImageArchitecture } from '../../../model/images/image.ts';
import type { MachineState } from '../../../model/machines/machine-states.ts';
import type { Tx } from '../../tx.ts';
import { IS_IN_SUBNET, isLive, NEWEST_FIRST } from '../networks/lease-ends.ts';

/** A machine that is known, as far as it matters when a machine asks to be enlisted. */
export interface KnownMachine {
  readonly id: string;
  readonly fqdn: string;
  readonly hostname: string;
  readonly state: MachineState;
  /** As its inventory has it, else as reported at its enlistment; null: not known. */
  readonly uuid: string | null;
  readonly serial: string | null;
  /** Its run for enlisting is open: its inventory has not come. */
  readonly isEnlisting: boolean;
  /** It was enlisted, and nobody has accepted it. */
  readonly isWaiting: boolean;
}

const IS_WAITING = sql`e.machine_id is not null and coalesce(s.epoch, 0) = 0`;
const UUID = sql`coalesce(i.uuid, e.uuid)`;
const KNOWN = sql`m.id, m.hostname, m.hostname || '.' || d.name as fqdn, coalesce(s.state, 'new') as state, ${UUID} as uuid,
    coalesce(i.inventory #>> '{system,serial}', e.serial) as serial, ${IS_WAITING} as "isWaiting",
    exists (select from machine_tokens k where k.machine_id = m.id and k.ended_at is null and k.purpose = 'enlisting') as "isEnlisting"
  from machines m join domains d on d.id = m.domain_id left join machine_states s on s.machine_id = m.id
    left join machine_enlistments e on e.machine_id = m.id left join machine_inventories i on i.machine_id = m.id`;

/** The machine that has this card, or null. */
export function findByCard(tx: Tx, mac: string): Promise<KnownMachine | null> {
  return tx.one(sql<KnownMachine>`select ${KNOWN}
    where m.id in (select machine_id from interfaces where mac = ${mac} and kind = 'physical')`);
}

/** Machines with one of these UUIDs, which are forms of one; at most so many. */
export function findByUuid(tx: Tx, uuids: readonly string[], limit: number): Promise<KnownMachine[]> {
  const wanted = [...uuids];
  return tx.all(sql<KnownMachine>`select ${KNOWN}
    where m.id in (select machine_id from machine_inventories where uuid = any(${wanted}::text[])
      union select machine_id from machine_enlistments where uuid = any(${wanted}::text[])) and ${UUID} = any(${wanted}::text[])
    order by m.id collate "C" limit ${limit}`);
}

/** How many enlisted machines nobody has accepted yet. */
export async function countWaiting(tx: Tx): Promise<number> {
  const row = await tx.one(sql<{ count: number }>`select count(*)::int as count from machine_enlistments e
    left join machine_states s on s.machine_id = e.machine_id where ${IS_WAITING}`);
  return row?.count ?? 0;
}

/** The VLAN where an address lies, and whether machines are enlisted on it; null: on none that we know. `address` null: where the card's newest lease is. */
export function findVlanOf(
  tx: Tx,
  { mac, address }: { readonly mac: string; readonly address: string | null },
): Promise<{ readonly id: number; readonly name: string; readonly isOn: boolean } | null> {
  const vlan = sql`v.id, f.name || '/' || v.name as name, v.enlist_on as "isOn"`;
  const place = sql`join vlans v on v.id = s.vlan_id join fabrics f on f.id = v.fabric_id`;
  if (address !== null)
    return tx.one(sql`select ${vlan} from subnets s ${place} where s.cidr >>= ${address}::inet limit 1`);
  return tx.one(sql`select ${vlan} from leases t join subnets s on ${IS_IN_SUBNET} ${place}
    where t.mac = ${mac} and t.state = 'active' and ${isLive('t')} order by ${NEWEST_FIRST} limit 1`);
}

/** A lease by which a rack knows a card: its address, and whether the address `via` lies in its subnet and is nobody else's. Null: the rack gave it none. */
export function findLeaseOf(
  tx: Tx,
  { nodeId, mac, via }: { readonly nodeId: string; readonly mac: string; readonly via: string | null },
): Promise<{ readonly address: string; readonly isVia: boolean } | null> {
  return tx.one(sql<{ address: string; isVia: boolean }>`
    select host(t.address) as address, ${via}::inet is null or (s.cidr >>= ${via}::inet and not exists (
      select from leases o where o.address = ${via}::inet and o.mac is distinct from t.mac and o.state = 'active' and ${isLive('o')})) as "isVia"
    from leases t join subnets s on ${IS_IN_SUBNET}
    where t.node_id = ${nodeId} and t.mac = ${mac} and t.state = 'active' and ${isLive('t')} order by "isVia" desc, ${NEWEST_FIRST} limit 1`);
}

/** Machines that were enlisted by a rack within a minute. */
export async function countFresh(tx: Tx, nodeId: string): Promise<number> {
  const row = await tx.one(sql<{ count: number }>`select count(*)::int as count from machine_enlistments
    where node_id = ${nodeId} and at > clock_timestamp() - interval '1 minute'`);
  return row?.count ?? 0;
}

/** What a machine reported at its enlistment. `node`: id of the rack that sent the request. */
export interface NewEnlistment {
  readonly machineId: string;
  readonly nodeId: string;
  readonly mac: string;
  readonly architecture: ImageArchitecture;
  readonly firmware: 'bios' | 'uefi';
  readonly uuid: string | null;
  readonly serial: string | null;
  readonly note: string;
}

export async function storeEnlistment(tx: Tx, enlistment: NewEnlistment): Promise<void> {
  const { machineId, nodeId, mac, architecture, firmware, uuid, serial, note } = enlistment;
  await tx.run(sql`insert into machine_enlistments (machine_id, node_id, mac, architecture, firmware, uuid, serial, note)
    values (${machineId}, (select id from nodes where id = ${nodeId}), ${mac}, ${architecture}, ${firmware}, ${uuid}, ${serial}, left(${note}, 1000))
    on conflict (machine_id) do nothing`);
}

/** Whether an operator wants the machine of this card left alone. */
export async function isIgnored(tx: Tx, mac: string): Promise<boolean> {
  return (await tx.one(sql`select from ignored_machines where mac = ${mac}`)) !== null;
}

/** A card whose machine is left alone. `ignoredAt`: ISO 8601. */
export interface IgnoredRow {
  readonly mac: string;
  readonly hostname: string;
  readonly comment: string;
  readonly ignoredBy: string;
  readonly ignoredAt: string;
}

const IGNORED = sql`mac, hostname, comment, ignored_by as "ignoredBy", ignored_at as "ignoredAt"`;

/** All of them, in the order of their MACs. */
export function listIgnored(tx: Tx): Promise<IgnoredRow[]> {
  return tx.all(sql<IgnoredRow>`select ${IGNORED} from ignored_machines order by mac`);
}

/** Leaves the machine of these cards alone from now on; a card that is there already gets the new text. */
export async function storeIgnored(
  tx: Tx,
  macs: readonly string[],
  { hostname, comment, ignoredBy }: Omit<IgnoredRow, 'mac' | 'ignoredAt'>,
): Promise<void> {
  await tx.run(sql`insert into ignored_machines (mac, hostname, comment, ignored_by)
    select distinct mac, ${hostname}, ${comment}, ${ignoredBy} from unnest(${[...macs]}::text[]) as t (mac) order by mac
    on conflict (mac) do update set hostname = excluded.hostname, comment = excluded.comment, ignored_by = excluded.ignored_by,
      ignored_at = clock_timestamp()`);
}

/** Takes it back; null: it was not ignored. */
export function deleteIgnored(tx: Tx, mac: string): Promise<IgnoredRow | null> {
  return tx.one(sql<IgnoredRow>`delete from ignored_machines where mac = ${mac} returning ${IGNORED}`);
}
