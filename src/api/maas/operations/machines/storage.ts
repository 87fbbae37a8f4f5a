import { FILE_SYSTEM_KINDS, type FileSystemKind } from '../../../../model/machines/deployment/storage-types.ts';
import type { StorageChange } from '../../../../model/machines/deployment/stored/changes.ts';
import { type MaasAnswer, json, nothing, text } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handler, Handlers, MaasCall } from '../../handler.ts';
import { badValue } from '../base/refusals.ts';
import { machineOf } from './machines.ts';
import {
  blockDevices,
  bytesOf,
  change,
  deviceOf,
  entryOf,
  partitionOf,
  readStorageAt,
  type StorageAt,
} from './storage-at.ts';

/** A list that is always empty: machines of Regent have none of it. The machine must be there all the same. */
const none: Handler = async ({ site, path }) => {
  await machineOf(site, path);
  return json([]);
};

/** The member of a path that names a device or a partition, and how the answer shows it. */
interface StorageTarget {
  readonly ref: (at: StorageAt, path: MaasCall['path']) => string;
  readonly show: (at: Pick<StorageAt, 'set'>, ref: string) => object;
}
const DEVICE: StorageTarget = {
  ref: (at, path) => deviceOf(at, path['id']).ref,
  show: ({ set }, ref) => entryOf([...set.disks, ...set.devices], ref),
};
const PARTITION: StorageTarget = {
  ref: (at, path) => partitionOf(at, path).ref,
  show: ({ set }, ref) =>
    entryOf(
      set.disks.flatMap(({ partitions }) => partitions),
      ref,
    ),
};

/** Disks that machines report and operators declare, and the layout on them. */
export const STORAGE_HANDLERS: Handlers = {
  'BlockDevices.read': async (call) => json(blockDevices(await readStorageAt(call)).map(({ view }) => view)),
  'BlockDevices.create': async (call) => {
    const at = await readStorageAt(call);
    const made = { do: 'add-disk' as const, ...diskFields(call.args) };
    if (made.name === undefined) badValue('name', 'it is missing', 'the name of the disk, such as sdb');
    const { set, ref } = await change(call, at, { change: made, fields: DISK_FIELDS });
    return json(DEVICE.show({ set }, ref));
  },
  'BlockDevice.read': async (call) => json(deviceOf(await readStorageAt(call), call.path['id']).view),
  'BlockDevice.update': updateDevice,
  'BlockDevice.delete': remove(DEVICE),
  'BlockDevice.set_boot_disk': async (call) => {
    const at = await readStorageAt(call);
    const device = DEVICE.ref(at, call.path);
    await change(call, at, { change: { do: 'boot-from', device }, fields: { device: 'id' } });
    return text('OK');
  },
  ...verbsOf('BlockDevice', DEVICE),

  'Partitions.read': async (call) => json(deviceOf(await readStorageAt(call), call.path['device_id']).view.partitions),
  'Partitions.create': async (call) => {
    const at = await readStorageAt(call);
    const device = deviceOf(at, call.path['device_id']).ref;
    const wanted = { bytes: bytesOf(call.args, 'size'), bootable: call.args.flag('bootable') };
    const made = { do: 'add-partition' as const, device, ...wanted };
    const { set, ref } = await change(call, at, { change: made, fields: { partitions: 'size', bytes: 'size' } });
    return json(PARTITION.show({ set }, ref));
  },
  'Partition.read': async (call) => json(partitionOf(await readStorageAt(call), call.path).view),
  'Partition.delete': remove(PARTITION),
  ...verbsOf('Partition', PARTITION),

  'Bcaches.read': none,
  'BcacheCacheSets.read': none,
  'VmfsDatastores.read': none,
};

/** What devices and partitions have in common: file systems and tags. */
function verbsOf(resource: string, target: StorageTarget): Handlers {
  const doing =
    (make: (device: string, args: Args) => StorageChange): Handler =>
    async (call) => {
      const at = await readStorageAt(call);
      const device = target.ref(at, call.path);
      const made = make(device, call.args);
      // As in MAAS, a mounted file system may be made, or mounted, again: tools repeat all their settings.
      const isRepeatable = made.do === 'format' || made.do === 'mount';
      const first = isRepeatable && isMounted(target.show(at, device)) ? [{ do: 'unmount' as const, device }] : [];
      const { set, ref } = await change(call, at, { change: made, first, fields: DEVICE_FIELDS });
      return json(target.show({ set }, ref));
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

const DEVICE_FIELDS = {
  kind: 'fstype',
  mount: 'mount_point',
  options: 'mount_options',
  device: 'id',
  add: 'tag',
  remove: 'tag',
};
const DISK_FIELDS = { bytes: 'size', blockBytes: 'block_size', path: 'id_path' };

function kindOf(args: Args): FileSystemKind {
  const wanted = args.text('fstype') ?? '';
  const kind = FILE_SYSTEM_KINDS.find((one) => one === wanted);
  return (
    kind ??
    badValue(
      'fstype',
      `${JSON.stringify(wanted.slice(0, 40))} cannot be made`,
      `one of ${FILE_SYSTEM_KINDS.join(', ')}`,
    )
  );
}

function remove(target: StorageTarget): Handler {
  return async (call) => {
    const at = await readStorageAt(call);
    const device = target.ref(at, call.path);
    await change(call, at, { change: { do: 'delete', device }, fields: { device: 'id' } });
    return nothing();
  };
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

async function updateDevice(call: MaasCall): Promise<MaasAnswer> {
  const { args, path } = call;
  const table = args.text('partition_table_type');
  if (table && table !== 'GPT') badValue('partition_table_type', `${table} cannot be made`, 'GPT');
  const at = await readStorageAt(call);
  const device = DEVICE.ref(at, path);
  const given = diskFields(args);
  const wanted = { do: 'set-disk' as const, device, ...given };
  const { set, ref } = await change(call, at, { change: wanted, fields: DISK_FIELDS });
  return json(DEVICE.show({ set }, ref));
}
