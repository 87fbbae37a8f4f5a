import type { Device } from '../../../../contract/machines/device.ts';
import { type MaasAnswer, bytes, json, nothing } from '../../answer.ts';
import type { Handlers, MaasCall, PathValues } from '../../handler.ts';
import { createSiteLists } from '../../site-lists.ts';
import { showDevices } from '../../objects/machines/devices.ts';
import { type Site, step } from '../../site.ts';
import { badValue } from '../base/refusals.ts';
import { checkPlace } from './hosts.ts';
import { withAnnotations } from './machines.ts';
import { detailsOf } from '../../objects/machines/details.ts';
import { withNetworks } from './constraints.ts';
import { isOfAgent, passes } from './node-filters.ts';
import { vlanRefOf } from '../networks/vlans.ts';
import { domainIn, domainName, nameOf } from '../names/host-names.ts';

/** Hosts with names and addresses that nobody commissions: Juju's containers, printers, switches. */
export const DEVICE_HANDLERS: Handlers = {
  'Devices.read': async ({ lists, args: given }) => {
    const args = await withNetworks(lists, given);
    const shown = await showDevices(lists, await lists.devices());
    return json(shown.filter((device) => isOfAgent({}, args) && passes({ ...NOT_OF_DEVICES, ...device }, args)));
  },
  'Devices.create': createDevice,
  'Device.read': async ({ site, path }) => show(site, await deviceOf(site, path)),
  'Device.update': updateDevice,
  'Device.delete': async ({ site, path }) => {
    await site.call('device.delete', { params: ref(path) });
    return nothing();
  },
  'Device.details': async ({ site, path }) => {
    await deviceOf(site, path);
    return bytes(detailsOf(null), 'application/bson');
  },
  // Nothing switches a device.
  'Device.power_parameters': async ({ site, path }) => {
    await deviceOf(site, path);
    return json({});
  },
  'Device.restore_networking_configuration': restore,
  'Device.restore_default_configuration': restore,
  'Device.set_owner_data': setAnnotations,
  'Device.set_workload_annotations': setAnnotations,
  'Devices.set_zone': async ({ site, args }) => {
    const ids = [...new Set([...args.list('nodes'), ...args.list('system_id')])];
    const body = { zone: args.text('zone') ?? '' };
    if (ids.length > 0) await site.together(ids.map((device) => step('device.set', { params: { device }, body })));
    return json(null);
  },
};

const ref = (path: PathValues) => ({ device: path['system_id'] ?? '' });

/** Members that filters compare and no device has. */
export const NOT_OF_DEVICES = { status: 0, power_state: 'unknown', architecture: '', cpu_count: 0, memory: 0 };

function deviceOf(site: Site, path: PathValues): Promise<Device> {
  return site.call('device.show', { params: ref(path) });
}

async function show(site: Site, device: Device): Promise<MaasAnswer> {
  const [shown] = await showDevices(createSiteLists(site), [device]);
  return json(shown);
}

async function createDevice({ site, lists, args }: MaasCall) {
  await checkPlace(lists, args);
  const macs = args.list('mac_addresses');
  const hostname = args.text('hostname') || `d-${(macs[0] ?? '').replaceAll(/[:-]/g, '').toLowerCase()}`;
  const body = {
    hostname: nameOf(hostname),
    domain: await domainName(lists, args.text('domain') || domainIn(hostname)),
    description: args.text('description'),
    parent: args.text('parent') || undefined,
    zone: args.text('zone') || undefined,
    interfaces: macs.map((mac) => ({ mac })),
  };
  return show(site, await site.call('device.create', { body }));
}

async function updateDevice({ site, lists, path, args }: MaasCall) {
  await checkPlace(lists, args);
  const hostname = args.text('hostname');
  const domain = args.text('domain') || (hostname ? domainIn(hostname) : undefined);
  const body = {
    hostname: hostname ? nameOf(hostname) : undefined,
    domain: domain ? await domainName(lists, domain) : undefined,
    description: args.text('description'),
    parent: args.clearable('parent'),
    zone: args.text('zone') || undefined,
  };
  return show(site, await site.call('device.set', { params: ref(path), body }));
}

async function setAnnotations({ site, path, args }: MaasCall) {
  const { id, annotations } = await deviceOf(site, path);
  const body = { annotations: withAnnotations(annotations, args) };
  return show(site, await site.call('device.set', { params: { device: id }, body }));
}

/** Its cards stay and lose what was given to them: addresses, bonds, bridges and VLANs. */
async function restore({ site, path }: MaasCall) {
  const { id, interfaces } = await deviceOf(site, path);
  const cards = interfaces.filter(({ kind }) => kind === 'physical');
  if (cards.length === 0) badValue('system_id', 'it has no network card', 'a card is what stays');
  const body = {
    interfaces: cards.map(({ name, mac, vlanId }) => ({ name, mac, addresses: [], vlan: vlanRefOf(vlanId) })),
  };
  return show(site, await site.call('device.set', { params: { device: id }, body }));
}
