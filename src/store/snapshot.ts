import { filled } from '../core/members.ts';
import { sql } from 'kysely';
import { isRejected } from '../core/errors.ts';
import { formatAddress, orderedAddresses, parseAddress } from '../core/ip.ts';
import type { IpRange } from '../model/networks/ip-range.ts';
import type { Machine, MachineInterface } from '../model/machines/machine.ts';
import type { DnsRecord } from '../model/names/record.ts';
import type { DhcpSnippet } from '../model/networks/dhcp-snippet.ts';
import type { Reservation } from '../model/networks/reservation.ts';
import type { RefusedSetting, Settings } from '../model/site/settings.ts';
import { DEFAULT_SETTINGS, isSettingName, parseSetting } from '../model/site/settings.ts';
import type { Snapshot, Version } from '../model/snapshot.ts';
import type { Subnet } from '../model/networks/subnet.ts';
import type { Vlan } from '../model/networks/vlan.ts';
import { readBackupPlan } from './queries/cluster/backups.ts';
import { readInnerTrust } from './queries/cluster/inner-trust.ts';
import { readPairAuthorities } from './queries/cluster/pair-authorities.ts';
import { readRecoveries, recoveredOf } from './queries/cluster/recoveries.ts';
import { readSiteDigest } from './queries/cluster/site-certificate.ts';
import { readWatermark } from './queries/base/watermark.ts';
import { listBmcPlaces } from './queries/machines/power-secrets.ts';
import { readLeaseEnds } from './queries/networks/lease-ends.ts';
import { readSubnetHolders } from './queries/networks/subnet-releases.ts';
import { readCopyKey, readTsigKeys } from './queries/names/tsig-keys.ts';
import { readLeaseNames, readMachineLeases } from './queries/networks/leases.ts';
import { readRackNodes, readAttachments } from './queries/cluster/racks.ts';
import { readDefaultImages, readDeployedImages, readMachineStages } from './queries/machines/machine-stages.ts';
import { readRestarts } from './queries/cluster/restarts.ts';
import type { Tx } from './tx.ts';
import type { Cluster, Node } from '../model/cluster/node.ts';
import type { Domain } from '../model/names/domain.ts';

type InterfaceRow = Omit<MachineInterface, 'addresses' | 'parents'> & {
  readonly machineId: string;
  readonly parents: readonly string[] | null;
};
type AddressRow = { readonly interfaceId: number; readonly subnetId: number; readonly address: string };

/**
 * Reads all configuration. Give it a transaction of `Database.read` (or `rehearse`): it sees one moment, and makes some twenty set queries whatever
 * the number of rows.
 */
export async function readSnapshot(tx: Tx): Promise<Snapshot> {
  const network = await readNetwork(tx);
  const stored = await readStoredSettings(tx);
  const { settings } = stored;
  const ends = await readLeaseEnds(tx);
  const snippets = await tx.all(
    sql<DhcpSnippet>`select id, name, scope, text from dhcp_snippets where enabled order by id`,
  );
  const cluster = await readCluster(tx);
  const domains = await readDomains(tx);
  return {
    ...(await readWatermark(tx)),
    ...stored,
    cluster,
    nodes: await readNodes(tx),
    racks: await readRackNodes(tx),
    attachments: await readAttachments(tx, network.subnets),
    ...network,
    leaseNames: await readLeaseNames(tx, domains, settings.default_domain),
    domains,
    records: await tx.all(
      sql<DnsRecord>`select id, domain_id as "domainId", name, type, data, ttl from records order by id`,
    ),
    machines: await readMachines(tx),
    versions: await tx.all(
      sql<Version>`select service, key, digest, version from versions order by service collate "C", key collate "C"`,
    ),
    restarts: await readRestarts(tx),
    ...filled({
      siteDigest: await readSiteDigest(tx),
      backup: await readBackupPlan(tx),
      machineLeases: await readMachineLeases(tx),
      pairAuthorities: await readPairAuthorities(tx),
      closedAddresses: await readClosedAddresses(tx, cluster?.vip ?? null),
      bmcs: await listBmcPlaces(tx),
      leaseEnds: ends,
      subnetHolders: await readSubnetHolders(tx),
      snippets,
      copyKey: await readCopyKey(tx),
      tsigKeys: await readTsigKeys(tx),
      machineStages: await readMachineStages(tx),
      defaultImages: await readDefaultImages(tx),
      deployedImages: await readDeployedImages(tx),
    }),
  };
}

