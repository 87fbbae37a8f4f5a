import { sql } from 'kysely';
import { isRejected, type Rejected } from '../../../core/errors.ts';
import type { Subnet } from '../../../model/networks/subnet.ts';
import { containing, listPage, type ListPage, type PageQuery } from '../../page.ts';
import { deleteRow, findRow, insertRow, lockRow, type Noun, type VersionedKey, updateRow } from '../../rows.ts';
import { canonicalSubnet } from '../../snapshot.ts';
import type { Tx } from '../../tx.ts';

/**
 * `vlan`, `fabric`: names; `used`: number of addresses that machines and reservations have; `dynamic`: number of addresses in dynamic
 * ranges.
 */
export interface SubnetRow extends Subnet {
  readonly vlan: string;
  readonly fabric: string;
  readonly used: number;
  readonly dynamic: number;
  readonly version: number;
}

const SUBNETS: Noun = {
  table: 'subnets',
  key: 'id',
  label: 'subnet',
  columns: sql`t.id, t.vlan_id as "vlanId", t.name, text(t.cidr) as cidr, host(t.gateway) as gateway,
    array(select host(a) from unnest(t.resolvers) with ordinality as u (a, n) order by n) as resolvers,
    t.is_managed as "isManaged", t.dns_on as "dnsOn", t.proxy_on as "proxyOn", t.dhcp_options as "dhcpOptions",
    t.lease_time as "leaseTime", host(t.boot_server) as "bootServer", t.boot_file as "bootFile", t.ignore_unknown as "ignoreUnknown", t.version, v.name as vlan, f.name as fabric,
    (select count(*) from interface_addresses a where a.subnet_id = t.id)
      + (select count(*) from reservations r where r.subnet_id = t.id) as used,
    (select coalesce(sum(r.last - r.first + 1), 0)::bigint from ip_ranges r where r.subnet_id = t.id and r.kind = 'dynamic') as dynamic`,
  from: sql`subnets t join vlans v on v.id = t.vlan_id join fabrics f on f.id = v.fabric_id`,
};

/** Finds by id, canonical CIDR, name, or an address that it holds. */
export async function findSubnet(
  tx: Tx,
  by: { id: number } | { cidr: string } | { name: string } | { holds: string },
): Promise<SubnetRow | null> {
  const row = await findRow<SubnetRow>(tx, SUBNETS, whereOf(by));
  return row && canonicalSubnet(row);
}

/** A new subnet; missing values get the schema's defaults. */
export type NewSubnet = Pick<Subnet, 'vlanId' | 'name' | 'cidr'> & SubnetChange;

export async function createSubnet(tx: Tx, subnet: NewSubnet): Promise<SubnetRow> {
  return canonicalSubnet(await insertRow(tx, SUBNETS, columnsOf(subnet)));
}

/** A changed `cidr` must still hold all addresses of the subnet. */
export async function updateSubnet(tx: Tx, target: VersionedKey, change: SubnetChange): Promise<SubnetRow | Rejected> {
  const row = await updateRow<SubnetRow>(tx, SUBNETS, target, columnsOf(change));
  return isRejected(row) ? row : canonicalSubnet(row);
}

export async function deleteSubnet(tx: Tx, target: VersionedKey): Promise<SubnetRow | Rejected> {
  const row = await deleteRow<SubnetRow>(tx, SUBNETS, target);
  return isRejected(row) ? row : canonicalSubnet(row);
}

/** Locks the subnet until the transaction ends: meanwhile nobody gets an address or a range in it. */
export const lockSubnet = (tx: Tx, target: VersionedKey): Promise<Rejected | null> => lockRow(tx, SUBNETS, target);

export interface SubnetFilter extends PageQuery {
  readonly name?: string | undefined;
  readonly cidr?: string | undefined;
  readonly vlanId?: number | undefined;
  readonly dnsOn?: boolean | undefined;
}

/** Sorts: id, name, cidr. `name`: part of the name; `cidr`: canonical. */
export async function listSubnets(tx: Tx, query: SubnetFilter = {}): Promise<ListPage<SubnetRow>> {
  const filters = [
    query.name === undefined ? undefined : sql`t.name ilike ${containing(query.name)}`,
    query.cidr === undefined ? undefined : sql`t.cidr = ${query.cidr}::cidr`,
    query.vlanId === undefined ? undefined : sql`t.vlan_id = ${query.vlanId}`,
    query.dnsOn === undefined ? undefined : sql`t.dns_on = ${query.dnsOn}`,
  ];
  const sorts = { id: sql`t.id`, name: sql`t.name collate "C"`, cidr: sql`t.cidr` };
  const page = await listPage<SubnetRow>(tx, { ...SUBNETS, id: sql`t.id`, sorts, defaultSort: 'id' }, filters, query);
  return { ...page, items: page.items.map(canonicalSubnet) };
}

function whereOf(by: { id: number } | { cidr: string } | { name: string } | { holds: string }) {
  if ('id' in by) return sql`t.id = ${by.id}`;
  if ('cidr' in by) return sql`t.cidr = ${by.cidr}::cidr`;
  return 'name' in by ? sql`t.name = ${by.name}` : sql`t.cidr >>= ${by.holds}::inet`;
}

/** What may change; undefined stays as it is. */
type SubnetChange = { readonly [K in Exclude<keyof Subnet, 'id'>]?: Subnet[K] | undefined };

function columnsOf(subnet: SubnetChange) {
  return {
    vlan_id: subnet.vlanId,
    name: subnet.name,
    cidr: subnet.cidr,
    gateway: subnet.gateway,
    resolvers: subnet.resolvers === undefined ? undefined : [...subnet.resolvers],
    is_managed: subnet.isManaged,
    dns_on: subnet.dnsOn,
    proxy_on: subnet.proxyOn,
    dhcp_options: subnet.dhcpOptions === undefined ? undefined : [...subnet.dhcpOptions],
    lease_time: subnet.leaseTime,
    boot_server: subnet.bootServer,
    boot_file: subnet.bootFile,
    ignore_unknown: subnet.ignoreUnknown,
  };
}
