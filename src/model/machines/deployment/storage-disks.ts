import { invalid, isRejected, type Rejected, show } from '../../../core/errors.ts';
import { type DiskSeen, MIB, mibOf } from './storage-types.ts';

/** Which disks: those that are named, exactly `count` of them, or at least as many with `isMore`; without names the first that fit. */
interface DiskChoice {
  readonly names: readonly string[] | undefined;
  readonly count: number;
  readonly isMore?: boolean;
  /** Each has at least so many. */
  readonly minBytes: number;
}

/** The disks of a layout, or why not: not there, not enough, alike, too small. Removable ones are taken only by name. Pure. */
export function pickDisks(disks: readonly DiskSeen[], choice: DiskChoice): readonly DiskSeen[] | Rejected {
  const { names, count, minBytes } = choice;
  if (names === undefined) {
    const fixed = disks.filter((disk) => disk.removable !== true);
    const chosen = fixed.filter(({ bytes }) => bytes >= minBytes).slice(0, count);
    if (chosen.length === count) return chosen.map((disk) => checkDisk(disks, disk)).find(isRejected) ?? chosen;
    const found = fixed.map(({ name, bytes }) => `${name} ${mibOf(bytes)} MiB`).join(', ');
    return invalid(
      'disks',
      `the machine has ${found || 'no fixed disk'}`,
      `${count} of at least ${Math.ceil(minBytes / MIB)} MiB`,
    );
  }
  if (names.length < count || (names.length > count && choice.isMore !== true))
    return invalid('disks', `${names.length} named`, choice.isMore ? `at least ${count}` : `exactly ${count}`);
  const chosen: DiskSeen[] = [];
  for (const name of names) {
    const disk = diskNamed(disks, name);
    if (isRejected(disk)) return disk;
    if (chosen.includes(disk)) return invalid('disks', `${show(name)} occurs twice`, 'each disk once');
    if (disk.bytes < minBytes) return tooSmall(disk, minBytes);
    chosen.push(disk);
  }
  return chosen;
}

/** A disk of the machine by its name, if it can be distinguished from the others. Pure. */
export function diskNamed(disks: readonly DiskSeen[], name: string): DiskSeen | Rejected {
  const disk = disks.find((one) => one.name === name);
  if (disk) return checkDisk(disks, disk) ?? disk;
  return invalid('disks', `the machine has no disk ${show(name)}`, `one of ${disks.map((one) => one.name).join(', ')}`);
}

/** A disk is found on the machine by its serial number, since names change from start to start. */
function checkDisk(disks: readonly DiskSeen[], disk: DiskSeen): Rejected | null {
  const twin = disks.find((one) => one !== disk && one.serial === disk.serial);
  if (!twin || (disk.serial ?? '') === '') return null;
  const rule =
    'a disk that is used has a serial number of its own, or none; two paths to one disk need multipath, which is not supported';
  return invalid('disks', `${disk.name} and ${twin.name} have one serial number, ${show(disk.serial)}`, rule);
}

export function tooSmall({ name, bytes }: DiskSeen, minBytes: number): Rejected {
  return invalid(
    'disks',
    `${name} has ${mibOf(bytes)} MiB`,
    `at least ${Math.ceil(minBytes / MIB)} MiB, which the image needs`,
  );
}