/** Addresses of nodes outside of all subnets. Addresses of BMCs are in their parameters, which their drivers read. */
async function readClosedAddresses(tx: Tx, vip: string | null): Promise<string[]> {
  const rows = await tx.all(sql<{ address: string }>`
    select host(r.address) as address from reported_addresses r where not exists (select from subnets s where s.cidr >>= r.address)
      and not exists (select from nodes n where r.address = any (n.addresses)) and r.address is distinct from host(${vip}::inet)::inet
      and not (r.address <<= '127.0.0.0/8' or r.address <<= '::1' or r.address <<= 'fe80::/10' or r.address <<= '169.254.0.0/16')`);
  return orderedAddresses(rows.map(({ address }) => canonicalAddress(address)));
}

async function readNodes(tx: Tx): Promise<Node[]> {
  const nodes = await tx.all(sql<Node>`
    select id, name, is_region as "isRegion", is_rack as "isRack",
      array(select host(a) from unnest(addresses) with ordinality as u (a, n) order by n) as addresses, state,
      is_drained as "isDrained"
    from nodes order by name collate "C", id collate "C"`);
  return nodes.map((node) => ({ ...node, addresses: node.addresses.map(canonicalAddress) }));
}

/** The part of a snapshot that says who serves DHCP on each VLAN. */
export async function readServingSite(
  tx: Tx,
): Promise<Pick<Snapshot, 'nodes' | 'racks' | 'attachments' | 'subnets' | 'vlans'>> {
  const subnets = await readSubnets(tx);
  return {
    nodes: await readNodes(tx),
    racks: await readRackNodes(tx),
    attachments: await readAttachments(tx, subnets),
    subnets,
    vlans: await readVlans(tx),
  };
}

async function readDomains(tx: Tx): Promise<Domain[]> {
  const rows = await tx.all(sql<Required<Domain>>`select id, name, ttl, lease_names as "leaseNames",
      array(select host(a) from unnest(transfer_to) with ordinality as u (a, n) order by n) as "transferTo",
      (select k.name from tsig_keys k where k.id = transfer_key_id) as "transferKey",
      authoritative, forward_to as "forwardTo"
    from domains order by id`);
  return rows.map(({ transferTo, transferKey, authoritative, forwardTo, ...domain }) => ({
    ...domain,
    ...(authoritative ? {} : { authoritative, forwardTo }),
    ...filled({ transferTo: transferTo.map(canonicalAddress), transferKey }),
  }));
}

/** Data that the region nodes share; null before `regent init` has written them. */
export async function readCluster(tx: Tx): Promise<Cluster | null> {
  const row = await tx.one(sql<Omit<Cluster, 'isSeed' | 'isDatabaseExternal'> & { readonly isExternal: boolean }>`
    select id, host(vip) || '/' || masklen(vip) as vip, virtual_router as "virtualRouter",
      external_database as "isExternal" from cluster`);
  if (!row) return null;
  const { isExternal, ...cluster } = row;
  return {
    ...cluster,
    isSeed: false,
    ...(isExternal ? { isDatabaseExternal: true } : {}),
    ...filled({ recovered: recoveredOf(await readRecoveries(tx)), inner: await readInnerTrust(tx) }),
  };
}

/** Settings over their defaults, without values that today's rules refuse. */
export const readSettings = async (tx: Tx): Promise<Settings> => (await readStoredSettings(tx)).settings;

/** The same, with the stored values that are refused. */
async function readStoredSettings(tx: Tx): Promise<Pick<Snapshot, 'settings' | 'refusedSettings'>> {
  const rows = await tx.all(sql<{ name: string; value: unknown }>`
    select name, value from settings order by name collate "C"`);
  const set: [string, unknown][] = [];
  const refused: RefusedSetting[] = [];
  for (const { name, value } of rows) {
    if (!isSettingName(name)) continue;
    const parsed = parseSetting(name, value);
    if (isRejected(parsed)) refused.push({ name, rule: parsed.fields?.[0]?.rule ?? '' });
    else set.push([name, parsed]);
  }
  const settings = { ...DEFAULT_SETTINGS, ...Object.fromEntries(set) };
  return refused.length === 0 ? { settings } : { settings, refusedSettings: refused };
}

