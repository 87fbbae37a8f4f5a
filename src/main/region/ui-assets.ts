import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { UiAsset, UiAssets } from '../../api/ui/assets.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};
const PACKED = ['.br', '.gz'];
/** Hex digits of an asset's mark. */
const MARK = 16;

/**
 * Reads a built user interface into memory: each file, and `FILE.br` and `FILE.gz` where they are. `folders` come in
 * order: a file of a later one counts only if no earlier one has it (the files of the release before, for pages that
 * began with them). A folder that is not there has none.
 */
export async function readUiAssets(folders: readonly string[]): Promise<UiAssets> {
  const assets = new Map<string, UiAsset>();
  for (const folder of folders) {
    const paths = await list(folder);
    for (const path of paths) {
      if (PACKED.includes(extname(path)) || assets.has(path)) continue;
      const type = TYPES[extname(path)];
      if (type === undefined) continue;
      const plain = await readFile(join(folder, path));
      const packed = (ending: string) => (paths.has(path + ending) ? readFile(join(folder, path + ending)) : null);
      const mark = createHash('sha256').update(plain).digest('hex').slice(0, MARK);
      assets.set(path, { type, mark, plain, br: await packed('.br'), gzip: await packed('.gz') });
    }
  }
  return assets;
}

async function list(folder: string): Promise<ReadonlySet<string>> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return new Set(files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Set();
    throw error;
  }
}
