import type { Inventory } from '../../../contract/machines/machine-inventory.ts';
import { accept, isRejected, refuse, type Rejected } from '../../../core/errors.ts';
import { imageArchitecture } from '../../../model/machines/deployment/candidate.ts';
import type { DeployedImage, Deployment } from '../../../model/machines/deployment/deployment.ts';
import { type NetworkPlan, planNetwork, routesLeftOut } from '../../../model/machines/deployment/network.ts';
import type { NetworkRoute } from '../../../model/machines/deployment/network-routes.ts';
import { ALL_OPTIONS_MAX, optionsOf } from '../../../model/machines/tags/kernel-options.ts';
import { externalTime, type Settings } from '../../../model/site/settings.ts';
import { packagesFor } from '../../../model/images/package-repository.ts';
import { planStorage } from '../../../model/machines/deployment/storage.ts';
import type { StoragePlan, StorageRequest } from '../../../model/machines/deployment/storage-types.ts';
import { type RequestedStorage, deployedRequest } from '../../../model/machines/deployment/stored/request.ts';
import type { Snapshot } from '../../../model/snapshot.ts';
import type { ServingSite } from '../../../model/networks/serving.ts';
import { listDeclared } from '../../../store/declared/rows.ts';
import { readCluster, readServingSite, readSettings } from '../../../store/snapshot.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import { readTagOptions } from '../../../store/queries/machines/machine-stages.ts';
import { readInventory } from '../../../store/queries/machines/machine-inventories.ts';
import type { Tx } from '../../../store/tx.ts';
import { packageProxy, rackAddresses, siteResolvers, sourcesOf } from './site.ts';

/** The storage when nobody chose one. */
export const USUAL_STORAGE: StorageRequest = { layout: 'flat' };

/** A machine's hardware in its newest inventory; refused: there is none yet. */
export async function hardwareOf(tx: Tx, { id, hostname }: MachineRow): Promise<Inventory> {
  const row = await readInventory(tx, id);
  return row === null
    ? refuse('conflict', `${hostname} has not reported its hardware. Rule: commission it first.`)
    : (row.inventory as Inventory);
}

/** Octets that every system takes for granted. */
const MTU_USUAL = 1500;

/** The architecture of a machine as images name it; null: not known. Pure. */
export const architectureOf = ({ cpu }: Inventory): string | null => imageArchitecture(cpu?.architecture);

/** How the disks of a machine are laid out for an image, by its newest inventory. Pure. */
export function storageOf(
  inventory: Inventory,
  image: DeployedImage,
  requestedStorage: RequestedStorage,
): StoragePlan | Rejected {
  const disks = (inventory.disks ?? []).flatMap(({ bytes, ...disk }) =>
    disk.removable === true || bytes === undefined ? [] : [{ ...disk, bytes }],
  );
  const firmware = inventory.firmware?.kind ?? 'bios';
  const request = deployedRequest(requestedStorage, disks);
  if (isRejected(request)) return request;
  return planStorage(disks, request, { firmware, format: image.format, minBytes: image.bytes ?? image.file.size });
}

/** An interface without an MTU has that of its VLAN, where that is another one than the usual. */
function withMtu(one: MachineRow['interfaces'][number]): MachineRow['interfaces'][number] {
  return one.mtu !== null || one.vlanMtu === null || one.vlanMtu === MTU_USUAL ? one : { ...one, mtu: one.vlanMtu };
}

/** The network of a machine's system by the model, and by the card that it booted from. Pure. */
export function networkOf(
  site: ServingSite & Pick<Snapshot, 'nodes'>,
  machine: MachineRow,
  { bootMac }: Inventory,
  routes: readonly NetworkRoute[] = [],
): NetworkPlan | Rejected {
  return planNetwork(
    { interfaces: machine.interfaces.map(withMtu), bootMac: bootMac ?? null },
    { subnets: site.subnets, vlans: site.vlans, resolvers: siteResolvers(site), search: [machine.domain], routes },
  );
}

/** Names of static routes that a machine's system does not get: it stands where they lead, or is their router. */
export async function routesLeftOutOf(tx: Tx, machine: MachineRow, { bootMac }: Inventory): Promise<string[]> {
  const routes = (await listDeclared(tx, 'static-route', { limit: 1000, sort: 'name' })).items;
  if (routes.length === 0) return [];
  const { subnets } = await readServingSite(tx);
  const interfaces = machine.interfaces.map(withMtu);
  const left = routesLeftOut({ interfaces, bootMac: bootMac ?? null }, { subnets, routes });
  return routes.filter((route) => left.some((one) => one === route)).map(({ name }) => name);
}

/** Options of the kernel of a machine's system: the site's, then its tags' by name; refused: they are too long for a kernel. */
export async function kernelOptionsOf(
  tx: Tx,
  { id, hostname }: Pick<MachineRow, 'id' | 'hostname'>,
  settings: Settings,
): Promise<readonly string[]> {
  const options = [...optionsOf(settings.kernel_opts), ...optionsOf(await readTagOptions(tx, id))];
  const { length } = options.join(' ');
  if (length <= ALL_OPTIONS_MAX) return options;
  const sentence = `The kernel options of ${hostname}, of the site and of its tags, have ${length} characters. Rule: at most ${ALL_OPTIONS_MAX}.`;
  refuse('conflict', sentence);
}

/** What a machine's deployment is planned from, and its run. */
export interface DeploymentInput {
  readonly machine: MachineRow;
  readonly image: DeployedImage;
  readonly storage: RequestedStorage;
  readonly run: number;
  readonly sshKeys: readonly string[];
  readonly userData: Uint8Array | null;
}

function timeSources(settings: Settings, racks: readonly string[]): readonly string[] {
  const external = externalTime(settings);
  return external.length > 0 ? external : racks;
}

/**
 * All that a machine needs to be installed, by the model and its hardware as they are now; refused if they do not fit.
 */
export async function planDeployment(tx: Tx, wanted: DeploymentInput): Promise<Deployment> {
  const { machine, image, run, sshKeys, userData } = wanted;
  const inventory = await hardwareOf(tx, machine);
  const storage = accept(storageOf(inventory, image, wanted.storage));
  const settings = await readSettings(tx);
  const kernelOptions = await kernelOptionsOf(tx, machine, settings);
  const site = await readServingSite(tx);
  const routes = (await listDeclared(tx, 'static-route', { limit: 1000, sort: 'name' })).items;
  const repositories = (await listDeclared(tx, 'package-repository', { limit: 1000, sort: 'id' })).items;
  const network = accept(networkOf(site, machine, inventory, routes));
  const racks = rackAddresses(site, machine);
  const { id, hostname, fqdn } = machine;
  return {
    machine: { id, hostname, fqdn },
    run,
    image,
    storage,
    network,
    sources: sourcesOf(racks),
    sshKeys,
    userData,
    // Racks serve the time to their VLANs.
    ntp: timeSources(settings, racks),
    kernelOptions,
    aptProxy: packageProxy(settings, await readCluster(tx), site),
    packages: packagesFor(repositories, image.architecture),
  };
}
