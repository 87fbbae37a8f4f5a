import { type RawBuilder, sql } from 'kysely';
import type { LeaseName, LeaseState, MachineLease, NamedLease } from '../../../model/networks/lease.ts';
import { chooseLeaseNames } from '../../../model/networks/lease.ts';
import { containing, listPage, type ListPage, type PageQuery } from '../../page.ts';
import { findRow, type Noun } from '../../rows.ts';
import type { Tx } from '../../tx.ts';
import { IS_GIVEN_UP, IS_IN_SUBNET, IS_NEWEST, isLive } from './lease-ends.ts';
import type { Domain } from '../../../model/names/domain.ts';

/**
 * The last lease of an address, from the node that knows it best, with its place in the configuration. `subnet`: the one that holds the address;
 * null: none any more. `machine`: full name of the machine that has an interface with this MAC. `isStatic`: the address is a machine's or reserved.
 * `heldBy`: names of all nodes that now have a lease of this client there: both racks of a pair. Times ISO 8601, by the database's clock.
 */
export interface LeaseRow {
  readonly address: string;
  readonly subnetId: number | null;
  readonly subnet: string | null;
  readonly vlan: string | null;
  readonly vlanId: number | null;
  readonly node: string;
  readonly heldBy: readonly string[];
  readonly mac: string | null;
  readonly clientId: string | null;
  readonly hostname: string;
  readonly machine: string | null;
  readonly isStatic: boolean;
  readonly state: LeaseState;
  readonly startsAt: string;
  readonly expiresAt: string;
}

/** A lease that a client may be using now. `state`: active or declined. `isGivenUp`: somebody requested its end, or its address was dropped. */
export interface LiveLease {
  readonly address: string;
  readonly mac: string | null;
  readonly hostname: string;
  readonly state: LeaseState;
  readonly expiresAt: string;
  readonly isGivenUp: boolean;
}

/** The present state of a lease. A live lease that has run out is expired, whether or not that was noticed. */
const STATE = sql`case when t.expires_at <= now() then 'expired' else t.state end`;

/** Is `o` a report of the same client's lease as `t`? */
const IS_SAME = sql`o.address = t.address and o.mac is not distinct from t.mac`;

const LEASES: Noun = {
  table: 'leases',
  key: 'address',
  label: 'lease',
  columns: sql`host(t.address) as address, s.id as "subnetId", text(s.cidr) as subnet, v.id as "vlanId",
    f.name || '/' || v.name as vlan, n.name as node, t.mac, t.client_id as "clientId", t.hostname, t.starts_at as "startsAt",
    t.expires_at as "expiresAt", ${STATE} as state,
    array(select m.name from leases o join nodes m on m.id = o.node_id where ${IS_SAME} and ${isLive('o')}
      order by m.name) as "heldBy",
    (select m.hostname || '.' || d.name from interfaces i join machines m on m.id = i.machine_id join domains d on d.id = m.domain_id
      where i.mac = t.mac order by i.id limit 1) as machine,
    exists (select from interface_addresses a where a.address = t.address)
      or exists (select from reservations r where r.address = t.address) as "isStatic"`,
  from: sql`leases t join nodes n on n.id = t.node_id
    left join subnets s on s.cidr >>= t.address left join vlans v on v.id = s.vlan_id left join fabrics f on f.id = v.fabric_id`,
};

const LIVE = sql`host(t.address) as address, t.mac, t.hostname, t.state, t.expires_at as "expiresAt",
  ${IS_GIVEN_UP} as "isGivenUp"`;
const IS_LIVE = sql`${isLive('t')} and ${IS_NEWEST}`;

/** Leases of a subnet's addresses that clients may be using now, in order. */
export function liveLeases(tx: Tx, subnetId: number): Promise<LiveLease[]> {
  return tx.all(sql<LiveLease>`select ${LIVE} from subnets s join leases t on ${IS_IN_SUBNET}
    where s.id = ${subnetId} and ${IS_LIVE} order by t.address`);
}

/** How many leases clients hold on each VLAN now, by its id, without VLANs that have none. `vlanId`: only this one. */
export async function countLeasesByVlan(tx: Tx, vlanId?: number): Promise<Map<number, number>> {
  const rows = await tx.all(sql<{ vlanId: number; count: number }>`
    select s.vlan_id as "vlanId", count(*)::int as count from subnets s join leases t on ${IS_IN_SUBNET}
    where family(s.cidr) = 4 and t.state = 'active' and ${IS_LIVE}
      and ${vlanId === undefined ? sql`true` : sql`s.vlan_id = ${vlanId}`} group by s.vlan_id`);
  return new Map(rows.map(({ vlanId, count }) => [vlanId, count]));
}

