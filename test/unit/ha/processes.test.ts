import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const PROCESSES = join(import.meta.dirname, '../../../ha/postgres/processes');
const run = promisify(execFile);

/** What `is_starved` says of a process that is this shell text, after a second beside another one that keeps the same processor busy. */
async function isStarved(command: string): Promise<boolean> {
  const script = `
    . ${PROCESSES}
    cpu=$(taskset -pc $$ | sed 's/.*: //; s/[,-].*//')
    taskset -c "$cpu" sh -c 'while :; do :; done' & busy=$!
    taskset -c "$cpu" nice -n 19 ${command} & pids=$!
    trap 'kill -KILL $busy $pids' EXIT
    sleep 0.3
    remember_waits
    sleep 1
    is_starved && echo yes || echo no`;
  const { stdout } = await run('bash', ['-c', script], { timeout: 20_000 });
  return stdout === 'yes\n';
}

describe('the processes of a PostgreSQL that is silent', () => {
  it('are starved when they are ready to run and get no processor', async () => {
    expect(await isStarved(`sh -c 'while :; do :; done'`)).toBe(true);
  });

  it('are not when they wait for something else, or are stopped', async () => {
    expect(await isStarved('sleep 30')).toBe(false);
    expect(await isStarved(`sh -c 'kill -STOP $$; while :; do :; done'`)).toBe(false);
  });

  it('are not when they are gone, or nothing is known of them', async () => {
    const script = `. ${PROCESSES}; pids='4194305 x'; remember_waits; sleep 0.1; is_starved && echo yes || echo no`;
    expect((await run('bash', ['-c', script], { timeout: 10_000 })).stdout).toBe('no\n');
  });
});
