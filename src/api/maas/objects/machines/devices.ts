import type { Device } from '../../../../contract/machines/device.ts';
import type { SiteLists } from '../../site-lists.ts';
import { viewInterfaces } from './interfaces.ts';
import { type MachineSurroundings, readSurroundings } from './machines.ts';
import { uriOf } from '../base/uri.ts';

type MaasDevice = ReturnType<typeof viewDevice>;

/** A host that nobody commissions, as MAAS shows it. */
function viewDevice(device: Device, { networks, domains, zones, pools }: MachineSurroundings) {
  const { id, hostname, fqdn, interfaces, annotations } = device;
  return {
    system_id: id,
    hostname,
    fqdn,
    description: device.description,
    domain: domains.get(device.domain) ?? null,
    zone: zones.get(device.zone) ?? null,
    pool: pools.get(device.pool) ?? null,
    owner: device.owner,
    owner_data: annotations,
    workload_annotations: annotations,
    parent: device.parent,
    tag_names: device.tags,
    address_ttl: null,
    ip_addresses: interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address)),
    interface_set: viewInterfaces({ machine: id, interfaces }, networks),
    node_type: 1,
    node_type_name: 'Device',
    resource_uri: uriOf('devices', id),
  };
}

/** Devices in full: a list for each thing that they name, whatever their number. */
export async function showDevices(lists: SiteLists, devices: readonly Device[]): Promise<MaasDevice[]> {
  const around = await readSurroundings(lists);
  return devices.map((device) => viewDevice(device, around));
}
