import { json, text } from '../../answer.ts';
import type { Handler, Handlers, MaasCall } from '../../handler.ts';
import { badValue, notFound } from './refusals.ts';

/** A list of what cannot be made here: it is empty. */
const empty: Handler = async () => json([]);
/** One of what cannot be made here: there is none. */
const none =
  (what: string): Handler =>
  async ({ path }: MaasCall) =>
    notFound(what, path['id'] ?? path['name']);
const each = (keys: readonly string[], handler: Handler): Handlers =>
  Object.fromEntries(keys.map((key) => [key, handler]));

const cannot =
  (field: string, rule: string): Handler =>
  async () =>
    badValue(field, 'it cannot be made', rule);
/** The machine of a path must be there before anything else is answered. */
const ofMachine =
  (handler: Handler): Handler =>
  async (call) => {
    await call.site.call('machine.show', { params: { machine: call.path['system_id'] ?? '' } });
    return handler(call);
  };

const GONE: Handler = async () => text('Networks of the old kind are gone. Use subnets.', 410);
const HOST_VERBS = ['read', 'update', 'delete', 'add_tag', 'compose', 'parameters', 'refresh', 'remove_tag'];
const of = (resource: string, verbs: readonly string[]) => verbs.map((verb) => `${resource}.${verb}`);
const ITEM = ['read', 'update', 'delete'];

/** What MAAS has and Regent has not: lists are empty, nothing is found, and nothing is made. */
export const NOTHING_HANDLERS: Handlers = {
  'Pods.read': empty,
  'VmHosts.read': empty,
  'VmClusters.read': empty,
  'VirtualMachines.read': empty,
  ...each(['Pods.create', 'VmHosts.create'], cannot('type', 'Regent has no VM hosts')),
  ...each([...of('Pod', HOST_VERBS), ...of('VmHost', HOST_VERBS)], none('VM host')),
  ...each(of('VmCluster', ITEM), none('cluster of VM hosts')),
  'VirtualMachine.read': none('virtual machine'),
  'VirtualMachines.create': cannot('project', 'Regent has no VM hosts'),
  'Domains.set_serial': cannot('serial', 'the serials of zones follow from their changes'),

  ...each(of('Bcache', ITEM), ofMachine(none('bcache device'))),
  ...each(of('BcacheCacheSet', ITEM), ofMachine(none('cache set'))),
  ...each(of('VmfsDatastore', ITEM), ofMachine(none('datastore'))),
  'Bcaches.create': ofMachine(cannot('backing_device', 'machines of Regent have no bcache')),
  'BcacheCacheSets.create': ofMachine(cannot('cache_device', 'machines of Regent have no bcache')),
  'VmfsDatastores.create': ofMachine(cannot('name', 'machines of Regent have no VMFS')),

  // MAAS answers the same: they were given up there.
  'Networks.read': empty,
  ...each(['Network.read', 'Network.list_connected_macs'], none('network of the old kind')),
  ...each(['Networks.create', ...of('Network', ['update', 'delete', 'connect_macs', 'disconnect_macs'])], GONE),

  // Nothing of these can be made yet, so nothing is there.
  'LicenseKeys.read': empty,
  'SSLKeys.read': empty,
  'SSLKey.read': none('SSL key'),
};
