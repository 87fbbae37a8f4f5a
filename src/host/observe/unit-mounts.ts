import { readFile } from 'node:fs/promises';
import type { UnitMount } from '../../core/host-values.ts';

/**
 * What stands at a folder for a process: it may have mounts of its own (`TemporaryFileSystem` of its unit), which nobody else sees. The kernel shows this list of
 * every process to everybody. Null: the process is gone.
 */
export async function readMount(pid: number, folder: string): Promise<UnitMount | null> {
  try {
    return mountAt(await readFile(`/proc/${pid}/mountinfo`, 'utf8'), folder);
  } catch {
    return null;
  }
}

/** Reads the lines of proc_pid_mountinfo(5). Of several at one folder the last one is on top. `kind` null: the folder belongs to the file system around it. */
export function mountAt(text: string, folder: string): UnitMount {
  const top = text
    .split('\n')
    .map((line) => /^\d+ \d+ \d+:\d+ \S+ (\S+) .* - ([a-z0-9._]{1,32}) \S+ (\S+)$/.exec(line))
    .findLast((match) => match?.[1] === folder);
  return top ? { kind: top[2] ?? null, sizeBytes: sizeIn(top[3] ?? '') } : { kind: null, sizeBytes: null };
}

/** tmpfs shows its bound in KiB. */
function sizeIn(options: string): number | null {
  const size = /(?:^|,)size=(\d{1,12})k(?:,|$)/.exec(options)?.[1];
  return size === undefined ? null : Number(size) * 1024;
}
