import type { RouteOutput } from '../../../../contract/routes.ts';
import { RejectedError } from '../../../../core/errors.ts';
import { type MaasAnswer, json } from '../../answer.ts';
import type { MaasCall } from '../../handler.ts';
import { showMachine } from '../../objects/machines/machines.ts';
import type { Site } from '../../site.ts';
import { badValue, conflict } from '../base/refusals.ts';
import { readStorageAt } from './storage-at.ts';
import { type AllocationRequest, readAllocation } from './allocation-request.ts';

/** Constraints that Regent cannot search by. They are refused, because the call would allocate a machine that does not fit. */
const NOT_FOUND_BY = [
  'pod',
  'not_pod',
  'pod_type',
  'not_pod_type',
  'not_fabrics',
  'fabric_classes',
  'not_fabric_classes',
  'devices',
  'link_speed',
  'not_arch',
  'vlans',
  'not_vlans',
  'cpu_speed',
  'not_owner',
  'power_state',
  'not_power_state',
];

/** Takes a machine that fits; with `dry_run` it only answers which one it would be. */
export async function allocate({ site, lists, args }: MaasCall): Promise<MaasAnswer> {
  for (const name of ['install_kvm', 'register_vmhost', 'install_rackd', 'bridge_all'])
    if (args.flag(name)) badValue(name, 'it cannot be done', 'Regent allocates a machine and no more; leave it out');
  for (const name of NOT_FOUND_BY)
    if (args.text(name))
      badValue(
        name,
        'machines are not found by it',
        'name, tags, zone, pool, subnets, interfaces, storage and the like',
      );
  const { body, labels, disks: named } = await readAllocation(lists, args);
  const { machine, storage, interfaces } = await found(site, body, args.flag('dry_run') === true).catch(noneMatches);
  const disks = Object.keys(storage).length === 0 ? new Map<string, number>() : await numbersOf(site, machine.id);
  const matches = {
    // As in MAAS, what has no label is not named.
    storage: Object.entries(storage)
      .filter(([label]) => named.includes(label))
      .map(([label, name]) => [label, disks.get(name)] as const),
    interfaces: Object.entries(interfaces).filter(([label]) => !labels.includes(label)),
  };
  const constraints_by_type = Object.fromEntries(
    Object.entries(matches).flatMap(([type, all]) => {
      const ids = all.flatMap(([label, id]) => (id === undefined ? [] : [[label, [id]] as const]));
      return ids.length === 0 ? [] : [[type, Object.fromEntries(ids)] as const];
    }),
  );
  return json({ ...(await showMachine(site, machine)), constraints_by_type });
}

type Allocated = RouteOutput<'machine.allocate-any'>;

async function found(site: Site, body: AllocationRequest['body'], isDryRun: boolean): Promise<Allocated> {
  if (!isDryRun) return site.call('machine.allocate-any', { body });
  // A dry run answers with what the call would have answered, and what would change.
  const preview: unknown = await site.call('machine.allocate-any', { query: { dry_run: true }, body });
  return (preview as { readonly object: Allocated }).object;
}

/** Numbers of the devices of a machine, by the names that API v1 has for them. */
async function numbersOf(site: Site, machine: string): Promise<Map<string, number>> {
  const { set } = await readStorageAt({ site, path: { system_id: machine } });
  return new Map([
    ...set.disks.map(({ device, view }) => [device, view.id] as const),
    ...set.devices.map(({ device, view }) => [device, view.id] as const),
  ]);
}

/** Tools compare the first words of this sentence to find out that no machine fits. */
function noneMatches(error: unknown): never {
  if (!(error instanceof RejectedError) || error.rejected.code !== 'conflict') throw error;
  return conflict(`No available machine matches constraints. ${error.rejected.message}`);
}
