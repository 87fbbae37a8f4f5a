import { DEFAULT_ID } from '../../../../contract/base/declare.ts';
import { nothing } from '../../answer.ts';
import type { Handlers } from '../../handler.ts';
import { viewPool, viewZone } from '../../objects/base/groups.ts';
import { step } from '../../site.ts';
import { poolRef } from '../base/defaults.ts';
import { nounHandlers, param } from '../base/nouns.ts';

/** What MAAS calls the description of an object is its comment here. */
const DESCRIBED = { name: param.filled('name'), comment: param.text('description') };

/** Zones and resource pools. */
export const ZONE_HANDLERS: Handlers = {
  ...nounHandlers({
    noun: 'zone',
    all: 'Zones',
    one: 'Zone',
    list: ({ lists }) => lists.zones(),
    fields: DESCRIBED,
    view: () => viewZone,
  }),
  // As in MAAS, what is in it goes to the default zone, in one transaction.
  'Zone.delete': async ({ site, path }) => {
    const params = { zone: path['name'] ?? '' };
    const { name } = await site.call('zone.show', { params });
    const machines = await site.all('machine.list', { zone: name });
    const devices = await site.all('device.list', { zone: name });
    const body = { zone: String(DEFAULT_ID) };
    await site.together([
      ...machines.map(({ id }) => step('machine.set', { params: { machine: id }, body })),
      ...devices.map(({ id }) => step('device.set', { params: { device: id }, body })),
      step('zone.delete', { params }),
    ]);
    return nothing();
  },
  ...nounHandlers({
    noun: 'resource-pool',
    all: 'ResourcePools',
    one: 'ResourcePool',
    list: ({ lists }) => lists.pools(),
    ref: ({ lists, path }) => poolRef(lists, path['id']),
    fields: DESCRIBED,
    view: () => viewPool,
  }),
};
