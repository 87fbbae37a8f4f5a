import { type RawBuilder, sql } from 'kysely';
import { accept, isRejected, type Rejected } from '../../../core/errors.ts';
import type { CarriedNames } from '../../../contract/machines/carried.ts';
import type { Random } from '../../../core/ports.ts';
import type { Machine } from '../../../model/machines/machine.ts';
import type { Annotations } from '../../../model/site/annotation.ts';
import type { BootMedia } from '../../../model/images/boot-media.ts';
import type { SuggestedBmc } from '../../../model/machines/enlistment.ts';
import type { PowerParameters, PowerState } from '../../../model/machines/power.ts';
import type { CarriedIds } from '../../declared/carried.ts';
import { addCarried, carriedColumns, carriedConditions, dropCarried, replaceCarried } from '../../declared/carried.ts';
import type { InterfaceInput, InterfaceRow } from './machine-interfaces.ts';
import {
  CARDS,
  deleteAllInterfaces,
  placeInterfaces,
  replaceInterfaces,
  withCards,
  withInterfaces,
} from './machine-interfaces.ts';
import { type MachineStateShown, STATE_COLUMNS, stateConditions } from './machine-states.ts';
import type { MachineState } from '../../../model/machines/machine-states.ts';
import { containing, listPage, type ListPage, type PageQuery } from '../../page.ts';
import { deleteOnly, findRow, insertOnly, lockedVersion, type Noun, type VersionedKey, updateRow } from '../../rows.ts';
import type { Tx } from '../../tx.ts';

/** `domain`: the domain's name; `fqdn`: the full name. Names of VLANs and CIDRs are in the interfaces. */
export interface MachineRow extends Machine, CarriedNames<'machine'>, MachineStateShown {
  readonly domain: string;
  readonly fqdn: string;
  /** UUID and name of its rack; null: the master's. */
  readonly rackId: string | null;
  readonly rack: string | null;
  readonly version: number;
  readonly dhcpOptions: readonly string[];
  /** Id and name of its BMC, and its own parameters there. */
  readonly bmcId: number | null;
  readonly bmc: string | null;
  /** Of its BMC. */
  readonly powerType: string | null;
  readonly powerParameters: PowerParameters;
  /** Its last known power state, and the node that saw it. `powerWhy`, `powerRemedy`: of the state `error`. */
  readonly powerState: PowerState;
  readonly powerStateAt: string | null;
  readonly powerSeenBy: string | null;
  readonly powerWhy: string;
  readonly powerRemedy: string;
  /** The BMC that it reports, if its record has none. */
  readonly suggestedBmc: SuggestedBmc | null;
  /** What an operator should know before he accepts it; empty, or null for one that was not enlisted. */
  readonly enlistNote: string | null;
  readonly interfaces: readonly InterfaceRow[];
  /** Names of its zone and resource pool. */
  readonly zone: string;
  readonly pool: string;
  readonly description: string;
  readonly annotations: Annotations;
  readonly bootMedia: BootMedia;
  /** The least kernel that a tool asks for; empty: none. Nothing follows from it. */
  readonly minHweKernel: string;
  /** As somebody gave it before the machine's own report; empty: nobody. */
  readonly expectedArchitecture: string;
  /** Nobody commissions it. `parent`: full name of the machine that it is a part of. */
  readonly isDevice: boolean;
  readonly parentId: string | null;
  readonly parent: string | null;
}
export interface NewMachine {
  readonly id: string;
  readonly hostname: string;
  readonly domainId: number;
  /** Null: the master, whoever it is. */
  readonly rackId?: string | null | undefined;
  readonly interfaces: readonly InterfaceInput[];
  readonly dhcpOptions?: readonly string[] | undefined;
  readonly bmcId?: number | null | undefined;
  readonly powerParameters?: PowerParameters | undefined;
  /** Left out: the default ones. */
  readonly zoneId?: number | undefined;
  readonly poolId?: number | undefined;
  readonly description?: string | undefined;
  readonly annotations?: Annotations | undefined;
  readonly bootMedia?: BootMedia | undefined;
  readonly minHweKernel?: string | undefined;
  readonly expectedArchitecture?: string | undefined;
  readonly isDevice?: boolean | undefined;
  readonly parentId?: string | null | undefined;
  /** Missing: none, or unchanged. */
  readonly carried?: CarriedIds | undefined;
}

type MachineHead = Omit<MachineRow, 'interfaces'>;

/** What is shown beside the machine's own row: one row at most of each, read by its key. As joins PostgreSQL would weigh each order of them, for longer than it reads. */
const SHOWN = sql`join domains d on d.id = t.domain_id
    left join lateral (select name, power_type from bmcs where id = t.bmc_id offset 0) b on true
    left join lateral (select state, at, node_id, why, remedy from machine_power where machine_id = t.id offset 0) p on true
    left join lateral (select * from machine_states where machine_id = t.id offset 0) s on true`;

