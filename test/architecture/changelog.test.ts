import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, readDocument, ROOT } from '../kit/documents.ts';

describe('CHANGELOG.md', () => {
  const lines = readDocument('CHANGELOG.md').split('\n');
  const heads = lines.flatMap((line, index) => (line.startsWith('## ') ? [index] : []));
  const GROUPS = ['### Before you upgrade', '### Added', '### Changed', '### Fixed'];

  it('has lines of at most 120 characters, and at most 120 for the newest version', () => {
    expect(lines.filter((line) => Array.from(line).length > 120)).toEqual([]);
    expect(heads.length).toBeGreaterThan(3);
    expect((heads[1] ?? 0) - (heads[0] ?? 0)).toBeLessThanOrEqual(120);
  });

  it('groups each version by what was added, changed and fixed, a line for each', () => {
    const below = lines.slice(heads[0]);
    expect(below.filter((line) => line.startsWith('### ') && !GROUPS.includes(line))).toEqual([]);
    expect(below.filter((line) => line !== '' && !/^(?:## |### |\* )/.test(line)).length).toBeLessThanOrEqual(
      heads.length,
    );
  });
});

describe('one version', () => {
  const manifest: { version: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const { version } = manifest;

  it('stands in package.json, its lock, the head of the changelog and the name of the archive', () => {
    const lock: { version: string; packages: Record<string, { version: string }> } = JSON.parse(
      readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
    );
    expect([lock.version, lock.packages['']?.version]).toEqual([version, version]);
    expect(/^## (\d+\.\d+\.\d+)/m.exec(readDocument('CHANGELOG.md'))?.[1]).toBe(version);
    const { stdout } = spawnSync(join(ROOT, 'scripts/release'), ['--version'], { encoding: 'utf8' });
    expect(stdout).toMatch(new RegExp(`^${version.replaceAll('.', '\\.')}\\+[0-9a-f]{10}\n$`));
  });

  it('is named by no document as another one that is current', () => {
    const current = documents().flatMap((path) =>
      Array.from(readDocument(path).matchAll(/\bregent-(\d+\.\d+\.\d+)[^\s`]*/g), ([, named]) => ({ path, named })),
    );
    expect(current.filter(({ named }) => named !== version)).toEqual([]);
  });
});
