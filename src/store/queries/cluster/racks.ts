import { sql } from 'kysely';
import type { Rejected } from '../../../core/errors.ts';
import { masterOf, type Rack } from '../../../model/cluster/rack.ts';
import type { KnownRack } from '../../../model/cluster/registration.ts';
import type { LatestInterfaces, VlanAttachment } from '../../../model/networks/vlan-attachments.ts';
import { latestAttachments } from '../../../model/networks/vlan-attachments.ts';
import type { Subnet } from '../../../model/networks/subnet.ts';
import { isOlder } from '../../elapsed.ts';
import { deleteRow, insertRow, type Noun, type VersionedKey, updateRow } from '../../rows.ts';
import type { Tx } from '../../tx.ts';
import { readFloatingAddress } from './floating-address.ts';
import type { RackNode } from '../../../model/networks/serving.ts';

/** `node`: its node's name. `machines`: those that name it. `seenAt`, `source`: time and source of its last request, null if never. */
export interface RackRow extends KnownRack {
  readonly node: string | null;
  readonly registeredAt: string;
  readonly seenAt: string | null;
  readonly source: string | null;
  readonly machines: number;
  readonly version: number;
}

const RACKS: Noun = {
  table: 'racks',
  key: 'uuid',
  label: 'rack',
  columns: sql`t.uuid, t.name, t.node_id as "nodeId", n.name as node, t.state, t.public_key as "publicKey",
    t.accepted_at as "acceptedAt", coalesce(t.key_reset_until > now(), false) as "mayRekey", t.created_at as "registeredAt",
    c.at as "seenAt", c.source, (select count(*) from machines m where m.rack_id = t.uuid) as machines, t.version`,
  from: sql`racks t left join nodes n on n.id = t.node_id left join rack_calls c on c.uuid = t.uuid`,
};

/** How often a rack's call is stored, and how long a nonce counts: longer than a signature is valid. */
const CALL_EVERY = '10 seconds';
/** Names the lock below among other advisory locks of this database. */
const LOCK = 5_240_005;

/** Registrations and an admin's decisions come one after the other until their transactions end: there is one master at every moment. */
export async function lockRacks(tx: Tx): Promise<void> {
  await tx.one(sql`select pg_advisory_xact_lock(${LOCK})`);
}

/** Racks of all states, the accepted ones first in the order of their acceptance, then by registration. */
export function listRacks(tx: Tx): Promise<RackRow[]> {
  return tx.all(sql<RackRow>`select ${RACKS.columns} from ${RACKS.from}
    order by t.accepted_at nulls last, t.created_at, t.uuid collate "C"`);
}

/** The rack, by UUID. */
export function findRack(tx: Tx, uuid: string): Promise<RackRow | null> {
  return tx.one(sql<RackRow>`select ${RACKS.columns} from ${RACKS.from} where t.uuid = ${uuid}`);
}

/** State, key and node of a rack, with which to judge a signed call. */
export function readRackKey(
  tx: Tx,
  uuid: string,
): Promise<Pick<Rack, 'uuid' | 'state' | 'publicKey' | 'nodeId'> | null> {
  return tx.one(
    sql`select uuid, state, public_key as "publicKey", node_id as "nodeId" from racks where uuid = ${uuid}`,
  );
}

/** Makes a rack that waits. */
export function createRack(tx: Tx, rack: Pick<Rack, 'uuid' | 'name' | 'publicKey' | 'nodeId'>): Promise<RackRow> {
  const { uuid, name, publicKey, nodeId } = rack;
  return insertRow(tx, RACKS, { uuid, name, state: 'waiting', public_key: publicKey, node_id: nodeId });
}

/** Accepts it as this node. Take `lockRacks` first: the order of acceptance is the order of succession. */
export async function acceptRack(
  tx: Tx,
  target: VersionedKey,
  as: { readonly nodeId: string; readonly name: string },
): Promise<RackRow | Rejected> {
  const moment = await tx.one(sql<{ at: string }>`
    select greatest(clock_timestamp(), max(accepted_at) + interval '1 millisecond')::text as at from racks`);
  const columns = { state: 'accepted', node_id: as.nodeId, name: as.name, accepted_at: moment?.at };
  return updateRow(tx, RACKS, target, columns);
}

/** Rejects it; `nodeId` null: it is no node any more. */
export function rejectRack(tx: Tx, target: VersionedKey, nodeId: string | null): Promise<RackRow | Rejected> {
  return updateRow(tx, RACKS, target, { state: 'rejected', node_id: nodeId, accepted_at: null });
}

