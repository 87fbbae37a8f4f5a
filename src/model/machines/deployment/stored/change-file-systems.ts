import { invalid, isRejected, type Rejected, rejected } from '../../../../core/errors.ts';
import type { DiskSeen } from '../storage-types.ts';
import type { ChangedStorage } from './change-disks.ts';
import type { StorageChange } from './changes.ts';
import { locate, userOf } from './find.ts';
import type { StoredFileSystem, MachineStorage } from './storage.ts';

type FileSystemChange<D extends StorageChange['do']> = Extract<StorageChange, { readonly do: D }>;
interface FormattableDevice {
  readonly storage: MachineStorage;
  readonly id: number;
  readonly on: StoredFileSystem | undefined;
}

/** Puts a file system on a device, in place of one that is not mounted. Pure. */
export function format(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: FileSystemChange<'format'>,
): ChangedStorage | Rejected {
  const at = deviceOf(storage, seen, change.device);
  if (isRejected(at)) return at;
  if (at.on && at.on.mount !== null)
    return rejected('in_use', `${change.device} is mounted at ${at.on.mount}. Unmount it first.`);
  const { kind, label = '' } = change;
  const made = { device: at.id, kind, mount: null, label, options: '' };
  return { storage: { ...at.storage, fileSystems: [...others(at), made] }, id: at.id };
}

/** Takes the file system off a device. Pure. */
export function unformat(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: FileSystemChange<'unformat'>,
): ChangedStorage | Rejected {
  const at = deviceOf(storage, seen, change.device);
  if (isRejected(at)) return at;
  if (!at.on) return invalid('device', `${change.device} has no file system`, 'a device that has one');
  if (at.on.mount !== null)
    return invalid('device', `${change.device} is mounted at ${at.on.mount}`, 'unmount it first');
  return { storage: { ...at.storage, fileSystems: others(at) }, id: at.id };
}

/** Says where a file system is mounted; swap is used wherever it is. Pure. */
export function mount(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: FileSystemChange<'mount'>,
): ChangedStorage | Rejected {
  const at = deviceOf(storage, seen, change.device);
  if (isRejected(at)) return at;
  const { on } = at;
  if (!on) return invalid('device', `${change.device} has no file system`, 'format it first');
  if (on.mount !== null)
    return invalid('device', `${change.device} is mounted at ${on.mount} already`, 'unmount it first');
  const isNowhere = change.mount === undefined || change.mount === 'none';
  if (isNowhere && on.kind !== 'swap') return invalid('mount', 'it is missing', 'an absolute path');
  const placed = { ...on, mount: isNowhere ? null : (change.mount ?? null), options: change.options ?? '' };
  return { storage: { ...at.storage, fileSystems: [...others(at), placed] }, id: at.id };
}

/** Unmounts a file system; the file system stays. Pure. */
export function unmount(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: FileSystemChange<'unmount'>,
): ChangedStorage | Rejected {
  const at = deviceOf(storage, seen, change.device);
  if (isRejected(at)) return at;
  const { on } = at;
  if (!on) return invalid('device', `${change.device} has no file system`, 'a device that has one');
  if (on.mount === null && on.kind !== 'swap')
    return invalid('device', `${change.device} is not mounted`, 'a device that is mounted');
  const placed = { ...on, mount: null, options: '' };
  return { storage: { ...at.storage, fileSystems: [...others(at), placed] }, id: at.id };
}

/** The device, and what file system is on it. Refused: it is none that can have one. */
function deviceOf(storage: MachineStorage, seen: readonly DiskSeen[], ref: string): FormattableDevice | Rejected {
  const at = locate(storage, seen, ref);
  if (isRejected(at)) return at;
  const { part, id } = at;
  if (part.kind === 'group') return invalid('device', `${ref} is a volume group`, 'its volumes have file systems');
  if (part.kind === 'disk' && part.disk.partitions.length > 0)
    return rejected('in_use', `${ref} has partitions. They have the file systems.`);
  const user = userOf(at.storage, id);
  if (user !== null) return rejected('in_use', `${ref} is part of ${user}.`);
  return { storage: at.storage, id, on: at.storage.fileSystems.find(({ device }) => device === id) };
}

function others({ storage, id }: FormattableDevice): readonly StoredFileSystem[] {
  return storage.fileSystems.filter(({ device }) => device !== id);
}
