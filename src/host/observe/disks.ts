import { stat, statfs } from 'node:fs/promises';

/** A file system: where it is mounted, and its bytes; `freeBytes` for users other than root. */
export interface DiskSpace {
  readonly path: string;
  readonly sizeBytes: number;
  readonly freeBytes: number;
}

/** Space of the root, and of those of `paths` that are on a file system of their own. A missing path is left out. */
export async function readDisks(paths: readonly string[]): Promise<readonly DiskSpace[]> {
  const found = await Promise.all(['/', ...paths].map(deviceOf));
  const mounts = found.flatMap((item, index) => {
    const isFirst = item && found.findIndex((other) => other?.device === item.device) === index;
    return item && isFirst ? [item.path] : [];
  });
  return await Promise.all(mounts.map(spaceOf));
}

async function deviceOf(path: string): Promise<{ readonly path: string; readonly device: number } | null> {
  try {
    return { path, device: (await stat(path)).dev };
  } catch {
    return null;
  }
}

async function spaceOf(path: string): Promise<DiskSpace> {
  const { bsize, blocks, bavail } = await statfs(path);
  return { path, sizeBytes: blocks * bsize, freeBytes: bavail * bsize };
}