/** Its next registration within so many minutes may bring a new key. */
export async function allowRekey(tx: Tx, target: VersionedKey, minutes: number): Promise<RackRow | Rejected> {
  const moment = await tx.one(sql<{ at: string }>`select (now() + make_interval(mins => ${minutes}))::text as at`);
  return updateRow(tx, RACKS, target, { key_reset_until: moment?.at });
}

/** Gives it the new key, and ends this permission. */
export function setRackKey(tx: Tx, target: VersionedKey, publicKey: string): Promise<RackRow | Rejected> {
  return updateRow(tx, RACKS, target, { public_key: publicKey, key_reset_until: null });
}

export const deleteRack = (tx: Tx, target: VersionedKey): Promise<RackRow | Rejected> => deleteRow(tx, RACKS, target);

/** Machines of this rack no longer name a rack, so they become the master's. Gives their number. */
export function releaseMachines(tx: Tx, uuid: string): Promise<number> {
  return tx.run(sql`update machines set rack_id = null where rack_id = ${uuid}`);
}

/** Notes that the rack called; at most one write in ten seconds. */
export async function noteCall(tx: Tx, uuid: string, source: string): Promise<void> {
  await tx.run(sql`insert into rack_calls as c (uuid, source) select uuid, ${source} from racks where uuid = ${uuid}
    on conflict (uuid) do update set source = excluded.source, at = now()
    where ${isOlder(sql`c.at`, sql`${CALL_EVERY}::interval`)} or c.source <> excluded.source`);
}

/** How many waiting racks called from this source. */
export async function countWaiting(tx: Tx, source: string): Promise<number> {
  const row = await tx.one(sql<{ count: number }>`
    select count(*) as count from racks r join rack_calls c on c.uuid = r.uuid where r.state = 'waiting' and c.source = ${source}`);
  return Number(row?.count ?? 0);
}

/** Removes waiting racks without a request for so many minutes, when others need the room. */
export function dropSilent(tx: Tx, minutes: number): Promise<number> {
  return tx.run(sql`delete from racks r where r.state = 'waiting' and r.created_at < now() - make_interval(mins => ${minutes})
    and not exists (select from rack_calls c where c.uuid = r.uuid and c.at > now() - make_interval(mins => ${minutes}))`);
}

/** True when this key never used this number before: then it is used now. */
export async function takeNonce(tx: Tx, publicKey: string, nonce: string): Promise<boolean> {
  const rows = await tx.run(
    sql`insert into rack_nonces (public_key, nonce) values (${publicKey}, ${nonce}) on conflict do nothing`,
  );
  return rows === 1;
}

/** The snapshot's racks: accepted ones, by node. */
export async function readRackNodes(tx: Tx): Promise<RackNode[]> {
  const rows = await tx.all(sql<Pick<Rack, 'uuid' | 'state' | 'nodeId' | 'acceptedAt'> & { readonly number: number }>`
    select uuid, number, state, node_id as "nodeId", accepted_at as "acceptedAt" from racks
    where state = 'accepted' order by node_id collate "C"`);
  const master = masterOf(rows);
  return rows.flatMap(({ uuid, number, nodeId }) =>
    nodeId === null ? [] : [{ uuid, number, nodeId, isMaster: uuid === master?.uuid }],
  );
}

/** Which nodes are on which VLAN, by the nodes' last reports without the floating address. `subnets`: all of them, if the caller has them already. */
export async function readAttachments(
  tx: Tx,
  subnets?: readonly Pick<Subnet, 'cidr' | 'vlanId'>[],
): Promise<VlanAttachment[]> {
  const reports = await tx.all(sql<LatestInterfaces>`
    select o.node_id as "nodeId", o.facts -> 'interfaces' as interfaces, o.lost, case o.lost when '[]' then '{}' else array(
      select v.id from vlans v join racks r on r.uuid in (v.primary_rack_id, v.secondary_rack_id)
      where r.node_id = o.node_id and v.secondary_rack_id is not null) end as paired
    from node_observations o order by o.node_id collate "C"`);
  const known =
    subnets ??
    (await tx.all(sql<Pick<Subnet, 'cidr' | 'vlanId'>>`select text(cidr) as cidr, vlan_id as "vlanId" from subnets`));
  return latestAttachments(reports, known, await readFloatingAddress(tx));
}
