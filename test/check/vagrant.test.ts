import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { CHECKOUT } from '../kit/lab.ts';

const folder = mkdtempSync(join(tmpdir(), 'regent-vagrant-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Vagrant keeps its things in a folder of the test's; it reads the Vagrantfile where it lies. */
function vagrant(...args: string[]) {
  const script = 'cd "$1" && shift && exec vagrant "$@"';
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    VAGRANT_HOME: folder,
    VAGRANT_DOTFILE_PATH: join(folder, 'dot'),
  };
  return run(['sh', '-c', script, 'sh', CHECKOUT, ...args], { timeoutMs: 90_000, env });
}

it('vagrant takes the Vagrantfile, but for what only a provider knows', async () => {
  const result = await vagrant('validate', '--ignore-provider');
  expect(result.stderr).toBe('');
  expect(result.stdout).toContain('Vagrantfile validated successfully.');
});
