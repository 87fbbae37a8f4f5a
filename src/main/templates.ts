import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Templates } from '../services/kit/contract.ts';

/** Reads every `*.hbs` below a folder into texts by relative path, such as `dns/named.conf.hbs`. */
export async function readTemplates(folder: string): Promise<Templates> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.hbs'));
  const texts = await Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(folder, path), await readFile(path, 'utf8')] as const;
    }),
  );
  return Object.fromEntries(texts.sort(([a], [b]) => (a < b ? -1 : 1)));
}
