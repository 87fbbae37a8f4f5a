import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');

/** npm ci empties the folder that it installs into: behind a link it emptied the packages of another checkout. */
it('packages are never installed through a link to those of another checkout', () => {
  const folder = mkdtempSync(join(tmpdir(), 'regent-modules-'));
  try {
    const [top, other, bin] = ['top', 'other', 'bin'].map((name) => join(folder, name));
    if (top === undefined || other === undefined || bin === undefined) throw new Error('three folders are needed');
    for (const path of [top, join(other, 'package'), bin]) mkdirSync(path, { recursive: true });
    writeFileSync(join(top, 'package-lock.json'), '{}');
    writeFileSync(join(top, '.npmrc'), '');
    symlinkSync(other, join(top, 'node_modules'));
    // It notes that it was called, and does what npm ci does first.
    const npm = `#!/bin/sh\ntouch '${folder}/called'\nrm -rf '${other}/package'\nexit 1\n`;
    writeFileSync(join(bin, 'npm'), npm, { mode: 0o755 });
    const script = `set -eu; top=$1; . "$2/scripts/lib/say.sh"; . "$2/scripts/lib/node.sh"; ensure_modules`;
    const { status, stderr } = spawnSync('bash', ['-c', script, 'bash', top, ROOT], {
      encoding: 'utf8',
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain('node_modules is a link');
    expect([existsSync(join(folder, 'called')), existsSync(join(other, 'package'))]).toEqual([false, true]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
