import type { FileSystemKind, RaidLevel } from '../../../../model/machines/deployment/storage-types.ts';
import { FILE_SYSTEM_KINDS, RAID_LEVELS } from '../../../../model/machines/deployment/storage-types.ts';
import type { StorageChange } from '../../../../model/machines/deployment/stored/changes.ts';
import { NAMED_LAYOUTS, type NamedLayout } from '../../../../model/machines/deployment/stored/layouts.ts';
import { type MaasAnswer, json, nothing, text } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handler, Handlers, MaasCall, PathValues } from '../../handler.ts';
import { showMachine } from '../../objects/machines/machines.ts';
import { badValue, notFound } from '../base/refusals.ts';
import { machineOf } from './machines.ts';
import {
  blockDevices,
  bytesOf,
  change,
  deviceOf,
  entryOf,
  groupOf,
  type NamedEntry,
  partitionOf,
  raidOf,
  readStorageAt,
  refsOf,
  type StorageAt,
} from './storage-at.ts';

/** A kind of part that the storage of a machine has: how the verbs find, make, change and show one. */
interface StoragePart {
  readonly list: (at: StorageAt, path: PathValues) => readonly { readonly view: object }[];
  readonly find: (at: StorageAt, path: PathValues) => NamedEntry;
  /** All entries, among which a change found or made one. */
  readonly entries: (set: StorageAt['set']) => readonly NamedEntry[];
  readonly create: (at: StorageAt, call: MaasCall) => StorageChange;
  readonly update?: (at: StorageAt, call: MaasCall, device: string) => StorageChange;
  /** What MAAS calls the members of changes, and of one that deletes. */
  readonly fields: Readonly<Record<string, string>>;
  readonly deleted?: Readonly<Record<string, string>>;
}

const MADE_OF = ['block_devices', 'partitions'] as const;
const ADDED = ['add_block_devices', 'add_partitions'] as const;
const REMOVED = ['remove_block_devices', 'remove_partitions'] as const;
const DISK_FIELDS = { bytes: 'size', blockBytes: 'block_size', path: 'id_path' };
const GROUP_FIELDS = { volumeGroups: '__all__', device: '__all__', bytes: 'size' };
const ID = { device: 'id' };

const DEVICE: StoragePart = {
  list: blockDevices,
  find: (at, path) => deviceOf(at, path['id']),
  entries: (set) => [...set.disks, ...set.devices],
  create: (_at, { args }) => {
    const made = { do: 'add-disk' as const, ...diskFields(args) };
    return made.name === undefined ? badValue('name', 'it is missing', 'the name of the disk, such as sdb') : made;
  },
  update: (_at, { args }, device) => ({ do: 'set-disk', device, ...diskFields(args) }),
  fields: DISK_FIELDS,
  deleted: ID,
};
const PARTITION: StoragePart = {
  list: (at, path) => deviceOf(at, path['device_id']).view.partitions.map((view) => ({ view })),
  find: partitionOf,
  entries: (set) => set.disks.flatMap(({ partitions }) => partitions),
  create: (at, { args, path }) => {
    const device = deviceOf(at, path['device_id']).ref;
    return { do: 'add-partition', device, bytes: bytesOf(args, 'size'), bootable: args.flag('bootable') };
  },
  fields: { partitions: 'size', bytes: 'size' },
  deleted: ID,
};
const RAID: StoragePart = {
  list: ({ set }) => set.raids,
  find: (at, path) => raidOf(at, path['id']),
  entries: (set) => set.raids,
  create: (at, { args }) => ({
    do: 'add-raid',
    name: args.text('name') || undefined,
    level: levelOf(args),
    devices: refsOf(at, args, MADE_OF) ?? [],
    spares: refsOf(at, args, ['spare_devices', 'spare_partitions']),
  }),
  update: (at, { args }, device) => ({
    do: 'set-raid',
    device,
    name: args.text('name') || undefined,
    add: refsOf(at, args, ADDED),
    remove: refsOf(at, args, REMOVED),
    addSpares: refsOf(at, args, ['add_spare_devices', 'add_spare_partitions']),
    removeSpares: refsOf(at, args, ['remove_spare_devices', 'remove_spare_partitions']),
  }),
  fields: { raids: '__all__', device: '__all__' },
};
const GROUP: StoragePart = {
  list: ({ set }) => set.groups,
  find: (at, path) => groupOf(at, path['id']),
  entries: (set) => set.groups,
  create: (at, { args }) => {
    const devices = refsOf(at, args, MADE_OF) ?? [];
    if (devices.length === 0) badValue('block_devices', 'it is missing', 'a volume group has a disk or a partition');
    return { do: 'add-group', name: args.text('name') ?? '', devices };
  },
  update: (at, { args }, device) => ({
    do: 'set-group',
    device,
    name: args.text('name') || undefined,
    add: refsOf(at, args, ADDED),
    remove: refsOf(at, args, REMOVED),
  }),
  fields: GROUP_FIELDS,
};

