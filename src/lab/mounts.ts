import { existsSync, readFileSync, rmSync } from 'node:fs';
import { AppError } from '../core/errors.ts';
import { must, run } from './command.ts';

const TIMEOUT_MS = 20_000;

/** Mount points at or below a path, deepest first. */
export function mountsBelow(path: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      // proc(5): the fifth field, with blanks and the like as octal escapes.
      const point = line
        .split(' ')[4]
        ?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
      return point !== undefined && (point === path || point.startsWith(`${path}/`)) ? [point] : [];
    })
    .toReversed();
}

/** Is something mounted exactly there? */
export const isMounted = (path: string): boolean => mountsBelow(path).includes(path);

/**
 * Mounts an overlay over read-only folders, the topmost first. Harmless when it is there already. `volatile`: its files are not forced to the machine's disk when a
 * program in a host asks for that. A host's power loss here loses no page of the kernel's anyway, and many hosts' syncs on one disk
 * would only wait for one another, each for all. After a crash of the machine itself a lab is to be purged.
 */
export async function mountOverlay(lower: readonly string[], folder: string): Promise<void> {
  const root = `${folder}/root`;
  if (isMounted(root)) return;
  await must(['mkdir', '-p', `${folder}/upper`, `${folder}/work`, root], { timeoutMs: TIMEOUT_MS });
  const options = `lowerdir=${lower.join(':')},upperdir=${folder}/upper,workdir=${folder}/work`;
  const mount = (more: string) => ['mount', '-t', 'overlay', '-o', `${options}${more}`, 'overlay', root];
  // The kernel's mark that it was volatile before: it refuses a second time with it.
  rmSync(`${folder}/work/work/incompat`, { recursive: true, force: true });
  const result = await run(mount(',volatile'), { timeoutMs: TIMEOUT_MS });
  // Before Linux 5.10 there is no such option.
  if (result.code !== 0) await must(mount(''), { timeoutMs: TIMEOUT_MS });
}

/** Unmounts everything at or below a path; what stays busy is detached, so that it goes with its last user. */
export async function unmountBelow(path: string): Promise<void> {
  for (const point of mountsBelow(path)) {
    const plain = await run(['umount', point], { timeoutMs: TIMEOUT_MS });
    if (plain.code !== 0 && isMounted(point)) await must(['umount', '--lazy', point], { timeoutMs: TIMEOUT_MS });
  }
}

/** Removes a folder of ours. Refuses while something is mounted in it: that would delete what is mounted. */
export async function removeTree(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const mounts = mountsBelow(path);
  if (mounts.length > 0)
    throw new AppError(
      'lab_mounted',
      `${path} is not removed: ${mounts.join(', ')} is still mounted. What to do: umount it and run this again.`,
    );
  await must(['rm', '-rf', '--one-file-system', path], { timeoutMs: 300_000 });
}
