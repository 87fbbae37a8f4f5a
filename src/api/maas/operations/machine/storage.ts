import { json } from '../../answer.ts';
import type { Handler, Handlers } from '../../handler.ts';
import { disksOf, viewDisk } from '../../objects/disks.ts';
import { readInventory } from '../../objects/machines.ts';
import { machineOf } from './machines.ts';
import { notFound } from '../refusals.ts';

/** A list that is always empty: machines of Regent have none of it. The machine must be there all the same. */
const none: Handler = async ({ site, path }) => {
  await machineOf(site, path);
  return json([]);
};

/** One of what machines have none of. */
const lacking =
  (what: string): Handler =>
  async ({ site, path }) => {
    await machineOf(site, path);
    return notFound(what, path['id']);
  };

/** Disks as machines tell of them. What is laid on them is told at the deployment. */
export const STORAGE_HANDLERS: Handlers = {
  'BlockDevices.read': async ({ site, path }) => {
    const { id } = await machineOf(site, path);
    return json(disksOf(await readInventory(site, id)).map((disk) => viewDisk(id, disk)));
  },
  'BlockDevice.read': async ({ site, path }) => {
    const { id } = await machineOf(site, path);
    const disks = disksOf(await readInventory(site, id)).map((disk) => viewDisk(id, disk));
    const found = disks.find((disk) => String(disk.id) === path['id'] || disk.name === path['id']);
    return json(found ?? notFound('disk', path['id']));
  },
  'Partitions.read': async ({ site, path }) => {
    const { id } = await machineOf(site, path);
    const disks = disksOf(await readInventory(site, id)).map((disk) => viewDisk(id, disk));
    const found = disks.find((disk) => String(disk.id) === path['device_id'] || disk.name === path['device_id']);
    return json((found ?? notFound('disk', path['device_id'])).partitions);
  },
  'VolumeGroups.read': none,
  'Raids.read': none,
  'VolumeGroup.read': lacking('volume group'),
  'Raid.read': lacking('RAID'),
  'Partition.read': async ({ site, path }) => {
    const { id } = await machineOf(site, path);
    const disks = disksOf(await readInventory(site, id)).map((disk) => viewDisk(id, disk));
    if (!disks.some((disk) => String(disk.id) === path['device_id'] || disk.name === path['device_id']))
      notFound('disk', path['device_id']);
    return notFound('partition', path['id']);
  },
  'Bcaches.read': none,
  'BcacheCacheSets.read': none,
  'VmfsDatastores.read': none,
};
