import { invalid, isRejected, type Rejected, rejected, show } from '../../../../core/errors.ts';
import { diskTags, takenTag } from '../candidate.ts';
import { type DiskSeen, MIB } from '../storage-types.ts';
import type { DiskDescription, StorageChange } from './changes.ts';
import { type LocatedPart, locate, withDisk } from './find.ts';
import { findDisks, type StoredDisk, type MachineStorage, type DeclaredDisk } from './storage.ts';

type DiskChange<D extends StorageChange['do']> = Extract<StorageChange, { readonly do: D }>;
/** The layout after a change, and the number of the part that the change is about. */
export type ChangedStorage = { readonly storage: MachineStorage; readonly id: number | null };

/** As inventories have them (contract). */
const DISK_NAME = /^[A-Za-z0-9][A-Za-z0-9!_.:@-]{0,31}$/;
const PRINTABLE = /^[ -~]{0,128}$/;
const PATH = /^\/dev\/[A-Za-z0-9][A-Za-z0-9_.:/@+=-]{0,250}$/;
const TAG = /^[A-Za-z0-9_.-]{1,64}$/;
const BLOCK_BYTES = 512;
const LEAST_BLOCK = 512;
const LEAST_DISK = 4 * MIB;
const TAGS_MAX = 32;
const DISKS_MAX = 64;
/** Has another disk or RAID this name? */
const taken = (storage: MachineStorage, seen: readonly DiskSeen[], name: string, but?: number) =>
  findDisks(storage, seen).some(
    ({ stored, device }) => stored?.id !== but && (stored?.name === name || device === name || stored?.device === name),
  ) || storage.raids.some((raid) => raid.name === name);

/** Adds a disk that the machine has not reported. Its name is that of its device until the machine does. Pure. */
export function addDisk(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: DiskChange<'add-disk'>,
): ChangedStorage | Rejected {
  const { name = '', bytes = 0, blockBytes = BLOCK_BYTES, model = '', serial = '', path = null } = change;
  const wrong = checkDescription({ ...change, name, bytes });
  if (wrong) return wrong;
  if (taken(storage, seen, name)) return invalid('name', `${show(name)} is there already`, 'each disk has its name');
  if (serial === '' && path === null)
    return invalid('serial', 'it is missing', 'a disk is found by its serial number, or by its path (id_path)');
  const twin = findDisks(storage, seen).find(
    (disk) => serial !== '' && (disk.seen?.serial ?? disk.stored?.serial) === serial,
  );
  if (twin) return invalid('serial', `${twin.device} has ${show(serial)}`, 'each disk has a serial number of its own');
  if (storage.disks.length >= DISKS_MAX)
    return rejected('conflict', `The layout has too many disks. Rule: at most ${DISKS_MAX}.`);
  const declared: DeclaredDisk = { bytes, blockBytes, model, path };
  const own = {
    id: storage.next,
    name,
    device: name,
    serial,
    told: declared,
    isRemoved: false,
    tags: [],
    partitions: [],
  };
  return { storage: { ...storage, next: storage.next + 1, disks: [...storage.disks, own] }, id: own.id };
}

/** Changes a disk. If the machine reports the disk, only its name changes. A volume also has a size. Pure. */
export function setDisk(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: DiskChange<'set-disk'>,
): ChangedStorage | Rejected {
  const wrong = checkDescription(change);
  if (wrong) return wrong;
  const at = locate(storage, seen, change.device);
  if (isRejected(at)) return at;
  const { name } = change;
  if (name !== undefined && taken(at.storage, seen, name, at.id))
    return invalid('name', `${show(name)} is there already`, 'each disk has its name');
  if (at.part.kind !== 'disk') return renamed(at, change);
  const isSeen = findDisks(at.storage, seen).some((disk) => disk.stored?.id === at.id && disk.seen !== null);
  return { storage: withDisk(at.storage, at.id, (disk) => withDescription(disk, change, isSeen)), id: at.id };
}

function withDescription(
  disk: StoredDisk,
  { name, serial, ...description }: DiskDescription,
  isSeen: boolean,
): StoredDisk {
  const { told: before } = disk;
  const declared: DeclaredDisk | null = before && {
    bytes: description.bytes ?? before.bytes,
    blockBytes: description.blockBytes ?? before.blockBytes,
    model: description.model ?? before.model,
    path: description.path ?? before.path,
  };
  const known = { ...disk, name: name ?? disk.name };
  return isSeen ? known : { ...known, device: name ?? disk.device, told: declared, serial: serial ?? disk.serial };
}

