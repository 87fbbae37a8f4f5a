import { DEFAULT_ID } from '../../../../contract/base/declare.ts';
import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall, PathValues } from '../../handler.ts';
import { viewPool, viewZone } from '../../objects/base/groups.ts';
import { step } from '../../site.ts';
import { poolRef } from '../base/defaults.ts';

/** What MAAS calls the description of an object is its comment here. */
function described(args: Args) {
  return { name: args.text('name') || undefined, comment: args.text('description') };
}

/** Zones and resource pools. */
export const ZONE_HANDLERS: Handlers = {
  'Zones.read': async ({ lists }) => json((await lists.zones()).map(viewZone)),
  'Zones.create': async ({ site, args }) =>
    json(viewZone(await site.call('zone.create', { body: { ...described(args), name: args.text('name') ?? '' } }))),
  'Zone.read': async ({ site, path }) => json(viewZone(await site.call('zone.show', { params: zone(path) }))),
  'Zone.update': async ({ site, path, args }) =>
    json(viewZone(await site.call('zone.set', { params: zone(path), body: described(args) }))),
  // As in MAAS, what is in it goes to the default zone, in one transaction.
  'Zone.delete': async ({ site, path }) => {
    const { name } = await site.call('zone.show', { params: zone(path) });
    const [machines, devices] = [
      await site.all('machine.list', { zone: name }),
      await site.all('device.list', { zone: name }),
    ];
    const body = { zone: String(DEFAULT_ID) };
    await site.together([
      ...machines.map(({ id }) => step('machine.set', { params: { machine: id }, body })),
      ...devices.map(({ id }) => step('device.set', { params: { device: id }, body })),
      step('zone.delete', { params: zone(path) }),
    ]);
    return nothing();
  },

  'ResourcePools.read': async ({ lists }) => json((await lists.pools()).map(viewPool)),
  'ResourcePools.create': async ({ site, args }) =>
    json(
      viewPool(
        await site.call('resource-pool.create', { body: { ...described(args), name: args.text('name') ?? '' } }),
      ),
    ),
  'ResourcePool.read': async (call) =>
    json(viewPool(await call.site.call('resource-pool.show', { params: await pool(call) }))),
  'ResourcePool.update': async (call) =>
    json(viewPool(await call.site.call('resource-pool.set', { params: await pool(call), body: described(call.args) }))),
  'ResourcePool.delete': async (call) => {
    await call.site.call('resource-pool.delete', { params: await pool(call) });
    return nothing();
  },
};

const zone = (path: PathValues) => ({ zone: path['name'] ?? '' });
const pool = async ({ lists, path }: MaasCall) => ({ resource_pool: await poolRef(lists, path['id']) });
