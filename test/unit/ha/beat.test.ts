import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const BEAT = join(import.meta.dirname, '../../../ha/kit/beat');
const run = promisify(execFile);
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-beat-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

/** What systemd was told, a line each, by a program that does these rounds; `notify`: what stands for systemd-notify. */
async function told(rounds: string, notify: string, environment: object = { NOTIFY_SOCKET: '/nowhere' }) {
  const fake = join(folder, 'systemd-notify');
  await writeFile(fake, `#!/bin/sh\necho "$*" >>${folder}/told\n${notify}\n`);
  await chmod(fake, 0o700);
  await writeFile(join(folder, 'told'), '');
  const script = `set -u; . ${BEAT}; ${rounds}; cat ${folder}/told`;
  const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, ...environment };
  const { stdout } = await run('bash', ['-c', script], { env, timeout: 30_000 });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('what watch and mend tell systemd', () => {
  it('is at once that they run, and then once in so many seconds', async () => {
    const lines = await told('beat 2; beat 2; pause 2.1; beat 2; beat 2', 'exit 0');
    expect(lines).toEqual(Array.from({ length: 2 }, () => '--ready --status=watching WATCHDOG=1'));
  });

  it('is said again in the next round when it was not heard', async () => {
    expect(await told('beat 20; beat 20; beat 20', `[ "$(wc -l <${folder}/told)" -gt 1 ]`)).toHaveLength(2);
  });

  it('holds a round up for 3 s at most', async () => {
    const rounds = `beat 20; [ "$SECONDS" -le 8 ] && echo in time >>${folder}/told`;
    expect(await told(rounds, 'exec sleep 20')).toEqual(['--ready --status=watching WATCHDOG=1', 'in time']);
  });

  it('is nothing where no systemd asks', async () => {
    expect(await told('beat 0; beat 0', 'exit 0', {})).toEqual([]);
  });
});
