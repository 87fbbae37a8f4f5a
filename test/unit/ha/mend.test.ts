import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pause, until } from '../../kit/until.ts';

const MEND = join(import.meta.dirname, '../../../ha/postgres/mend');
/** Another member that leads. */
const CLUSTER = `{"members": [{"name": "r3", "role": "leader", "state": "running", "api_url": "https://10.77.0.13:8008/patroni", "host": "10.77.0.13"}]}`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-mend-'));
});
afterAll(() => rm(folder, { recursive: true }));

/**
 * How often mend has asked Patroni to make the standby anew, when Patroni has told these states, the last one again and again.
 * `settings`: the standby's own, as Patroni wrote them. `role`: its own, as Patroni reports it.
 */
async function remade(
  states: readonly string[],
  settings = "primary_conninfo = 'host=r3'",
  role = 'replica',
): Promise<number> {
  await writeFile(join(folder, 'postgresql.conf'), `${settings}\n`);
  const [asked, told] = [join(folder, 'asked'), join(folder, 'told')];
  await writeFile(join(folder, 'states'), `${states.join('\n')}\n`);
  await writeFile(asked, '');
  await writeFile(told, '');
  const curl = `#!/bin/bash
case "$*" in
  */cluster) echo '${CLUSTER}' ;;
  */reinitialize) echo x >>${asked} ;;
  *) echo x >>${told}; at=$(wc -l <${told}); max=$(wc -l <${folder}/states)
     echo "{\\"state\\": \\"$(sed -n "$((at < max ? at : max))p" ${folder}/states)\\", \\"role\\": \\"${role}\\", \\"replication_state\\": \\"streaming\\"}" ;;
esac
`;
  await writeFile(join(folder, 'curl'), curl);
  await chmod(join(folder, 'curl'), 0o755);
  const env = {
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    REGENT_DB_MEND_ROUNDS: '3',
    REGENT_DB_MEND_INTERVAL: '0.02',
    REGENT_PATRONI_ENV: '/dev/null',
    REGENT_DB_DATA: folder,
  };
  const child = execFile(MEND, { env });
  try {
    const rounds = async () => (await readFile(told, 'utf8')).length / 2 > states.length + 1;
    await until('the states were told', rounds);
    return (await readFile(asked, 'utf8')).length / 2;
  } finally {
    child.kill('SIGKILL');
  }
}

/** A postmaster of this data folder, with a child of this title, which ends by itself when `end` is called. */
async function postmaster(title: string): Promise<{ end: () => void }> {
  await copyFile('/bin/bash', join(folder, 'postgres'));
  const script = `exec -a '${title}' sleep 30 & echo $$ >${folder}/postmaster.pid; wait`;
  const child = execFile(join(folder, 'postgres'), ['-c', script], { timeout: 30_000 });
  const children = () => readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').then((text) => text.trim());
  const titleOf = async () => readFile(`/proc/${await children()}/cmdline`, 'utf8').catch(() => '');
  await until('it has its child', async () => (await titleOf()).startsWith(title));
  const receiver = Number(await children());
  return { end: () => process.kill(receiver, 'SIGKILL') };
}

describe('mend', () => {
  it.each([
    ['the standby streams', 'postgres: regent: walreceiver streaming 0/3000148'],
    ['it is the primary, which recovers nothing', 'postgres: regent: checkpointer '],
  ])('asks nobody while %s', async (_, title) => {
    const { end } = await postmaster(title);
    const asking = remade(['start failed', 'start failed', 'start failed', 'running']);
    await pause(500);
    expect(await readFile(join(folder, 'told'), 'utf8')).toBe('');
    end();
    expect(await asking).toBe(1);
  });

  it('asks while it recovers and nothing streams', async () => {
    const { end } = await postmaster('postgres: regent: startup recovering 000000010000000000000003');
    expect(await remade(['start failed', 'start failed', 'start failed', 'running'])).toBe(1);
    end();
  });

  it('makes a standby anew that fails to start again and again, also when it is seen between two tries', async () => {
    expect(await remade(['start failed', 'start failed', 'start failed', 'running'])).toBe(1);
    expect(await remade(['start failed', 'starting', 'start failed', 'starting', 'start failed', 'running'])).toBe(1);
  });

  it('makes one anew that was started while nobody led and waits for ever', async () => {
    const starts = Array<string>(4).fill('starting');
    expect(await remade([...starts, 'running'], "port = '5432'")).toBe(1);
    expect(await remade([...starts, 'running'])).toBe(0);
  });

  it('makes one anew whose copy of the primary broke off, and only then', async () => {
    const stops = [...Array<string>(3).fill('stopped'), 'running'];
    expect(await remade(stops, '', 'uninitialized')).toBe(1);
    expect(await remade(['stopped', 'creating replica', 'stopped', 'stopped', 'running'], '', 'uninitialized')).toBe(0);
    // It was a database before, or is one.
    expect(await remade(stops, '', 'replica')).toBe(0);
    await mkdir(join(folder, 'global'));
    await writeFile(join(folder, 'global/pg_control'), '');
    expect(await remade(stops, '', 'uninitialized')).toBe(0);
    await rm(join(folder, 'global'), { recursive: true });
  });

  it('leaves one alone that came back, that only starts, or is being made', async () => {
    expect(await remade(['start failed', 'start failed', 'running', 'start failed', 'running'])).toBe(0);
    expect(await remade(['starting', 'starting', 'starting', 'starting', 'starting', 'running'])).toBe(0);
    expect(await remade(['start failed', 'creating replica', 'start failed', 'start failed', 'running'])).toBe(0);
  });
});
