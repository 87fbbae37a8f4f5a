import { sql } from 'kysely';
import type { Rejected } from '../../core/errors.ts';
import type { Subnet } from '../../model/subnet.ts';
import { containing, listPage, type Page, type PageQuery } from '../page.ts';
import { deleteRow, findRow, insertRow, lockRow, type Noun, type Target, updateRow } from '../rows.ts';
import type { Tx } from '../tx.ts';

/** `vlan`: name of the VLAN; `used`: number of addresses that machines have. */
export interface SubnetRow extends Subnet {
  readonly vlan: string;
  readonly used: number;
  readonly version: number;
}

const SUBNETS: Noun = {
  table: 'subnets',
  key: 'id',
  label: 'subnet',
  columns: sql`t.id, t.vlan_id as "vlanId", t.name, text(t.cidr) as cidr, t.dns_on as "dnsOn", t.version, v.name as vlan,
    (select count(*) from interface_addresses a where a.subnet_id = t.id) as used`,
  from: sql`subnets t join vlans v on v.id = t.vlan_id`,
};

/** Finds by id, canonical CIDR, name, or an address that it holds. */
export function findSubnet(
  tx: Tx,
  by: { id: number } | { cidr: string } | { name: string } | { holds: string },
): Promise<SubnetRow | null> {
  if ('id' in by) return findRow(tx, SUBNETS, sql`t.id = ${by.id}`);
  if ('cidr' in by) return findRow(tx, SUBNETS, sql`t.cidr = ${by.cidr}::cidr`);
  return findRow(tx, SUBNETS, 'name' in by ? sql`t.name = ${by.name}` : sql`t.cidr >>= ${by.holds}::inet`);
}

export function createSubnet(tx: Tx, subnet: Omit<Subnet, 'id'>): Promise<SubnetRow> {
  return insertRow(tx, SUBNETS, columnsOf(subnet));
}

/** A changed `cidr` must still hold all addresses of the subnet. */
export function updateSubnet(
  tx: Tx,
  target: Target,
  change: Partial<Omit<Subnet, 'id'>>,
): Promise<SubnetRow | Rejected> {
  return updateRow(tx, SUBNETS, target, columnsOf(change));
}

export function deleteSubnet(tx: Tx, target: Target): Promise<SubnetRow | Rejected> {
  return deleteRow(tx, SUBNETS, target);
}

/**
 * Addresses of a subnet that are taken, by machines, nodes (also those that a node only reports to have: a machine must not get
 * the address of its own resolver) or records that name them, in order. Holds the subnet until
 * the transaction ends, so that two requests for the next free address do not find the same one.
 */
export async function usedAddresses(tx: Tx, subnetId: number): Promise<readonly string[] | Rejected> {
  const refusal = await lockRow(tx, SUBNETS, { key: subnetId });
  if (refusal) return refusal;
  const rows = await tx.all(sql<{ address: string }>`
    with subnet as (select id, cidr from subnets where id = ${subnetId})
    select host(address) as address from (
      select address from interface_addresses where subnet_id = ${subnetId}
      union select a from nodes, unnest(addresses) as a, subnet where a <<= subnet.cidr
      union select reported::inet from node_observations,
        jsonb_path_query(facts, '$.interfaces[*].addresses[*]') as value,
        lateral (select value #>> '{}' as reported) as text, subnet
        where case when pg_input_is_valid(reported, 'inet') then reported::inet <<= subnet.cidr else false end
      union select data::inet from records, subnet where type in ('A', 'AAAA') and data::inet <<= subnet.cidr
    ) as used order by used.address`);
  return rows.map(({ address }) => address);
}

export interface SubnetFilter extends PageQuery {
  readonly name?: string | undefined;
  readonly cidr?: string | undefined;
  readonly vlanId?: number | undefined;
  readonly dnsOn?: boolean | undefined;
}

/** Sorts: id, name, cidr. `name`: part of the name; `cidr`: canonical. */
export function listSubnets(tx: Tx, query: SubnetFilter = {}): Promise<Page<SubnetRow>> {
  const filters = [
    query.name === undefined ? undefined : sql`t.name ilike ${containing(query.name)}`,
    query.cidr === undefined ? undefined : sql`t.cidr = ${query.cidr}::cidr`,
    query.vlanId === undefined ? undefined : sql`t.vlan_id = ${query.vlanId}`,
    query.dnsOn === undefined ? undefined : sql`t.dns_on = ${query.dnsOn}`,
  ];
  const sorts = { id: sql`t.id`, name: sql`t.name collate "C"`, cidr: sql`t.cidr` };
  return listPage(tx, { ...SUBNETS, id: sql`t.id`, sorts, defaultSort: 'id' }, filters, query);
}

function columnsOf(subnet: Partial<Omit<Subnet, 'id'>>) {
  return { vlan_id: subnet.vlanId, name: subnet.name, cidr: subnet.cidr, dns_on: subnet.dnsOn };
}
