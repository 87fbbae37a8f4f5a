import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const LIBRARY = fileURLToPath(new URL('../../../scripts/lib/packages.sh', import.meta.url));
const LOCKED = 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 4711 (apt-get)';

/** `apt-get` and `sleep` are programs that write down how they were called. `fails`: what each update says, one after the other. */
function install(
  fails: readonly string[],
  alwaysFails?: string,
): { code: number | null; calls: string[]; said: string } {
  const folder = mkdtempSync(join(tmpdir(), 'packages-'));
  made.push(folder);
  const program = (name: string, body: string) => {
    writeFileSync(join(folder, name), `#!/bin/bash\necho "${name} $*" >> ${folder}/calls\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  writeFileSync(join(folder, 'fails'), fails.map((line) => `${line}\n`).join(''));
  const next = `line=$(head -1 ${folder}/fails); sed -i 1d ${folder}/fails; line=\${line:-${alwaysFails ?? ''}}`;
  program('apt-get', `case "$*" in *update) ${next}; [ -z "$line" ] || { echo "$line" >&2; exit 100; };; esac`);
  program('sleep', '');
  const script = `set -euo pipefail; . ${LIBRARY}; fetch_packages one two`;
  const { status, stderr } = spawnSync('bash', ['-c', script], {
    env: { PATH: `${folder}:/usr/bin:/bin` },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  });
  return { code: status, said: stderr, calls: readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') };
}

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

describe('Debian packages', () => {
  it('are installed from new lists', () => {
    const { code, calls } = install([]);
    expect([code, calls.length]).toEqual([0, 2]);
    expect(calls[0]).toBe('apt-get -qq update');
    expect(calls[1]).toMatch(/^apt-get .* install one two$/);
  });

  it('wait for whoever else fetches lists', () => {
    const { code, calls, said } = install([LOCKED, LOCKED]);
    expect(code).toBe(0);
    expect(calls.filter((call) => call === 'sleep 5')).toHaveLength(2);
    expect(calls.at(-1)).toContain('install one two');
    expect(said).toBe('');
  });

  it('are given up after two minutes of that, with what apt says', () => {
    const { code, calls, said } = install([], LOCKED);
    expect([code, calls.filter((call) => call === 'sleep 5').length]).toEqual([100, 24]);
    expect(said.trim()).toBe(LOCKED);
  });

  it('are given up at once for any other reason', () => {
    const { code, calls, said } = install(["E: Failed to fetch the lists: Could not resolve 'deb'"]);
    expect([code, calls]).toEqual([100, ['apt-get -qq update']]);
    expect(said).toContain('Could not resolve');
  });
});
