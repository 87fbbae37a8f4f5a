import { isRejected, type Rejected } from '../../../../core/errors.ts';
import { use } from '../storage-devices.ts';
import { checkFileSystems } from '../storage-file-systems.ts';
import type { DiskSeen } from '../storage-types.ts';
import { addDisk, bootFrom, type ChangedStorage, setDisk, tagDevice } from './change-disks.ts';
import { format, mount, unformat, unmount } from './change-file-systems.ts';
import { addGroup, addPartition, addRaid, addVolume, deletePart, setGroup, setRaid } from './change-parts.ts';
import { DISK_CHANGES, type StorageChange } from './changes.ts';
import { locate } from './find.ts';
import { layOut } from './layouts.ts';
import { planStoredParts, requestOf } from './request.ts';
import { findDisks, type MachineStorage } from './storage.ts';

export type { ChangedStorage };

/** The layout after a change, and the number of the part that it is about. Refused: it is not possible, or does not fit. Pure. */
export function changeStorage(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: StorageChange,
): ChangedStorage | Rejected {
  const changed = applied(storage, seen, change);
  if (isRejected(changed)) return changed;
  const isUsual = storage.isUsual && DISK_CHANGES.includes(change.do);
  return checkStorage(changed.storage, seen) ?? { ...changed, storage: { ...changed.storage, isUsual } };
}

function applied(storage: MachineStorage, seen: readonly DiskSeen[], change: StorageChange): ChangedStorage | Rejected {
  switch (change.do) {
    case 'lay-out':
      return laidOut(storage, seen, change);
    case 'add-disk':
      return addDisk(storage, seen, change);
    case 'set-disk':
      return setDisk(storage, seen, change);
    case 'boot-from':
      return bootFrom(storage, seen, change);
    case 'tag':
      return tagDevice(storage, seen, change);
    case 'add-partition':
      return addPartition(storage, seen, change);
    case 'add-raid':
      return addRaid(storage, seen, change);
    case 'set-raid':
      return setRaid(storage, seen, change);
    case 'add-group':
      return addGroup(storage, seen, change);
    case 'set-group':
      return setGroup(storage, seen, change);
    case 'add-volume':
      return addVolume(storage, seen, change);
    case 'delete':
      return deletePart(storage, seen, change);
    case 'format':
      return format(storage, seen, change);
    case 'unformat':
      return unformat(storage, seen, change);
    case 'mount':
      return mount(storage, seen, change);
    case 'unmount':
      return unmount(storage, seen, change);
  }
}

/** The disk of a layout may be named as any other part; the one that the machine boots from is taken first. All other stored parts go. */
function laidOut(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  { do: _do, ...choice }: Extract<StorageChange, { readonly do: 'lay-out' }>,
): ChangedStorage | Rejected {
  const { bootDisk } = storage;
  const ref = choice.root ?? (bootDisk === null ? undefined : `#${bootDisk}`);
  const at = ref === undefined ? null : locate(storage, seen, ref);
  if (isRejected(at)) return at;
  const before = at?.storage ?? storage;
  const root = findDisks(before, seen).find(({ stored }) => at !== null && stored?.id === at.id)?.device ?? choice.root;
  const layout = layOut({ ...choice, root }, { before, seen });
  if (isRejected(layout)) return layout;
  return { storage: { ...layout, bootDisk: bootDisk === null ? null : (at?.id ?? null) }, id: null };
}

/** What of it does not fit together, or the disks; null: all does. Pure. */
export function checkStorage(storage: MachineStorage, seen: readonly DiskSeen[]): Rejected | null {
  const found = findDisks(storage, seen);
  const parts = planStoredParts(storage, found);
  if (isRejected(parts)) return parts;
  const { fileSystems } = requestOf(storage, found);
  const planned = checkFileSystems(fileSystems, (device, kind) => use(parts.devices, device, kind));
  return isRejected(planned) ? planned : null;
}
