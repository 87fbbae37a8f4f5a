import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmdirSync, statSync } from 'node:fs';
import { must } from '../command.ts';
import type { Layout } from '../layout.ts';
import { isMounted } from '../mounts.ts';
import type { LabDisk, LabHost } from '../topology.ts';

const TIMEOUT_MS = 30_000;
/** What mkfs leaves in a file system that nobody has had yet. */
const FRESH = 'lost+found';

/** A bounded file system of a host, where it lies on the outer machine. */
export type DiskPlace = LabDisk & { readonly image: string; readonly mount: string };

/** The disks of a host. They lie beside its root and are bound into it, so they outlast a kill, and a `down` too. */
export function disksOf(layout: Layout, host: LabHost): DiskPlace[] {
  const folder = `${layout.memberFolder(host.name)}/disks`;
  return (host.disks ?? []).map((disk) => {
    const name = disk.path.slice(1).replaceAll('/', '-');
    return { ...disk, image: `${folder}/${name}.img`, mount: `${folder}/${name}` };
  });
}

/**
 * Makes and mounts a host's disks, at first with what the base has in their place; returns those that are there. A machine without
 * loop devices (some containers) gets none: the host then writes to its root, and nothing of it can be filled.
 */
export async function ensureDisks(layout: Layout, host: LabHost, base: string): Promise<DiskPlace[]> {
  if (!existsSync('/dev/loop-control')) return [];
  const disks = disksOf(layout, host);
  for (const disk of disks) {
    if (isMounted(disk.mount)) continue;
    mkdirSync(disk.mount, { recursive: true, mode: 0o755 });
    const like = `${base}${disk.path}`;
    if (!existsSync(disk.image)) await makeImage(disk, existsSync(like) ? like : null);
    // Without barriers for the reason that the roots are volatile (mounts.ts).
    await must(['mount', '-o', 'loop,barrier=0', disk.image, disk.mount], { timeoutMs: TIMEOUT_MS });
    takeOver(disk, like);
  }
  return disks;
}

/** Beside its place and renamed, so a kill leaves no half file system. */
async function makeImage(disk: DiskPlace, like: string | null): Promise<void> {
  const draft = `${disk.image}.new`;
  await must(['truncate', `--size=${disk.megabytes}M`, draft], { timeoutMs: TIMEOUT_MS });
  // No blocks are reserved for root: a full disk is full for everybody.
  const options = [
    '-q',
    '-F',
    '-m',
    '0',
    '-E',
    'lazy_itable_init=1,lazy_journal_init=1',
    ...(like === null ? [] : ['-d', like]),
  ];
  await must(['mkfs.ext4', ...options, draft], { timeoutMs: TIMEOUT_MS });
  renameSync(draft, disk.image);
}

/** mkfs copies what is in a folder, but not the folder's own owner and mode. Done again until `lost+found` is gone. */
function takeOver(disk: DiskPlace, like: string): void {
  const fresh = `${disk.mount}/${FRESH}`;
  if (!existsSync(fresh)) return;
  if (existsSync(like)) {
    const { uid, gid, mode } = statSync(like);
    chownSync(disk.mount, uid, gid);
    chmodSync(disk.mount, mode & 0o7777);
  }
  rmdirSync(fresh);
}
