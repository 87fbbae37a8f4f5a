import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TAKE_LOCK } from '../../src/join/restore/lock.ts';
import { BackupHost, DATA, HA, STORE, backupDesired } from '../kit/cluster/backup-host.ts';
import { patient } from '../kit/machine.ts';
import { until } from '../kit/until.ts';

const BIN = '/usr/lib/postgresql/17/bin';
const DESIRED = backupDesired();
const QUEUE_MB = DESIRED.queueMb;

let node: BackupHost;
const perform = (order: object) => node.perform(order);
const state = () => node.state();
const sql = (text: string) => node.sql(text);

beforeAll(async () => {
  node = await BackupHost.open();
}, 120_000);
afterAll(() => node[Symbol.asyncDispose]());

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
    expect((await node.host.run(['ls', '/var/lib/regent-backup'])).stdout).not.toContain('scratch');
  }, 120_000);

  it('goes on while the store is gone, gives segments up when the queue is full, and reports the gap', async () => {
    await node.host.run(['mv', STORE, `${STORE}.gone`]);
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
    await node.host.run(['mv', `${STORE}.gone`, STORE]);
    await until('nothing waits any more', async () => (await state())?.archive.waiting === 0, { deadlineMs: 90_000 });
  }, 240_000);

  it('takes no folder of another target, and finds a damaged file', async () => {
    const marker = `${STORE}/regent-store`;
    await node.host.run(['sh', '-c', `echo fedcba9876543210 >${marker}`]);
    expect(await perform({ verb: 'prepare' })).toMatchObject({
      state: 'failed',
      sentence: expect.stringMatching(/another target/),
    });
    await node.host.run(['sh', '-c', `echo ${DESIRED.storeId} >${marker}`]);
    await node.host.run([
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
    await until('it is archived', async () => (await node.host.run(['ls', `${marks}/${name}.done`])).code === 0, {
      deadlineMs: 30_000,
    });
    const before = (await state())?.archive.pushedAt;
    expect((await node.asPostgres(`${HA}/again`)).code).toBe(0);
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
      const stopped = await node.asPostgres(`${BIN}/pg_ctl`, '-D', DATA, '-m', 'fast', '-w', 'stop');
      expect(stopped.code, stopped.stderr).toBe(0);
      return performance.now() - start;
    };
    const signal = async (name: string) => {
      const sent = await node.host.run(['pkill', `-${name}`, '-f', `${HA}/backup.ts$`]);
      expect(sent.code, sent.stderr).toBe(0);
    };
    const gap = (await state())?.archive.gapAt;
    await signal('STOP');
    await node.write(2);
    expect(await stop()).toBeLessThan(patient(4000));
    await node.startPostgres();
    await node.write(8);
    expect(await stop()).toBeLessThan(patient(4000));
    await node.startPostgres();
    await signal('CONT');
    await node.drained();
    expect((await state())?.archive.gapAt).toBe(gap);
  }, 240_000);

  it('finds a hole in the archive, which a backup closes', async () => {
    expect(await perform({ verb: 'create', type: 'full' })).toMatchObject({ state: 'done' });
    await node.write(4);
    await node.drained();
    // What was given up before.
    await node.host.run(['rm', '-f', '/var/lib/postgresql/regent-archive-gaps']);
    // Nobody searches for what has been on its way for less than two minutes.
    const folder = `${STORE}/archive/regent/17-1/0000000100000000`;
    await node.host.run(['sh', '-c', `cd ${folder} && rm "$(ls | tail -n 3 | head -n 1)" && touch -d '-1 hour' *`]);
    await node.host.run(['sh', '-c', `touch -d '-10 minutes' "${folder}/$(ls ${folder} | tail -n 1)"`]);
    await node.install(DESIRED);
    const found = await until('the hole is found', async () => (await state())?.archive.gapAt);
    expect(Date.now() - Date.parse(found)).toBeLessThan(patient(3_600_000 + 60_000));
    expect(await perform({ verb: 'create', type: 'incr' })).toMatchObject({ state: 'done' });
    await until('the hole is closed', async () => (await state())?.archive.gapAt === null);
  }, 120_000);

  it(
    'expires the oldest backups for the quota, and refuses one that would not fit',
    async () => {
      const labels = async () => {
        const { result } = await perform({ verb: 'create', type: 'full' });
        const store = result?.['store'] as { backups: { label: string; storedBytes: number }[] } | undefined;
        return store?.backups ?? [];
      };
      await labels();
      const backups = await labels();
      const size = backups.at(-1)?.storedBytes ?? 0;
      const install = (bytes: number) =>
        node.install({ ...DESIRED, retainFull: 9, quotaMb: Math.ceil(bytes / 1_000_000) });
      await install(size * 2.5);
      const left = await labels();
      expect(left.length).toBeLessThanOrEqual(2);
      expect(left.map(({ label }) => label)).not.toContain(backups[0]?.label);
      await install(size * 0.5);
      expect(await perform({ verb: 'create', type: 'full' })).toMatchObject({
        state: 'failed',
        sentence: expect.stringMatching(/the quota is \d+ MB; raise it: regent backup schedule --quota/),
      });
      await node.install({ ...DESIRED, retainDays: 30 });
      expect(await perform({ verb: 'create', type: 'full' })).toMatchObject({ state: 'done' });
      await node.install(DESIRED);
    },
    patient(120_000),
  );

  it('writes nothing into a store from which another host has restored the site', async () => {
    await node.drained();
    const list = async () =>
      (await node.host.run(['sh', '-c', `cd ${STORE} && find archive backup -type f | sort`])).stdout;
    // As `regent restore` does it, with this node's own files.
    const conf = 'PGBACKREST_CONFIG=/etc/regent/backup/pgbackrest.conf';
    const put = ['env', conf, 'pgbackrest', '--stanza=regent', 'repo-put', 'claims/4f2e90ab_n9_10.0.0.9_done'];
    expect(await node.host.run(['sh', '-c', 'exec "$@" </dev/null', 'sh', ...put], { user: 'postgres' })).toMatchObject(
      { code: 0 },
    );
    await node.install(DESIRED);
    await until('the node knows whose store it is', async () =>
      /n9 \(10.0.0.9\)/.test((await state())?.store?.why ?? ''),
    );
    const before = await list();
    await node.write(2);
    const late = await until('segments wait', async () => {
      const facts = await state();
      return facts !== null && facts.archive.failure !== null ? facts : null;
    });
    expect(late.archive.failure).toMatch(/belongs to the site that n9 .* restored/);
    for (const order of [
      { verb: 'create', type: 'full' },
      { verb: 'delete', label: '20260101-000000F' },
      { verb: 'prepare' },
    ])
      expect(await perform(order)).toMatchObject({
        state: 'failed',
        sentence: expect.stringMatching(/belongs to the site/),
      });
    expect(await list()).toBe(before);
    // The site that was restored has this recovery in its epoch.
    await node.install({ ...DESIRED, epochs: ['4f2e90ab'] });
    await node.drained();
    expect(await perform({ verb: 'create', type: 'incr' })).toMatchObject({ state: 'done' });
    await node.host.run(['rm', '-r', `${STORE}/claims`]);
    await node.install(DESIRED);
  }, 120_000);

  it('has one restore at a time on a host; the lock of one that was killed is free', async () => {
    const take = (more: string) => [
      'sh',
      '-c',
      `sh -c "$1" sh /run/lock-of-restores; echo $?; ${more}`,
      'sh',
      TAKE_LOCK,
    ];
    const first = node.host.start([...take('exec sleep 300')]);
    await until(
      'the first one has it',
      async () => (await node.host.run(['ls', '/run/lock-of-restores/holder'])).code === 0,
    );
    expect((await node.host.run(take(':'))).stdout).toBe('1\n');
    const [pid = ''] = (await node.host.run(['cat', '/run/lock-of-restores/holder'])).stdout.split(' ');
    await node.host.run(['kill', '-KILL', pid]);
    await until('it has ended', () => first.exitCode !== null || first.signalCode !== null);
    expect((await node.host.run(take(':'))).stdout).toBe('0\n');
  });

  it('does nothing without a target', async () => {
    const ran = await node.host.run([
      'env',
      'REGENT_BACKUP_CONF=/nowhere',
      `${HA}/pgbackrest-push`,
      '000000010000000000000001',
    ]);

    expect(ran.code).toBe(0);
  });
});
