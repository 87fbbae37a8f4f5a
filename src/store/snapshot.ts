import { sql } from 'kysely';
import { isRejected } from '../core/errors.ts';
import { formatAddress, parseAddress } from '../core/ip.ts';
import type { Machine, MachineInterface } from '../model/machine.ts';
import type { DnsRecord } from '../model/record.ts';
import { DEFAULT_SETTINGS, isSettingName, parseSetting, type Settings } from '../model/settings.ts';
import type { Domain, Node, RestartRequest, Snapshot, Version } from '../model/snapshot.ts';
import type { Subnet, Vlan } from '../model/subnet.ts';
import type { Tx } from './tx.ts';

type InterfaceRow = Omit<MachineInterface, 'addresses'> & { readonly machineId: string };
interface AddressRow {
  readonly interfaceId: number;
  readonly subnetId: number;
  readonly address: string;
}

/**
 * Reads all configuration. Give it a transaction of `Database.read` (or `rehearse`): one moment, a dozen set queries
 * whatever the number of rows.
 */
export async function readSnapshot(tx: Tx): Promise<Snapshot> {
  return {
    revision: (await tx.one(sql<{ revision: number }>`select revision from counters`))?.revision ?? 0,
    settings: await readSettings(tx),
    nodes: (
      await tx.all(sql<Node>`
        select id, name, is_region as "isRegion", is_rack as "isRack",
          array(select host(a) from unnest(addresses) with ordinality as u (a, n) order by n) as addresses
        from nodes order by name collate "C", id collate "C"`)
    ).map((node) => ({ ...node, addresses: node.addresses.map(canonicalAddress) })),
    vlans: await tx.all(sql<Vlan>`select id, name, vid from vlans order by id`),
    subnets: await tx.all(
      sql<Subnet>`select id, vlan_id as "vlanId", name, text(cidr) as cidr, dns_on as "dnsOn" from subnets order by id`,
    ),
    domains: await tx.all(sql<Domain>`select id, name, ttl from domains order by id`),
    records: await tx.all(
      sql<DnsRecord>`select id, domain_id as "domainId", name, type, data, ttl from records order by id`,
    ),
    machines: await readMachines(tx),
    versions: await tx.all(
      sql<Version>`select service, key, digest, version from versions order by service collate "C", key collate "C"`,
    ),
    restarts: await tx.all(sql<RestartRequest>`
      select node_id as "nodeId", service, nonce from restarts order by node_id collate "C", service collate "C"`),
  };
}

/** Settings that someone set over the defaults; a value that today's rules refuse is left out. */
export async function readSettings(tx: Tx): Promise<Settings> {
  const rows = await tx.all(sql<{ name: string; value: unknown }>`select name, value from settings`);
  const set = rows.flatMap(({ name, value }) => {
    if (!isSettingName(name)) return [];
    const parsed = parseSetting(name, value);
    return isRejected(parsed) ? [] : [[name, parsed] as const];
  });
  return { ...DEFAULT_SETTINGS, ...Object.fromEntries(set) };
}

/** PostgreSQL writes some IPv6 addresses (mapped IPv4) otherwise than RFC 5952 and the model do. */
export function canonicalAddress(text: string): string {
  if (!text.includes(':')) return text;
  const address = parseAddress(text);
  return isRejected(address) ? text : formatAddress(address);
}

async function readMachines(tx: Tx): Promise<Machine[]> {
  const machines = await tx.all(sql<Omit<Machine, 'interfaces'>>`
    select id, hostname, domain_id as "domainId" from machines order by hostname collate "C", id collate "C"`);
  const interfaces = await tx.all(sql<InterfaceRow>`
    select id, machine_id as "machineId", name, mac, kind, vlan_id as "vlanId" from interfaces order by id`);
  const addresses = await tx.all(sql<AddressRow>`
    select interface_id as "interfaceId", subnet_id as "subnetId", host(address) as address
    from interface_addresses order by id`);
  return assembleMachines(machines, interfaces, addresses);
}

/** Puts rows of three tables together, keeping their order and whatever else they carry. */
export function assembleMachines<
  M extends { readonly id: string },
  I extends { readonly id: number; readonly machineId: string },
  A extends { readonly interfaceId: number; readonly address: string },
>(machines: readonly M[], interfaces: readonly I[], addresses: readonly A[]) {
  const addressesOf = Map.groupBy(addresses, (row) => row.interfaceId);
  const interfacesOf = Map.groupBy(interfaces, (row) => row.machineId);
  return machines.map((machine) => ({
    ...machine,
    interfaces: (interfacesOf.get(machine.id) ?? []).map(({ machineId: _machine, ...card }) => ({
      ...card,
      addresses: (addressesOf.get(card.id) ?? []).map(({ interfaceId: _card, ...address }) => ({
        ...address,
        address: canonicalAddress(address.address),
      })),
    })),
  }));
}