/** The text of an address as the model has it, whatever PostgreSQL writes. */
export function canonicalAddress(text: string): string {
  if (!text.includes(':')) return text;
  const address = parseAddress(text);
  return isRejected(address) ? text : formatAddress(address);
}

async function readNetwork(tx: Tx) {
  const ranges = await tx.all(sql<IpRange>`
    select id, subnet_id as "subnetId", kind, host(first) as first, host(last) as last, comment from ip_ranges order by id`);
  const reservations = await tx.all(sql<Reservation>`
    select id, subnet_id as "subnetId", host(address) as address, mac, hostname, comment, dhcp_options as "dhcpOptions"
    from reservations order by id`);
  return {
    vlans: await readVlans(tx),
    subnets: await readSubnets(tx),
    ranges: ranges.map((row) => ({ ...row, first: canonicalAddress(row.first), last: canonicalAddress(row.last) })),
    reservations: reservations.map((row) => ({ ...row, address: canonicalAddress(row.address) })),
  };
}

function readVlans(tx: Tx): Promise<Vlan[]> {
  return tx.all(sql<Vlan>`
    select id, fabric_id as "fabricId", space_id as "spaceId", name, vid, dhcp_on as "dhcpOn", dns_on as "dnsOn",
      relay_vlan_id as "relayVlanId", primary_rack_id as "primaryRackId", secondary_rack_id as "secondaryRackId" from vlans order by id`);
}

async function readSubnets(tx: Tx): Promise<Subnet[]> {
  const subnets = await tx.all(sql<Subnet>`
    select id, vlan_id as "vlanId", name, text(cidr) as cidr, host(gateway) as gateway,
      array(select host(a) from unnest(resolvers) with ordinality as u (a, n) order by n) as resolvers,
      is_managed as "isManaged", dns_on as "dnsOn", proxy_on as "proxyOn", dhcp_options as "dhcpOptions",
      lease_time as "leaseTime", host(boot_server) as "bootServer", boot_file as "bootFile", ignore_unknown as "ignoreUnknown"
    from subnets order by id`);
  return subnets.map(canonicalSubnet);
}

/** A subnet's addresses as the model writes them. */
export function canonicalSubnet<S extends Pick<Subnet, 'gateway' | 'resolvers'>>(subnet: S): S {
  const gateway = subnet.gateway === null ? null : canonicalAddress(subnet.gateway);
  return { ...subnet, gateway, resolvers: subnet.resolvers.map(canonicalAddress) };
}

/** Names of the interfaces that the interface `i` stands on. */
export const PARENTS = sql`array(select b.name from interface_parents p join interfaces b on b.id = p.parent_id
      where p.interface_id = i.id order by p.position, p.id)`;

async function readMachines(tx: Tx): Promise<Machine[]> {
  const machines = await tx.all(sql<Omit<Machine, 'interfaces'>>`
    select id, hostname, domain_id as "domainId", dhcp_options as "dhcpOptions" from machines order by hostname collate "C", id collate "C"`);
  const interfaces = await tx.all(sql<InterfaceRow>`
    select i.id, i.machine_id as "machineId", i.name, i.mac, i.kind, i.vlan_id as "vlanId",
      case when i.kind <> 'physical' then ${PARENTS} end as parents from interfaces i order by i.position, i.id`);
  const addresses = await tx.all(sql<AddressRow>`
    select interface_id as "interfaceId", subnet_id as "subnetId", host(address) as address
    from interface_addresses order by id`);
  // Cards stand on nothing.
  const cards = interfaces.map(({ parents, ...card }) => (parents ? { ...card, parents } : card));
  return assembleMachines(machines, cards, addresses);
}

/** Merges rows of three tables, keeping their order and their other members. */
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
