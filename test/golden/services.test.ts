import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import { SERVICES } from '../../src/services/registry.ts';
import { goldenFiles } from '../kit/goldens.ts';
import { CASES } from '../kit/snapshots.ts';

const templates = await readTemplates(join(import.meta.dirname, '../../templates'));

/** Snapshot → desired state → the real files, under their real names. */
describe.each(SERVICES.map((service) => service.name))('%s', (name) => {
  it.each(Object.keys(CASES))('%s', async (caseName) => {
    const folder = join(import.meta.dirname, name, caseName);
    const files = goldenFiles(name, caseName, templates);
    for (const [path, content] of Object.entries(files)) {
      await expect(content).toMatchFileSnapshot(join(folder, path));
    }
    const stale = filesBelow(folder).filter((path) => !Object.hasOwn(files, path));
    expect(stale, 'files that no longer belong to the case: remove them').toEqual([]);
  });
});

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
