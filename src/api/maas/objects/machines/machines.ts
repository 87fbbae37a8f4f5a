import type { Machine } from '../../../../contract/machines/machine.ts';
import type { Domain } from '../../../../contract/names/domain.ts';
import type { Inventory } from '../../../../contract/machines/machine-inventory.ts';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { imageArchitecture } from '../../../../model/machines/deployment/candidate.ts';
import { withoutAgent } from '../../../../model/site/annotation.ts';
import { MACHINE_STATUS } from '../../../../model/machines/machine-states.ts';
import type { MachineStorage } from '../../../../model/machines/deployment/stored/storage.ts';
import alike from './alike.json' with { type: 'json' };
import { float } from '../../answer.ts';
import { createSiteLists, type SiteLists } from '../../site-lists.ts';
import type { Site } from '../../site.ts';
import { disksOf, viewStorage } from './disks.ts';
import { viewDomain, viewPool, viewZone } from '../base/groups.ts';
import { viewHardware, numaNodes } from './hardware.ts';
import { type InterfaceSet, viewInterfaces } from './interfaces.ts';
import { type Networks, readNetworks } from '../networks/networks.ts';
import { uriOf } from '../base/uri.ts';

/** The members about tests, if nobody ran any. */
export const NO_TESTS = alike.tests;

/** What machines name, as MAAS shows it: each is made once, however many machines are shown. */
export interface MachineSurroundings {
  readonly networks: Networks;
  readonly zones: ReadonlyMap<string, object>;
  readonly pools: ReadonlyMap<string, object>;
  readonly domains: ReadonlyMap<string, object>;
}

/** Reads the surroundings of machines: one list of each kind, whatever its length, in parallel. */
export async function readSurroundings(lists: SiteLists): Promise<MachineSurroundings> {
  const [networks, records, zones, pools, domains] = await Promise.all([
    readNetworks(lists),
    lists.records(),
    lists.zones(),
    lists.pools(),
    lists.domains(),
  ]);
  const counts = Map.groupBy(records, ({ domain }) => domain);
  const domain = (one: Domain) => viewDomain(one, counts.get(one.name)?.length ?? 0);
  const named = <T extends { readonly name: string }>(items: readonly T[], view: (item: T) => object) =>
    new Map(items.map((item) => [item.name, view(item)]));
  return {
    networks,
    zones: named<RouteOutput<'zone.show'>>(zones, viewZone),
    pools: named<RouteOutput<'resource-pool.show'>>(pools, viewPool),
    domains: named(domains, domain),
  };
}

/** Machines in full. Hardware and layouts are read at once for all of them, or for a single one. */
export async function showMachines(lists: SiteLists, machines: readonly Machine[]): Promise<MaasMachine[]> {
  const around = await readSurroundings(lists);
  const inventoryById = new Map((await lists.inventories()).map(({ machine, inventory }) => [machine, inventory]));
  const storageById = new Map((await lists.storages()).map(({ machine, storage }) => [machine, storage]));
  return machines.map((machine) => {
    const { id } = machine;
    return viewMachine(machine, { inventory: inventoryById.get(id), storage: storageById.get(id) }, around);
  });
}

/** One machine in full, read again. */
export async function showMachine(site: Site, machine: Machine): Promise<MaasMachine> {
  const inventory = await readInventory(site, machine.id);
  const { storage } = await site.call('storage.show', { params: { machine: machine.id } });
  return viewMachine(machine, { inventory, storage }, await readSurroundings(createSiteLists(site)));
}

/** The hardware that a machine reported; undefined: nothing yet. */
export async function readInventory(site: Site, id: string): Promise<Inventory | undefined> {
  const found = await site.find('machine.inventory', { params: { machine: id } });
  return found?.inventory;
}

export type MaasMachine = ReturnType<typeof viewMachine>;

/** The hardware that a machine reported, and the layout of its disks; undefined: nothing yet, no layout requested. */
export type MachineParts = { readonly inventory: Inventory | undefined; readonly storage: MachineStorage | undefined };

/** What every machine has alike: what machines of Regent never have, and those members. */
export const SAME = { ...alike.machine, ...NO_TESTS };

/** A machine as MAAS shows it. */
export function viewMachine(machine: Machine, parts: MachineParts, around: MachineSurroundings) {
  const { networks } = around;
  const cards = interfacesOf(machine, parts);
  const set = viewInterfaces(cards, networks);
  const { physical, virtual, bootDisk, gigabytes, groups, raids } = storageOf(machine, parts);
  return {
    ...ownMembers(machine, parts, networks),
    ...placeOf(machine, around),
    interface_set: set,
    boot_interface: set[bootCard(cards, parts)] ?? null,
    boot_disk: bootDisk,
    blockdevice_set: virtual.length === 0 ? physical : [...physical, ...virtual],
    physicalblockdevice_set: physical,
    storage: float(gigabytes),
    virtualblockdevice_set: virtual,
    volume_groups: groups,
    raids,
    ...SAME,
  };
}

/** Its interfaces, with the cards that it reported. */
export function interfacesOf({ id, interfaces }: Machine, { inventory }: MachineParts): InterfaceSet {
  return { machine: id, interfaces, cards: inventory?.interfaces ?? [] };
}

