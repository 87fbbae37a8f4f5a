import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');
const units = readdirSync(join(ROOT, 'systemd')).filter((name) => name.endsWith('.service'));
/** Programs of ours that units start, as paths below the release. */
const STARTED = units.flatMap((unit) =>
  [...read('systemd', unit).matchAll(/^ExecStart=\S+\/bin\/node .*\/opt\/regent\/current\/(\S+)$/gm)].map(
    ([, path = '']) => path,
  ),
);

/** What Node is told, each once. */
const FLAGS = [
  ...new Set(
    units.flatMap((unit) => /^ExecStart=\S+\/bin\/node ((?:--\S+ )+)/m.exec(read('systemd', unit))?.[1]?.trim() ?? []),
  ),
];

describe('programs that units start', () => {
  const warm = read('src', 'main', 'warm.ts');
  const builder = read('scripts', 'build-daemons.mjs');

  it('are found', () => expect(STARTED.length).toBeGreaterThanOrEqual(8));

  it.each(FLAGS)('are told %s, which Node knows', (flags) => {
    const { status, stderr } = spawnSync(process.execPath, [...flags.split(' '), '-e', '0'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.each(STARTED)('%s is compiled ahead', (path) => {
    const name = path.replace(/^(?:ha|dist)\//, '').replace(/\.mjs$/, '');
    expect(path).toMatch(/^(?:ha|dist)\//);
    expect(warm).toContain(`'${name}'`);
  });

  it.each(STARTED.filter((path) => path.startsWith('dist/')))('%s is built', (path) => {
    const name = path.replace(/^dist\/(.*)\.mjs$/, '$1');
    expect(builder).toContain(`${name}: 'src/main/${name}.ts'`);
  });

  it.each(STARTED.filter((path) => path.startsWith('ha/')))('%s does nothing when it is only loaded', (path) =>
    expect(read(path)).toMatch(/^if \(import\.meta\.main\)/m),
  );
});
