import { invalid, isRejected, type Rejected, rejected, show } from '../../../core/errors.ts';
import { pickDisks } from './storage-disks.ts';
import { customOf } from './storage-layouts.ts';
import { planCustom } from './storage-plan.ts';
import type { DiskSeen, StoragePlan, StorageRequest, StorageUse } from './storage-types.ts';
import { STORAGE_LAYOUTS } from './storage-types.ts';

/**
 * Plans the storage of a deployment, or refuses: the layout is unknown or does not fit, a disk is not there, cannot be distinguished from another, or is smaller than
 * the image. Whatever can be known before a disk is erased is checked here. Pure.
 */
export function planStorage(
  disks: readonly DiskSeen[],
  request: StorageRequest,
  at: StorageUse,
): StoragePlan | Rejected {
  if (request.layout === 'bcache' || ('bcaches' in request && (request.bcaches ?? []).length > 0)) return noBcache();
  if (disks.length === 0)
    return rejected(
      'conflict',
      'The machine has reported no disk. Rule: commission the machine, or deploy into memory.',
    );
  const twice = disks.find(({ name }, index) => disks.findIndex((other) => other.name === name) !== index);
  if (twice)
    return rejected('conflict', `The inventory has two disks ${show(twice.name)}. Rule: commission the machine.`);
  if (at.format === 'raw') return planRaw(disks, request, at);
  if (request.layout === 'blank')
    return invalid(
      'layout',
      'the layout blank leaves no room for the files of the image',
      'flat, lvm, raid1 or custom for an image of files',
    );
  const custom = request.layout === 'custom' ? request : customOf(disks, request, at.minBytes);
  if (isRejected(custom)) return custom;
  return planCustom(disks, custom, { ...at, layout: request.layout });
}

function noBcache(): Rejected {
  return invalid('layout', 'bcache is not supported: GRUB reads no such device', STORAGE_LAYOUTS.join(', '));
}

/** A raw image is written over one disk. */
function planRaw(disks: readonly DiskSeen[], request: StorageRequest, at: StorageUse): StoragePlan | Rejected {
  const { layout } = request;
  if (layout !== 'flat' && layout !== 'blank')
    return invalid('layout', `${layout} is not for a raw image, which brings its own partitions`, 'flat or blank');
  const disk = pickDisks(disks, { names: request.disks, count: 1, minBytes: at.minBytes });
  if (isRejected(disk)) return disk;
  const planned = disk.map(({ name, bytes, serial = '' }) => ({ name, bytes, serial, isBoot: true, partitions: null }));
  return { layout: 'blank', firmware: at.firmware, disks: planned, raids: [], volumeGroups: [], fileSystems: [] };
}