/** The place of the interface that the machine boots from. */
export function bootCard({ interfaces }: InterfaceSet, { inventory }: MachineParts): number {
  const bootMac = inventory?.bootMac;
  return Math.max(
    0,
    interfaces.findIndex(({ mac }) => mac === bootMac),
  );
}

/** The domain, zone and pool that the machine names, as MAAS shows them. */
export function placeOf(machine: Machine, { domains, zones, pools }: MachineSurroundings) {
  return {
    domain: domains.get(machine.domain) ?? null,
    zone: zones.get(machine.zone ?? '') ?? null,
    pool: pools.get(machine.pool ?? '') ?? null,
  };
}

/** What is on its disks, and is made of them. */
export function storageOf({ id }: Machine, { inventory, storage }: MachineParts) {
  const { disks, devices, groups, raids, bootDisk } = viewStorage(id, disksOf(inventory), storage);
  const physical = disks.map(({ view }) => view);
  return {
    physical,
    virtual: devices.map(({ view }) => view),
    bootDisk,
    gigabytes: Math.round(physical.reduce((sum, { size }) => sum + size, 0) / 100_000) / 10,
    groups: groups.map(({ view }) => view),
    raids: raids.map(({ view }) => view),
  };
}

/** What a machine shows beside what is shared and what is listed. Each member by its name: V8 takes many times as long for copies of objects. */
export function ownMembers(machine: Machine, { inventory }: MachineParts, networks: Networks) {
  const { id, hostname, fqdn, state = 'new', owner = null } = machine;
  // MAAS shows the name of the tool nowhere.
  const annotations = withoutAgent(machine.annotations ?? {});
  const status = MACHINE_STATUS[state];
  const { osystem, distro_series, min_hwe_kernel, ephemeral_deploy } = systemOf(machine);
  const hardware = hardwareOf(inventory, machine);
  return {
    system_id: id,
    hostname,
    fqdn,
    description: machine.description ?? '',
    owner,
    owner_data: annotations,
    workload_annotations: annotations,
    locked: machine.locked ?? false,
    status: status.number,
    status_name: status.label,
    status_action: '',
    status_message: machine.error || machine.message || '',
    error_description: machine.error ?? '',
    node_type: 0,
    node_type_name: 'Machine',
    osystem,
    distro_series,
    hwe_kernel: '',
    min_hwe_kernel,
    ephemeral_deploy,
    netboot: state !== 'deployed',
    power_type: machine.powerType ?? '',
    power_state: machine.powerState ?? 'unknown',
    tag_names: machine.tags,
    address_ttl: null,
    ip_addresses: machine.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address)),
    default_gateways: gatewaysOf(machine, networks),
    architecture: hardware.architecture,
    cpu_count: hardware.cpu_count,
    cpu_speed: hardware.cpu_speed,
    memory: hardware.memory,
    hardware_uuid: hardware.hardware_uuid,
    bios_boot_method: hardware.bios_boot_method,
    hardware_info: hardware.hardware_info,
    numanode_set: hardware.numanode_set,
    resource_uri: uriOf('machines', id),
  };
}

function systemOf({ deployment, minHweKernel = '' }: Machine) {
  const [first = '', second] = (deployment?.image ?? '').split('/');
  const isNamed = second !== undefined;
  return {
    osystem: isNamed ? first : first === '' ? '' : 'custom',
    distro_series: isNamed ? second : first,
    min_hwe_kernel: minHweKernel,
    ephemeral_deploy: deployment !== undefined && deployment.image === null,
  };
}

function hardwareOf(inventory: Inventory | undefined, { expectedArchitecture = 'amd64/generic' }: Machine) {
  const architecture = imageArchitecture(inventory?.cpu?.architecture);
  return {
    architecture: architecture ? `${architecture}/generic` : expectedArchitecture,
    cpu_count: inventory?.cpu?.count ?? 0,
    cpu_speed: inventory?.cpu?.mhz ?? 0,
    memory: Math.round((inventory?.memory?.kb ?? 0) / 1024),
    hardware_uuid: inventory?.system?.uuid ?? null,
    bios_boot_method:
      inventory?.firmware?.kind === 'uefi' ? 'uefi' : inventory?.firmware?.kind === 'bios' ? 'pxe' : null,
    hardware_info: viewHardware(inventory),
    numanode_set: numaNodes(inventory),
  };
}

const NO_GATEWAY: Gateway = { gateway_ip: null, link_id: null };
export const NO_GATEWAYS = { ipv4: NO_GATEWAY, ipv6: NO_GATEWAY };
type Gateway = { readonly gateway_ip: string | null; readonly link_id: number | null };

/** By which router each family goes out. */
function gatewaysOf({ interfaces }: Machine, networks: Networks) {
  const links = interfaces.flatMap(({ links: own = [] }) => own.filter(({ gateway }) => gateway));
  if (links.length === 0) return NO_GATEWAYS;
  const of = (isMeant: (router: string) => boolean): Gateway => {
    for (const { id, subnetId } of links) {
      const router = networks.subnet(subnetId)?.gateway_ip ?? null;
      if (router !== null && isMeant(router)) return { gateway_ip: router, link_id: id };
    }
    return NO_GATEWAY;
  };
  return { ipv4: of((router) => !router.includes(':')), ipv6: of((router) => router.includes(':')) };
}
