import { invalid, isRejected, type Rejected } from '../../../../core/errors.ts';
import { pickDisks } from '../storage-disks.ts';
import { customOf } from '../storage-layouts.ts';
import { BOOT_MIB } from '../storage-room.ts';
import { type CustomRequest, type DiskSeen, MIB } from '../storage-types.ts';
import { createStorage } from './request.ts';
import { EMPTY_STORAGE, findDisks, type MachineStorage, plannedDisks } from './storage.ts';

/** Layouts that can be stored before an image is known. */
export const NAMED_LAYOUTS = ['flat', 'lvm', 'raid1', 'blank'] as const;
export type NamedLayout = (typeof NAMED_LAYOUTS)[number];

/**
 * A layout that Regent knows. `root`: device name of the disk; left out: the first that fits. `bootBytes`: of a partition for /boot, none when left out. `rootBytes`:
 * of the root's partition, `volumeBytes`: of lvm's root volume; left out: all that is left. `group`, `volume`: names of lvm's.
 */
export interface LayoutChoice {
  readonly layout: NamedLayout;
  readonly root?: string | undefined;
  readonly bootBytes?: number | undefined;
  readonly rootBytes?: number | undefined;
  readonly group?: string | undefined;
  readonly volume?: string | undefined;
  readonly volumeBytes?: number | undefined;
}

/** The smallest disk that a system is put on while no image is named. */
const LEAST_BYTES = 64 * MIB;
const LEAST_DISK_BYTES = LEAST_BYTES + BOOT_MIB * MIB;

/**
 * What a machine has on its disks when nobody requested a layout: what `layOut` makes of flat, or nothing if no disk is
 * large enough. Made in short, because lists of machines have it thousands of times. Pure.
 */
export function usualStorage(seen: readonly DiskSeen[]): MachineStorage {
  const disk = seen.find(({ bytes, removable }) => removable !== true && bytes >= LEAST_DISK_BYTES);
  if (disk === undefined || isTwin(disk, seen)) return { ...EMPTY_STORAGE, isUsual: true };
  const { name, serial = '' } = disk;
  const partitions = [{ id: 2, bytes: null, isBootable: false, tags: [] }];
  const storedDisk = { id: 1, name, device: name, serial, told: null, isRemoved: false, tags: [], partitions };
  const root = { device: 2, kind: 'ext4' as const, mount: '/', label: '', options: '' };
  return { ...EMPTY_STORAGE, isUsual: true, next: 3, disks: [storedDisk], fileSystems: [root] };
}

function isTwin({ name, serial = '' }: DiskSeen, seen: readonly DiskSeen[]): boolean {
  return seen.some((other) => other.name !== name && serial !== '' && other.serial === serial);
}

/** A layout in its parts, in place of `before`. Refused: it does not fit the disks. Pure. */
export function layOut(
  choice: LayoutChoice,
  at: { readonly before?: MachineStorage; readonly seen: readonly DiskSeen[] },
): MachineStorage | Rejected {
  const request = requestFor(choice, plannedDisks(findDisks(at.before ?? EMPTY_STORAGE, at.seen)));
  return isRejected(request) ? request : createStorage(request, at);
}

function requestFor(choice: LayoutChoice, disks: readonly DiskSeen[]): CustomRequest | Rejected {
  const { layout, root, bootBytes, rootBytes = null, group = 'vgroot', volume = 'lvroot', volumeBytes = null } = choice;
  if (layout === 'blank') return { layout: 'custom', disks: [], fileSystems: [] };
  if (layout === 'raid1') return customOf(disks, { layout }, LEAST_BYTES);
  if (layout === 'flat' && volumeBytes !== null)
    return invalid('volumeBytes', 'the layout flat has no volume', 'only with the layout lvm');
  const names = root === undefined ? undefined : [root];
  const chosen = pickDisks(disks, { names, count: 1, minBytes: LEAST_DISK_BYTES });
  if (isRejected(chosen)) return chosen;
  const disk = chosen[0]?.name ?? '';
  const hasBoot = bootBytes !== undefined;
  const boot = hasBoot ? [{ device: `${disk}-part1`, kind: 'ext4' as const, mount: '/boot' }] : [];
  const last = `${disk}-part${hasBoot ? 2 : 1}`;
  const partitions = [...(hasBoot ? [{ bytes: bootBytes }] : []), { bytes: rootBytes }];
  const base = { layout: 'custom', disks: [{ name: disk, partitions }] } as const;
  const rootOn = (device: string) => [...boot, { device, kind: 'ext4' as const, mount: '/' }];
  if (layout === 'flat') return { ...base, fileSystems: rootOn(last) };
  const volumes = [{ name: volume, bytes: volumeBytes }];
  return {
    ...base,
    volumeGroups: [{ name: group, devices: [last], volumes }],
    fileSystems: rootOn(`${group}/${volume}`),
  };
}