/** The device that a RAID is, or a volume, has the name of that. */
function renamed({ storage, id, part }: LocatedPart, { name, bytes }: DiskDescription): ChangedStorage | Rejected {
  if (part.kind === 'raid') {
    const raids = storage.raids.map((one) => (one.id === id ? { ...one, name: name ?? one.name } : one));
    return { storage: { ...storage, raids }, id };
  }
  if (part.kind !== 'volume')
    return name === undefined
      ? { storage, id }
      : invalid('device', 'it is not a disk', 'a disk, a RAID or a volume has a name');
  const prefix = `${part.group.name}-`;
  const own = name?.startsWith(prefix) ? name.slice(prefix.length) : name;
  const groups = storage.groups.map((group) => ({
    ...group,
    volumes: group.volumes.map((one) =>
      one.id === id ? { ...one, name: own ?? one.name, bytes: bytes ?? one.bytes } : one,
    ),
  }));
  return { storage: { ...storage, groups }, id };
}

function checkDescription({ name, bytes, blockBytes, model, serial, path }: DiskDescription): Rejected | null {
  if (name !== undefined && (!DISK_NAME.test(name) || /-part\d+$/.test(name)))
    return invalid('name', show(name), 'letters, digits, _ . : @ -, at most 32, and not as a partition is called');
  if (bytes !== undefined && (!Number.isSafeInteger(bytes) || bytes < LEAST_DISK))
    return invalid('bytes', `${bytes}`, 'a whole number of at least 4 MiB');
  if (blockBytes !== undefined && (!Number.isSafeInteger(blockBytes) || blockBytes < LEAST_BLOCK))
    return invalid('blockBytes', `${blockBytes}`, 'a whole number of at least 512');
  if (model !== undefined && !PRINTABLE.test(model)) return invalid('model', show(model), 'at most 128 of ASCII');
  if (serial !== undefined && !PRINTABLE.test(serial)) return invalid('serial', show(serial), 'at most 128 of ASCII');
  if (path !== undefined && path !== '' && !PATH.test(path)) return invalid('path', show(path), 'a path below /dev');
  return null;
}

/** The disk that gets the boot loader. Pure. */
export function bootFrom(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: DiskChange<'boot-from'>,
): ChangedStorage | Rejected {
  const at = locate(storage, seen, change.device);
  if (isRejected(at)) return at;
  if (at.part.kind !== 'disk') return invalid('device', 'it is not a disk of the machine', 'machines start from disks');
  return { storage: { ...at.storage, bootDisk: at.id }, id: at.id };
}

/** Changes the tags by which people and requirements find a device. Hardware tags can also be removed. Pure. */
export function tagDevice(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  change: DiskChange<'tag'>,
): ChangedStorage | Rejected {
  const { add = [], remove = [] } = change;
  const wrong = add.find((tag) => !TAG.test(tag));
  if (wrong !== undefined) return invalid('tag', show(wrong), 'letters, digits, _ . -, at most 64');
  const at = locate(storage, seen, change.device);
  if (isRejected(at)) return at;
  const disk = findDisks(at.storage, seen).find(({ stored }) => stored?.id === at.id)?.seen ?? null;
  const hardware = disk === null ? [] : diskTags(disk);
  const given = add.filter((tag) => !hardware.includes(tag));
  const gone = [...remove, ...add.map(takenTag)];
  const lost = hardware.filter((tag) => remove.includes(tag)).map(takenTag);
  const tagged = <T extends { readonly id: number; readonly tags: readonly string[] }>(one: T): T =>
    one.id === at.id
      ? {
          ...one,
          tags: [
            ...new Set([
              ...one.tags.filter((tag) => !gone.includes(tag)),
              ...given.filter((tag) => !remove.includes(tag)),
              ...lost,
            ]),
          ],
        }
      : one;
  const next = {
    ...at.storage,
    disks: at.storage.disks.map((disk) => ({ ...tagged(disk), partitions: disk.partitions.map(tagged) })),
    raids: at.storage.raids.map(tagged),
    groups: at.storage.groups.map((group) => ({ ...group, volumes: group.volumes.map(tagged) })),
  };
  const counts = [...next.disks, ...next.raids].map(({ tags }) => tags.length);
  if (Math.max(0, ...counts) > TAGS_MAX) return invalid('tag', 'they are too many', `at most ${TAGS_MAX} of a device`);
  return { storage: next, id: at.id };
}
