import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Every bundle brings the licences of what is built in: most of them ask for it. */

const ROOT = join(import.meta.dirname, '../../..');
const BUILDERS = ['build-cli.mjs', 'build-daemons.mjs', 'build-ui.mjs'];
const BUILD_MS = 120_000;
const DEPENDENCIES = Object.keys(
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: Record<string, string> })
    .dependencies,
).filter((name) => !name.startsWith('node-linux-'));

let folder = '';
beforeAll(() => {
  // Beside src, as the builder of the daemons wants it.
  folder = mkdtempSync(join(ROOT, '.licences-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function build(script: string, ...args: readonly string[]): void {
  const ran = spawnSync(process.execPath, [join(ROOT, 'scripts', script), ...args], { encoding: 'utf8' });
  expect(ran.status, ran.stderr).toBe(0);
}

const headOf = (name: string) => new RegExp(`^${name} [0-9]+\\.[0-9][^\\n]* \\([A-Za-z0-9.-]+\\)$`, 'm');
const HEADS = /^(\S+) [0-9]+\.[0-9]\S* \([A-Za-z0-9.-]+\)$/gm;

describe('licences', () => {
  it('are asked of every bundle that there is', () => {
    const builders = readdirSync(join(ROOT, 'scripts')).filter(
      (name) => name.startsWith('build-') && name.endsWith('.mjs'),
    );
    expect(builders.sort()).toEqual(BUILDERS);
  });

  it(
    'stand in the command line, which is one file',
    () => {
      build('build-cli.mjs');
      const text = readFileSync(join(ROOT, 'dist/regent.mjs'), 'utf8');
      expect([...text.matchAll(HEADS)].map(([, name]) => name)).toEqual([
        '@noble/ciphers',
        '@noble/curves',
        '@noble/hashes',
        '@scure/base',
        'age-encryption',
        'commander',
        'ipaddr.js',
        'yaml',
      ]);
      expect(text).toContain('Copyright (c) 2011 TJ Holowaychuk');
      // One letter beyond and V8 keeps the file with two bytes for each letter.
      expect(text).not.toMatch(/[\u0080-\uffff]/);
    },
    BUILD_MS,
  );

  it(
    'stand beside the daemons',
    () => {
      build('build-daemons.mjs', folder);
      const licences = readFileSync(join(folder, 'licences.txt'), 'utf8');
      expect(readdirSync(folder)).toContain('helper.mjs');
      expect(DEPENDENCIES.filter((name) => !headOf(name).test(licences))).toEqual([]);
      // What a dependency brings along.
      expect(licences).toMatch(headOf('pg-types'));
      expect(licences).toMatch(headOf('avvio'));
    },
    BUILD_MS,
  );

  it(
    'stand beside the web UI',
    () => {
      build('build-ui.mjs', join(folder, 'ui'));
      const licences = readFileSync(join(folder, 'ui/licences.txt'), 'utf8');
      for (const name of ['preact', '@preact/signals', '@preact/signals-core']) expect(licences).toMatch(headOf(name));
      expect(licences.match(/Permission is hereby granted/g)).toHaveLength(3);
    },
    BUILD_MS,
  );
});