/** A list that is always empty: machines of Regent have none of it. The machine must be there all the same. */
const none: Handler = async ({ site, path }) => {
  await machineOf(site, path);
  return json([]);
};

/** Disks that machines report and operators declare, what is made of them, and the layout on them. */
export const STORAGE_HANDLERS: Handlers = {
  ...partHandlers('BlockDevices', 'BlockDevice', DEVICE),
  'BlockDevice.update': async (call) => {
    const table = call.args.text('partition_table_type');
    if (table && table !== 'GPT') badValue('partition_table_type', `${table} cannot be made`, 'GPT');
    return updatePart(DEVICE, call);
  },
  'BlockDevice.set_boot_disk': async (call) => {
    const at = await readStorageAt(call);
    const device = DEVICE.find(at, call.path).ref;
    await change(call, at, { change: { do: 'boot-from', device }, fields: ID });
    return text('OK');
  },
  ...fileSystemHandlers('BlockDevice', DEVICE),
  ...partHandlers('Partitions', 'Partition', PARTITION),
  ...fileSystemHandlers('Partition', PARTITION),
  ...partHandlers('Raids', 'Raid', RAID),
  ...partHandlers('VolumeGroups', 'VolumeGroup', GROUP),
  'VolumeGroup.create_logical_volume': async (call) => {
    const at = await readStorageAt(call);
    const { ref: device, view } = groupOf(at, call.path['id']);
    const bytes = bytesOf(call.args, 'size', view.size);
    const wanted = { do: 'add-volume' as const, device, name: call.args.text('name') ?? '', bytes };
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
  'Bcaches.read': none,
  'BcacheCacheSets.read': none,
  'VmfsDatastores.read': none,
  'Machine.set_storage_layout': setLayout,
  'Machine.restore_storage_configuration': async ({ site, path }) => {
    await site.call('storage.reset', { params: { machine: path['system_id'] ?? '' } });
    return json(await showMachine(site, await machineOf(site, path)));
  },
};

/** The five verbs of a part; partitions have no update. */
function partHandlers(all: string, one: string, part: StoragePart): Handlers {
  return {
    [`${all}.read`]: async (call) => json(part.list(await readStorageAt(call), call.path).map(({ view }) => view)),
    [`${all}.create`]: async (call) => {
      const at = await readStorageAt(call);
      const { set, ref } = await change(call, at, { change: part.create(at, call), fields: part.fields });
      return json(entryOf(part.entries(set), ref));
    },
    [`${one}.read`]: async (call) => json(part.find(await readStorageAt(call), call.path).view),
    ...(part.update ? { [`${one}.update`]: (call: MaasCall) => updatePart(part, call) } : {}),
    [`${one}.delete`]: async (call) => {
      const at = await readStorageAt(call);
      const device = part.find(at, call.path).ref;
      await change(call, at, { change: { do: 'delete', device }, fields: part.deleted ?? {} });
      return nothing();
    },
  };
}

async function updatePart({ find, entries, update, fields }: StoragePart, call: MaasCall): Promise<MaasAnswer> {
  const at = await readStorageAt(call);
  const made = update?.(at, call, find(at, call.path).ref) ?? notFound('change', '');
  const { set, ref } = await change(call, at, { change: made, fields });
  return json(entryOf(entries(set), ref));
}

/** What devices and partitions have in common: file systems and tags. */
function fileSystemHandlers(resource: string, { find, entries }: StoragePart): Handlers {
  const doing =
    (make: (device: string, args: Args) => StorageChange): Handler =>
    async (call) => {
      const at = await readStorageAt(call);
      const { ref: device, view } = find(at, call.path);
      const made = make(device, call.args);
      // As in MAAS, a mounted file system may be made, or mounted, again: tools repeat all their settings.
      const isRepeatable = made.do === 'format' || made.do === 'mount';
      const first = isRepeatable && isMounted(view) ? [{ do: 'unmount' as const, device }] : [];
      const { set, ref } = await change(call, at, { change: made, first, fields: FILE_SYSTEM_FIELDS });
      return json(entryOf(entries(set), ref));
    };
  return {
    [`${resource}.format`]: doing((device, args) => ({
      do: 'format',
      device,
      kind: kindOf(args),
      label: args.text('label') || undefined,
    })),
    [`${resource}.unformat`]: doing((device) => ({ do: 'unformat', device })),
    [`${resource}.mount`]: doing((device, args) => ({
      do: 'mount',
      device,
      mount: args.text('mount_point'),
      options: args.text('mount_options') || undefined,
    })),
    [`${resource}.unmount`]: doing((device) => ({ do: 'unmount', device })),
    [`${resource}.add_tag`]: doing((device, args) => ({ do: 'tag', device, add: [args.text('tag') ?? ''] })),
    [`${resource}.remove_tag`]: doing((device, args) => ({ do: 'tag', device, remove: [args.text('tag') ?? ''] })),
  };
}

function isMounted(view: object): boolean {
  const { filesystem } = view as { readonly filesystem?: { readonly mount_point: string | null } | null };
  return Boolean(filesystem?.mount_point) && filesystem?.mount_point !== 'none';
}

const FILE_SYSTEM_FIELDS = {
  ...ID,
  kind: 'fstype',
  mount: 'mount_point',
  options: 'mount_options',
  add: 'tag',
  remove: 'tag',
};

function kindOf(args: Args): FileSystemKind {
  const rule = `one of ${FILE_SYSTEM_KINDS.join(', ')}`;
  return chosen('fstype', args.text('fstype'), FILE_SYSTEM_KINDS, ['cannot be made', rule]);
}

/** One of a few values. */
function chosen<T extends string | number>(
  field: string,
  given: string | undefined,
  known: readonly T[],
  [problem, rule]: readonly [problem: string, rule: string],
): T {
  const found = known.find((one) => String(one) === (given ?? ''));
  return found ?? badValue(field, `${JSON.stringify((given ?? '').slice(0, 40))} ${problem}`, rule);
}

/** The fields of a disk that a call gives. Those that its hardware reports stay as they are. */
function diskFields(args: Args) {
  return {
    name: args.text('name') || undefined,
    bytes: bytesOf(args, 'size'),
    blockBytes: args.number('block_size'),
    model: args.text('model') || undefined,
    serial: args.text('serial') || undefined,
    path: args.text('id_path') || undefined,
  };
}

/** `raid-1` or `1`. */
function levelOf(args: Args): RaidLevel {
  const rule = RAID_LEVELS.map((one) => `raid-${one}`).join(', ');
  return chosen('level', args.text('level')?.replace(/^raid-/, ''), RAID_LEVELS, ['is not known', rule]);
}

/** Parameters of layouts that Regent does not have. */
const NOT_HAD = ['cache_device', 'cache_mode', 'cache_size', 'cache_no_part'] as const;

async function setLayout(call: MaasCall): Promise<MaasAnswer> {
  const { site, args, path } = call;
  const layouts: readonly NamedLayout[] = NAMED_LAYOUTS;
  const layout = chosen('storage_layout', args.text('storage_layout'), layouts, ['cannot be made', layouts.join(', ')]);
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
