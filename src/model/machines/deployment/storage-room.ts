import { MIB, type RaidLevel } from './storage-types.ts';

/** Space of disks, and the part of it that no file can use, in MiB. All functions are pure. */

/**
 * Space at the start of a disk for its partition table. The same space stays free at the end for the copy of the table.
 */
export const EDGE_MIB = 1;
/** Space for GRUB's core image if the firmware is a BIOS. */
export const BIOS_MIB = 1;
/**
 * The EFI system partition: FAT32 needs 65,525 clusters. Clusters of 4,096 bytes make that 256 MiB; the rest is for its
 * tables.
 */
export const ESP_MIB = 264;
/** The most space that a boot disk needs for these. */
export const BOOT_MIB = 2 * EDGE_MIB + BIOS_MIB + ESP_MIB;
/** LVM's metadata at the start of a device, and the size of an extent. */
const GROUP_MIB = 1;
const EXTENT_MIB = 4;

/**
 * MiB that an image needs: its files, a tenth for files that the system writes, then 16 MiB and a twentieth for the
 * file system.
 */
export const neededMib = (minBytes: number): number => Math.ceil((Math.ceil((minBytes * 1.1) / MIB) + 16) / 0.95);

/**
 * Space of a device that an array can use: md reserves a thousandth and 2 MiB, at most 132 MiB (mdadm 4.4, super1.c).
 */
const memberMib = (mib: number): number => mib - Math.min(132, Math.ceil(mib / 1000) + 2);

/** Space of an array with `members` devices. `sizes`: the sizes of its devices and of its spares. */
export function raidMib(level: RaidLevel, sizes: readonly number[], members: number): number {
  const usable = sizes.map(memberMib);
  const least = Math.min(...usable);
  if (level === 0) return usable.reduce((sum, mib) => sum + mib, 0);
  const data = { 1: 1, 5: members - 1, 6: members - 2, 10: members / 2 }[level];
  return Math.floor(least * data);
}

/** Space of a volume group on devices of these sizes, in whole extents. */
export function groupMib(sizes: readonly number[]): number {
  return sizes.reduce((sum, mib) => sum + extents(mib - GROUP_MIB), 0);
}

/** Size of a volume, rounded up to whole extents. */
export const volumeMib = (mib: number): number => Math.ceil(mib / EXTENT_MIB) * EXTENT_MIB;

const extents = (mib: number): number => Math.max(0, Math.floor(mib / EXTENT_MIB) * EXTENT_MIB);
