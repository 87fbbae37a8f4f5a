import { RAID_LEVELS, type RaidLevel } from '../../../../model/machines/deployment/storage-types.ts';
import { NAMED_LAYOUTS, type NamedLayout } from '../../../../model/machines/deployment/stored/layouts.ts';
import { type MaasAnswer, json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { showMachine } from '../../objects/machines/machines.ts';
import { badValue, notFound } from '../base/refusals.ts';
import { machineOf } from './machines.ts';
import { bytesOf, change, deviceOf, entryOf, groupOf, raidOf, readStorageAt, refsOf } from './storage-at.ts';

const GROUP_DEVICES = ['block_devices', 'partitions'] as const;
const SPARES = ['spare_devices', 'spare_partitions'] as const;
const GROUP_FIELDS = { volumeGroups: '__all__', device: '__all__', bytes: 'size' };
const RAID_FIELDS = { raids: '__all__', device: '__all__' };

/** RAIDs, volume groups, and layouts as a whole. */
export const STORAGE_GROUP_HANDLERS: Handlers = {
  'Raids.read': async (call) => json((await readStorageAt(call)).set.raids.map(({ view }) => view)),
  'Raids.create': createRaid,
  'Raid.read': async (call) => json(raidOf(await readStorageAt(call), call.path['id']).view),
  'Raid.update': async (call) => {
    const at = await readStorageAt(call);
    const { args } = call;
    const wanted = {
      do: 'set-raid' as const,
      device: raidOf(at, call.path['id']).ref,
      name: args.text('name') || undefined,
      add: refsOf(at, args, ['add_block_devices', 'add_partitions']),
      remove: refsOf(at, args, ['remove_block_devices', 'remove_partitions']),
      addSpares: refsOf(at, args, ['add_spare_devices', 'add_spare_partitions']),
      removeSpares: refsOf(at, args, ['remove_spare_devices', 'remove_spare_partitions']),
    };
    const { set, ref } = await change(call, at, { change: wanted, fields: RAID_FIELDS });
    return json(entryOf(set.raids, ref));
  },
  'Raid.delete': async (call) => {
    const at = await readStorageAt(call);
    await change(call, at, { change: { do: 'delete', device: raidOf(at, call.path['id']).ref } });
    return nothing();
  },

  'VolumeGroups.read': async (call) => json((await readStorageAt(call)).set.groups.map(({ view }) => view)),
  'VolumeGroups.create': async (call) => {
    const at = await readStorageAt(call);
    const devices = refsOf(at, call.args, GROUP_DEVICES) ?? [];
    if (devices.length === 0) badValue('block_devices', 'it is missing', 'a volume group has a disk or a partition');
    const wanted = { do: 'add-group' as const, name: call.args.text('name') ?? '', devices };
    const { set, ref } = await change(call, at, { change: wanted, fields: GROUP_FIELDS });
    return json(entryOf(set.groups, ref));
  },
  'VolumeGroup.read': async (call) => json(groupOf(await readStorageAt(call), call.path['id']).view),
  'VolumeGroup.update': async (call) => {
    const at = await readStorageAt(call);
    const wanted = {
      do: 'set-group' as const,
      device: groupOf(at, call.path['id']).ref,
      name: call.args.text('name') || undefined,
      add: refsOf(at, call.args, ['add_block_devices', 'add_partitions']),
      remove: refsOf(at, call.args, ['remove_block_devices', 'remove_partitions']),
    };
    const { set, ref } = await change(call, at, { change: wanted, fields: GROUP_FIELDS });
    return json(entryOf(set.groups, ref));
  },
  'VolumeGroup.delete': async (call) => {
    const at = await readStorageAt(call);
    await change(call, at, { change: { do: 'delete', device: groupOf(at, call.path['id']).ref } });
    return nothing();
  },
  'VolumeGroup.create_logical_volume': async (call) => {
    const at = await readStorageAt(call);
    const group = groupOf(at, call.path['id']);
    const bytes = bytesOf(call.args, 'size', group.view.size);
    const wanted = { do: 'add-volume' as const, device: group.ref, name: call.args.text('name') ?? '', bytes };
    const { set, ref } = await change(call, at, { change: wanted, fields: GROUP_FIELDS });
    return json(entryOf(set.devices, ref));
  },
  'VolumeGroup.delete_logical_volume': async (call) => {
    const at = await readStorageAt(call);
    const group = groupOf(at, call.path['id']);
    const id = call.args.text('id');
    const volume = deviceOf(at, id);
    if (!group.view.logical_volumes.some((one) => one.id === volume.view.id)) notFound('logical volume', id);
    await change(call, at, { change: { do: 'delete', device: volume.ref } });
    return nothing();
  },

  'Machine.set_storage_layout': setLayout,
  'Machine.restore_storage_configuration': async ({ site, path }) => {
    await site.call('storage.reset', { params: { machine: path['system_id'] ?? '' } });
    return json(await showMachine(site, await machineOf(site, path)));
  },
};

async function createRaid(call: MaasCall): Promise<MaasAnswer> {
  const at = await readStorageAt(call);
  const { args } = call;
  const wanted = {
    do: 'add-raid' as const,
    name: args.text('name') || undefined,
    level: levelOf(args),
    devices: refsOf(at, args, GROUP_DEVICES) ?? [],
    spares: refsOf(at, args, SPARES),
  };
  const { set, ref } = await change(call, at, { change: wanted, fields: RAID_FIELDS });
  return json(entryOf(set.raids, ref));
}

/** `raid-1` or `1`. */
function levelOf(args: Args): RaidLevel {
  const levelText = (args.text('level') ?? '').replace(/^raid-/, '');
  const level = RAID_LEVELS.find((one) => String(one) === levelText);
  return (
    level ??
    badValue(
      'level',
      `${JSON.stringify(levelText.slice(0, 40))} is not known`,
      RAID_LEVELS.map((one) => `raid-${one}`).join(', '),
    )
  );
}

/** Parameters of layouts that Regent does not have. */
const NOT_HAD = ['cache_device', 'cache_mode', 'cache_size', 'cache_no_part'] as const;

async function setLayout(call: MaasCall): Promise<MaasAnswer> {
  const { site, args, path } = call;
  const layoutName = args.text('storage_layout') ?? '';
  const layout = NAMED_LAYOUTS.find((one): one is NamedLayout => one === layoutName);
  if (layout === undefined)
    return badValue(
      'storage_layout',
      `${JSON.stringify(layoutName.slice(0, 40))} cannot be made`,
      NAMED_LAYOUTS.join(', '),
    );
  for (const name of NOT_HAD)
    if (args.text(name)) badValue(name, 'it cannot be done', 'machines of Regent have no bcache');
  const at = await readStorageAt(call);
  const root = args.text('root_device');
  const device = root ? deviceOf(at, root) : undefined;
  const whole = device?.view.size ?? at.set.bootDisk?.size;
  const wanted = {
    do: 'lay-out' as const,
    layout,
    root: device?.ref,
    // MAAS writes 0 for none.
    bootBytes: args.text('boot_size') === '0' ? undefined : bytesOf(args, 'boot_size', whole),
    rootBytes: bytesOf(args, 'root_size', whole),
    group: args.text('vg_name') || undefined,
    volume: args.text('lv_name') || undefined,
    volumeBytes: bytesOf(args, 'lv_size', whole),
  };
  await change(call, at, { change: wanted, fields: LAYOUT_FIELDS });
  return json(await showMachine(site, await machineOf(site, path)));
}

const LAYOUT_FIELDS = {
  disks: 'root_device',
  root: 'root_device',
  partitions: 'root_size',
  volumeGroups: 'lv_size',
  volumeBytes: 'lv_size',
};
