import { closeSync, existsSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { AppError } from '../../core/errors.ts';
import { run } from '../command.ts';
import { type DiskPlace, disksOf } from '../outer/disks.ts';
import type { Layout } from '../layout.ts';
import { isMounted } from '../mounts.ts';
import type { LabHost } from '../topology.ts';

/** The file that takes the room: the lab's own, and the only one that `empty` removes. */
const BALLAST = '.lab-ballast';
const TIMEOUT_MS = 60_000;
const SPARE = 4096;

/**
 * Fills one of a host's bounded file systems to the last block; the host may be off. Takes no room on the machine: the blocks are
 * reserved, not written. Throws AppError `lab_fill` for any path that is not exactly one of these file systems.
 */
export async function fillDisk(layout: Layout, host: LabHost, path: string): Promise<void> {
  const { mount } = needDisk(layout, host, path);
  const file = `${mount}/${BALLAST}`;
  rmSync(file, { force: true });
  const { bavail, bsize } = statfsSync(mount);
  // What the map of so large a file itself needs is not known: nearly all at once, then block by block.
  const most = Math.max(0, bavail * bsize - 2 * 1024 * 1024);
  if (most > 0) await run(['fallocate', `--length=${most}`, file], { timeoutMs: TIMEOUT_MS });
  const handle = openSync(file, 'a', 0o600);
  try {
    while (writeSync(handle, Buffer.alloc(SPARE)) > 0);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')) throw cause;
  } finally {
    closeSync(handle);
  }
}

/** Empties one file system, or all of a host's. Harmless when nothing is full. */
export function emptyDisks(layout: Layout, host: LabHost, path?: string): void {
  const disks = path === undefined ? disksOf(layout, host) : [needDisk(layout, host, path)];
  for (const { mount } of disks) rmSync(`${mount}/${BALLAST}`, { force: true });
}

/** Paths of a host that are filled now. */
export function filledDisks(layout: Layout, host: LabHost): string[] {
  return disksOf(layout, host)
    .filter(({ mount }) => existsSync(`${mount}/${BALLAST}`))
    .map(({ path }) => path);
}

function needDisk(layout: Layout, host: LabHost, path: string): DiskPlace {
  const disks = disksOf(layout, host);
  const disk = disks.find((item) => item.path === path);
  if (!disk) {
    const known = disks.map((item) => item.path).join(', ') || 'it has none';
    throw new AppError(
      'lab_fill',
      `${path} of ${host.name} is not a file system of bounded size: filling it would fill the file system of this machine. What to do: name one of these: ${known}.`,
    );
  }
  if (isMounted(disk.mount)) return disk;
  throw new AppError(
    'lab_fill',
    `${path} of ${host.name} is not mounted. What to do: scripts/lab start ${host.name}; a machine without loop devices cannot do it at all.`,
  );
}
