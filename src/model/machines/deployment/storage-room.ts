import { MIB, type RaidLevel } from './storage-types.ts';

/** Room that is no file's, in MiB (pure). */

/** At the begin of a disk: its partition table; as much is left at its end for the copy. */
export const EDGE_MIB = 1;
/** For GRUB's core image where the firmware is a BIOS. */
export const BIOS_MIB = 1;
/** The EFI system partition: FAT32 wants 65,525 clusters, which blocks of 4,096 bytes bring to 256 MiB and some. */
export const ESP_MIB = 264;
/** What a disk that the machine boots from loses at most. */
export const BOOT_MIB = 2 * EDGE_MIB + BIOS_MIB + ESP_MIB;
/** LVM's own data at the begin of a device, and the size of its extents. */
const GROUP_MIB = 1;
const EXTENT_MIB = 4;

/** So many MiB hold the files of an image: a tenth over it for what it writes itself, a twentieth and 16 MiB for the file system. */
export function neededMib(minBytes: number): number {
  return Math.ceil((Math.ceil((minBytes * 1.1) / MIB) + 16) / 0.95);
}

/** What of a device is an array's: md keeps a thousandth and some for itself, 132 MiB at most (mdadm 4.4, super1.c). */
function memberMib(mib: number): number {
  return mib - Math.min(132, Math.ceil(mib / 1000) + 2);
}

/** Size of an array of `members` devices; `sizes` has those of its spares too. */
export function raidMib(level: RaidLevel, sizes: readonly number[], members: number): number {
  const usable = sizes.map(memberMib);
  const least = Math.min(...usable);
  if (level === 0) return usable.reduce((sum, mib) => sum + mib, 0);
  const data = { 1: 1, 5: members - 1, 6: members - 2, 10: members / 2 }[level];
  return Math.floor(least * data);
}

/** Room of a volume group on devices of these sizes, in whole extents. */
export function groupMib(sizes: readonly number[]): number {
  return sizes.reduce((sum, mib) => sum + extents(mib - GROUP_MIB), 0);
}

/** A volume has whole extents. */
export function volumeMib(mib: number): number {
  return Math.ceil(mib / EXTENT_MIB) * EXTENT_MIB;
}

function extents(mib: number): number {
  return Math.max(0, Math.floor(mib / EXTENT_MIB) * EXTENT_MIB);
}