const MACHINES: Noun = {
  table: 'machines',
  key: 'id',
  label: 'machine',
  columns: sql`t.id, t.hostname, t.domain_id as "domainId", to_json(t.dhcp_options) as "dhcpOptions", t.version, d.name as domain, t.hostname || '.' || d.name as fqdn,
    t.rack_id as "rackId", (select name from racks where uuid = t.rack_id) as rack, t.bmc_id as "bmcId", b.name as bmc, b.power_type as "powerType",
    t.power_parameters as "powerParameters", coalesce(p.state, 'unknown') as "powerState", p.at as "powerStateAt",
    (select name from nodes where id = p.node_id) as "powerSeenBy", coalesce(p.why, '') as "powerWhy", coalesce(p.remedy, '') as "powerRemedy",
    case when t.bmc_id is null then (select suggested_bmc from machine_inventories where machine_id = t.id) end as "suggestedBmc",
    (select note from machine_enlistments where machine_id = t.id) as "enlistNote", (select name from zones where id = t.zone_id) as zone,
    (select name from resource_pools where id = t.pool_id) as pool, t.description, t.annotations, t.boot_media as "bootMedia", t.min_hwe_kernel as "minHweKernel",
    t.expected_architecture as "expectedArchitecture",
    t.is_device as "isDevice", t.parent_id as "parentId",
    (select pm.hostname || '.' || pd.name from machines pm join domains pd on pd.id = pm.domain_id where pm.id = t.parent_id) as parent,
    ${STATE_COLUMNS}${carriedColumns('machine')}`,
  from: sql`machines t ${SHOWN}`,
};

/** With the interfaces. */
const WHOLE: Noun = { ...MACHINES, columns: sql`${MACHINES.columns}${CARDS}` };

/** Most devices that are parts of one machine. */
export const PARTS_MAX = 1000;

/** Letters and digits that nobody confuses. */
const ID_ALPHABET = 'abcdefghkmnpqrstwxy34678';

/** A new id: six characters that no machine has. */
export async function freshMachineId(tx: Tx, random: Random): Promise<string> {
  for (;;) {
    const id = randomMachineId(random);
    if (!(await tx.one(sql`select from machines where id = ${id}`))) return id;
  }
}

