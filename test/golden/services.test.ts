import { createHash } from 'node:crypto';
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
      await expect(stored(`${name}/${caseName}`, content)).toMatchFileSnapshot(join(folder, path));
    }
    const stale = filesBelow(folder).filter((path) => !Object.hasOwn(files, path));
    expect(stale, 'files that no longer belong to the case: remove them').toEqual([]);
  });
});

/** Cases whose files repeat the same few lines: reviewers read the begin, and the digest tells any difference of the rest. */
const LONG_CASES = ['dhcp/large', 'dns/large'];
const FIRST_LINES = 200;

/** What the repository has of a file. Checkers get the whole file: they render it. */
function stored(caseName: string, content: string): string {
  const lines = content.split('\n');
  if (!LONG_CASES.includes(caseName) || lines.length <= FIRST_LINES) return content;
  const digest = createHash('sha256').update(content).digest('hex');
  const rest = `… and ${lines.length - FIRST_LINES} lines more; sha256 of the whole: ${digest}`;
  return `${[...lines.slice(0, FIRST_LINES), rest].join('\n')}\n`;
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