/** The lease of an address that a client may be using now; null: none. */
export function liveLeaseAt(tx: Tx, address: string): Promise<LiveLease | null> {
  return tx.one(sql<LiveLease>`select ${LIVE} from leases t where t.address = ${address}::inet and ${IS_LIVE}`);
}

/** The last lease of an address, live or not; null: it has had none for a long time. */
export function findLease(tx: Tx, address: string): Promise<LeaseRow | null> {
  return findRow(tx, LEASES, sql`t.address = ${address}::inet and ${IS_NEWEST}`);
}

export interface LeaseFilter extends PageQuery {
  readonly subnetId?: number | undefined;
  readonly vlanId?: number | undefined;
  readonly node?: string | undefined;
  readonly mac?: string | undefined;
  readonly address?: string | undefined;
  /** Part of the name. */
  readonly hostname?: string | undefined;
  /** Live ones (active and declined) when left out. */
  readonly state?: LeaseState | undefined;
}

/** Sorts: address, hostname, mac, expires. `node`: name of one that has the lease, by its own last report. */
export function listLeases(tx: Tx, query: LeaseFilter = {}): Promise<ListPage<LeaseRow>> {
  const filters = [
    IS_NEWEST,
    query.state === undefined ? sql`${STATE} <> 'expired'` : sql`${STATE} = ${query.state}`,
    query.subnetId === undefined ? undefined : sql`s.id = ${query.subnetId}`,
    query.vlanId === undefined ? undefined : sql`v.id = ${query.vlanId}`,
    query.node === undefined
      ? undefined
      : sql`exists (select from leases o join nodes m on m.id = o.node_id where m.name = ${query.node} and ${IS_SAME}
      and (o.node_id = t.node_id or (${isLive('o')})))`,
    query.mac === undefined ? undefined : sql`t.mac = ${query.mac}`,
    query.address === undefined ? undefined : sql`t.address = ${query.address}::inet`,
    query.hostname === undefined ? undefined : sql`t.hostname ilike ${containing(query.hostname)}`,
  ];
  const sorts = {
    address: sql`t.address`,
    hostname: sql`t.hostname collate "C"`,
    mac: sql`coalesce(t.mac, '') collate "C"`,
    expires: sql`t.expires_at`,
  };
  return listPage(tx, { ...LEASES, id: sql`t.address`, sorts, defaultSort: 'address' }, filters, query);
}

/**
 * The names that clients chose and that domains publish. Only stored data count, not the clock: a lease that ran out counts until `expireLeases`
 * notices it, so that equal rows make equal snapshots.
 */
export async function readLeaseNames(
  tx: Tx,
  domains: readonly Domain[],
  defaultDomain: string,
): Promise<readonly LeaseName[]> {
  if (!domains.some((domain) => domain.leaseNames)) return [];
  const rows = await tx.all(sql<NamedLease>`select host(t.address) as address, t.hostname, t.named_since as since
    from leases t where t.state = 'active' and t.hostname <> '' and ${IS_NEWEST}`);
  return chooseLeaseNames(rows, domains, defaultDomain);
}

/** Has an interface of a machine this MAC, and its address by DHCP? */
const isMachineMac = (
  mac: RawBuilder<unknown>,
) => sql`exists (select from interfaces i join interface_links l on l.interface_id = i.id
  where i.mac = ${mac} and l.mode = 'dhcp')`;

/** Live leases of machines' interfaces that have their address by DHCP, by address. */
export function readMachineLeases(tx: Tx): Promise<MachineLease[]> {
  return tx.all(sql<MachineLease>`select host(t.address) as address, t.mac from leases t
    where t.state = 'active' and ${IS_NEWEST} and ${isMachineMac(sql`t.mac`)} order by t.address`);
}

/** Is one of these MACs that of such an interface? */
export async function areMachineMacs(tx: Tx, macs: readonly string[]): Promise<boolean> {
  if (macs.length === 0) return false;
  const row = await tx.one(sql<{ found: boolean }>`
    select exists (select from unnest(${[...macs]}::text[]) as m (mac) where ${isMachineMac(sql`m.mac`)}) as found`);
  return row?.found ?? false;
}

/** Does any domain publish names of leases? */
export async function wantsLeaseNames(tx: Tx): Promise<boolean> {
  const row = await tx.one(sql<{ wanted: boolean }>`select exists (select from domains where lease_names) as wanted`);
  return row?.wanted ?? false;
}