/** An id that hardly any machine has. */
export function randomMachineId(random: Random): string {
  const bytes = Buffer.from(random.hex(6), 'hex');
  return [...bytes].map((byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join('');
}

/** Finds by id, full name, MAC address (of a physical interface) or IP address. */
export async function findMachine(
  tx: Tx,
  by: { id: string } | { fqdn: string } | { mac: string } | { address: string },
): Promise<MachineRow | null> {
  const id = 'id' in by ? by.id : ((await tx.one(idOf(by)))?.id ?? null);
  const row =
    id === null ? null : await findRow<Parameters<typeof withCards<MachineHead>>[0]>(tx, WHOLE, sql`t.id = ${id}`);
  return row && withCards<MachineHead>(row);
}

/** Machines of this host name in any domain, at most ten. */
export async function findMachinesNamed(tx: Tx, hostname: string): Promise<MachineRow[]> {
  const heads = await tx.all(sql<MachineHead>`select ${MACHINES.columns} from ${MACHINES.from}
    where t.hostname = ${hostname} order by t.id limit 10`);
  return withInterfaces(tx, heads);
}

export async function createMachine(tx: Tx, machine: NewMachine): Promise<MachineRow> {
  const { id } = machine;
  await insertOnly(tx, MACHINES, { id, ...columnsOf(machine) });
  await placeInterfaces(tx, id, machine.interfaces);
  await addCarried(tx, 'machine', id, machine.carried);
  return required(await findMachine(tx, { id }));
}

/**
 * Changes name or domain; `interfaces` replaces the whole list, in this order. An interface with an id keeps its row; addresses that stay
 * are not touched.
 */
export async function updateMachine(
  tx: Tx,
  target: VersionedKey & { readonly key: string },
  change: Partial<Omit<NewMachine, 'id'>>,
): Promise<MachineRow | Rejected> {
  const row = await updateRow<MachineHead>(tx, MACHINES, target, columnsOf(change));
  if (isRejected(row)) return row;
  if (change.interfaces) await replaceInterfaces(tx, target.key, change.interfaces);
  await replaceCarried(tx, 'machine', target.key, change.carried);
  return required(await findMachine(tx, { id: target.key }));
}

function columnsOf(machine: Partial<Omit<NewMachine, 'id'>>): Record<string, unknown> {
  const { hostname, domainId, rackId, bmcId, powerParameters, zoneId, poolId, description, annotations } = machine;
  return {
    hostname,
    domain_id: domainId,
    rack_id: rackId,
    dhcp_options: listOf(machine.dhcpOptions),
    bmc_id: bmcId,
    power_parameters: powerParameters,
    zone_id: zoneId,
    pool_id: poolId,
    description,
    annotations,
    boot_media: machine.bootMedia,
    min_hwe_kernel: machine.minHweKernel,
    expected_architecture: machine.expectedArchitecture,
    is_device: machine.isDevice,
    parent_id: machine.parentId,
  };
}

/** `known`: as it was just read. It is read again if it has another version by now, which covers its interfaces and all that it carries. */
export async function deleteMachine(
  tx: Tx,
  target: VersionedKey & { readonly key: string },
  known: MachineRow | null = null,
): Promise<MachineRow | Rejected> {
  const version = await lockedVersion(tx, MACHINES, target);
  if (isRejected(version)) return version;
  const machine = known?.version === version ? known : required(await findMachine(tx, { id: target.key }));
  await deleteAllInterfaces(tx, target.key, machine.interfaces);
  await dropCarried(tx, 'machine', target.key, machine);
  await deleteOnly(tx, MACHINES, target.key);
  return machine;
}

/** Deletes the devices that are parts of a machine. Gives them. */
export async function deleteParts(tx: Tx, machineId: string): Promise<readonly MachineRow[]> {
  const parts = (await listMachines(tx, { parentId: machineId, limit: PARTS_MAX })).items;
  for (const { id } of parts) accept(await deleteMachine(tx, { key: id }));
  return parts;
}

export interface MachineFilter extends PageQuery {
  readonly hostname?: string | undefined;
  readonly domainId?: number | undefined;
  readonly mac?: string | undefined;
  readonly address?: string | undefined;
  readonly subnetId?: number | undefined;
  /** Null: those that name none. */
  readonly rackId?: string | null | undefined;
  readonly zoneId?: number | undefined;
  readonly poolId?: number | undefined;
  readonly state?: MachineState | undefined;
  /** User's name. */
  readonly owner?: string | undefined;
  /** Those that carry all of these. */
  readonly carried?: CarriedIds | undefined;
  /** Devices, or machines; left out: both. */
  readonly isDevice?: boolean | undefined;
  readonly parentId?: string | undefined;
}

/** Sorts: id, hostname. `hostname`: part of the host name; the rest is exact. Three queries whatever the page size. */
export async function listMachines(tx: Tx, query: MachineFilter = {}): Promise<ListPage<MachineRow>> {
  const { list, filters } = machineList(query);
  const placeOf = ({ id, hostname }: MachineHead, sort: string) => [sort === 'id' ? id : hostname, id] as const;
  const page = await listPage<MachineHead>(tx, { ...MACHINES, ...list, placeOf }, filters, query);
  return { ...page, items: await withInterfaces(tx, page.items) };
}

/** What lists of machines `t` have alike, whatever they show: conditions, orders, and what is joined to the rows of a page. */
export function machineList(query: MachineFilter) {
  const hasAddress = (condition: RawBuilder<unknown>) => sql`exists (select from interfaces i
    join interface_addresses a on a.interface_id = i.id where i.machine_id = t.id and ${condition})`;
  const filters = [
    query.hostname === undefined ? undefined : sql`t.hostname like ${containing(query.hostname)}`,
    query.domainId === undefined ? undefined : sql`t.domain_id = ${query.domainId}`,
    query.mac === undefined ? undefined : sql`t.id in (select machine_id from interfaces where mac = ${query.mac})`,
    query.address === undefined ? undefined : hasAddress(sql`a.address = ${query.address}::inet`),
    query.subnetId === undefined ? undefined : hasAddress(sql`a.subnet_id = ${query.subnetId}`),
    query.rackId === undefined ? undefined : sql`t.rack_id is not distinct from ${query.rackId}`,
    query.zoneId === undefined ? undefined : sql`t.zone_id = ${query.zoneId}`,
    query.poolId === undefined ? undefined : sql`t.pool_id = ${query.poolId}`,
    query.isDevice === undefined ? undefined : sql`t.is_device = ${query.isDevice}`,
    query.parentId === undefined ? undefined : sql`t.parent_id = ${query.parentId}`,
    ...stateConditions(query),
    ...carriedConditions('machine', query.carried),
  ];
  const id = sql`t.id collate "C"`;
  const sorts = { id, hostname: sql`t.hostname collate "C"` };
  const from = sql`machines t left join machine_states s on s.machine_id = t.id`;
  return { list: { from, joined: SHOWN, id, sorts, defaultSort: 'hostname' }, filters };
}

function listOf(texts: readonly string[] | undefined): string[] | undefined {
  return texts === undefined ? undefined : [...texts];
}

/** The id alone: most questions are whether there is a machine, and the whole row takes a millisecond to plan. */
function idOf(by: { fqdn: string } | { mac: string } | { address: string }): RawBuilder<{ id: string }> {
  if ('mac' in by) {
    return sql`select machine_id as id from interfaces where mac = ${by.mac} and kind = 'physical'
      order by machine_id limit 1`;
  }
  if ('address' in by) {
    // No join: see `planForBulk`.
    return sql`select machine_id as id from interfaces
      where id = (select interface_id from interface_addresses where address = ${by.address}::inet)`;
  }
  const [hostname, ...domain] = by.fqdn.split('.');
  return sql`select t.id from machines t join domains d on d.id = t.domain_id
    where t.hostname = ${hostname} and d.name = ${domain.join('.')} order by t.id limit 1`;
}

function required(machine: MachineRow | null): MachineRow {
  if (!machine) throw new Error('the machine that was just written is not there');
  return machine;
}
