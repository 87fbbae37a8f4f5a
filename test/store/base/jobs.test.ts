import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { addJob, type NewJob } from '../../../src/store/queries/base/jobs/add.ts';
import { abortJob, endJob, failHopelessJobs, saveJob } from '../../../src/store/queries/base/jobs/end.ts';
import {
  type ClaimedJob,
  claimJob,
  giveJobBack,
  type JobClaim,
  listOpenJobs,
  renewJobs,
} from '../../../src/store/queries/base/jobs/lease.ts';
import { findJob, type JobRow, listJobs } from '../../../src/store/queries/base/jobs/row.ts';
import { migrate, readMigrations } from '../../../src/store/migrate.ts';
import { purge } from '../../../src/store/purge.ts';
import type { Tx } from '../../../src/store/tx.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;
beforeEach(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
});

const LEASE_MS = 8000;
const CLAIM = { kinds: ['walk'], leaseMs: LEASE_MS, attemptsMax: 3, windUpMs: 30_000, seen: [], except: [] };
const JOB: NewJob = {
  kind: 'walk',
  target: 'r1',
  payload: { n: 1 },
  deadlineSeconds: 600,
  targets: [],
  caller: 'ada',
};

const add = (job: Partial<NewJob> = {}) => change(db, (tx) => addJob(tx, { ...JOB, ...job }));
const claim = async (holder: string, more: Partial<JobClaim> = {}, on = db) =>
  value(await on.repeatable((tx) => claimJob(tx, { ...CLAIM, holder, ...more })));
const repeatable = async <T>(body: (tx: Tx) => Promise<T>) => value(await db.repeatable(body));
const run = (text: ReturnType<typeof sql>) => repeatable((tx) => tx.run(text));
const look = () => repeatable((tx) => listOpenJobs(tx, LEASE_MS));
const show = async (id: number) => (await repeatable((tx) => findJob(tx, id))) as JobRow;
const eventKinds = async () =>
  (await repeatable((tx) => tx.all(sql<{ kind: string }>`select kind from events order by id`))).map(
    ({ kind }) => kind,
  );
/** What a region may say that has watched every lease for long enough. */
const watched = async () =>
  (await look()).flatMap(({ id, epoch, leaseUntil }) => (leaseUntil === null ? [] : [{ id, epoch, leaseUntil }]));
const expire = () =>
  run(sql`update jobs set lease_until = clock_timestamp() - interval '1 ms' where state = 'running'`);

async function claimed(holder = 'a'): Promise<ClaimedJob> {
  value(await add());
  const job = await claim(holder);
  if (job === null) throw new Error('nobody got the job');
  return job;
}

describe('claims of jobs', () => {
  it('never give one job to two of many who claim at once', async () => {
    const jobs = 40;
    for (let n = 0; n < jobs; n += 1) value(await add({ target: `t${n}` }));
    const rivals = Array.from({ length: 12 }, (_, n) => `rival ${n}`);
    const taken = await Promise.all(
      rivals.map(async (holder) => {
        const mine: ClaimedJob[] = [];
        for (let job = await claim(holder); job !== null; job = await claim(holder)) mine.push(job);
        return mine;
      }),
    );
    const all = taken.flat();
    expect(all).toHaveLength(jobs);
    expect(new Set(all.map(({ id }) => id)).size).toBe(jobs);
    expect(all.every(({ epoch, attempts, state }) => epoch === 1 && attempts === 1 && state === 'running')).toBe(true);
    expect(taken.filter((mine) => mine.length > 0).length).toBeGreaterThan(1);
  });

  it('never give a lease that ran out to two of many who watched it', async () => {
    const { id } = await claimed();
    await expire();
    const seen = await watched();
    const rivals = await Promise.all(['b', 'c', 'd', 'e', 'f', 'g'].map((holder) => claim(holder, { seen })));
    expect(rivals.filter((job) => job !== null)).toHaveLength(1);
    expect(await show(id)).toMatchObject({ epoch: 2, attempts: 2, state: 'running' });
    expect(await eventKinds()).toEqual(['job.added', 'job.started', 'job.resumed']);
  });

  it('leave alone what this process cannot run, what it still runs, and what waits for a pause', async () => {
    const { id } = value(await add());
    expect(await claim('a', { kinds: ['swim'] })).toBeNull();
    expect(await claim('a', { kinds: [] })).toBeNull();
    expect(await claim('a', { except: [id] })).toBeNull();
    await run(sql`update jobs set not_before = clock_timestamp() + interval '1 min'`);
    expect(await claim('a')).toBeNull();
    await run(sql`update jobs set not_before = clock_timestamp()`);
    expect(await claim('a', { except: [id + 1] })).toMatchObject({ id, payload: { n: 1 }, checkpoint: null });
  });
});

describe('a lease', () => {
  it('is taken over only when it ran out and was watched exactly as it is', async () => {
    const { id, epoch } = await claimed();
    const before = await watched();
    expect(before).toHaveLength(1);
    // Watched, but not run out.
    expect(await claim('b', { seen: before })).toBeNull();
    // Run out, but by a jump of the clock perhaps: nobody has watched it.
    await expire();
    expect((await look())[0]).toMatchObject({ id, isExpired: true, isReady: false });
    expect(await claim('b')).toBeNull();
    // What was watched was another term of it.
    expect(await claim('b', { seen: before })).toBeNull();
    const seen = await watched();
    expect(await claim('b', { seen: seen.map((lease) => ({ ...lease, epoch: epoch + 1 })) })).toBeNull();
    expect(await claim('b', { seen })).toMatchObject({ id, epoch: epoch + 1, leaseHolder: 'b' });
  });

  it('that lies further ahead than this clock could have given has run out: the clock was set back', async () => {
    await claimed();
    await run(sql`update jobs set lease_until = clock_timestamp() + interval '1 hour'`);
    expect((await look())[0]).toMatchObject({ isExpired: true });
    expect(await claim('b', { seen: await watched() })).toMatchObject({ epoch: 2 });
  });

  it('is renewed as long as its epoch is the job’s, and tells who asked for an end', async () => {
    const job = await claimed();
    const [before] = await watched();
    expect(await repeatable((tx) => renewJobs(tx, [job], LEASE_MS))).toMatchObject([
      { id: job.id, epoch: 1, isAbortWanted: false },
    ]);
    expect((await watched())[0]?.leaseUntil).not.toBe(before?.leaseUntil);
    value(await change(db, (tx) => abortJob(tx, job.id, 'eve')));
    expect(await repeatable((tx) => renewJobs(tx, [job], LEASE_MS))).toMatchObject([{ isAbortWanted: true }]);
    await expire();
    expect(await claim('b', { seen: await watched() })).toMatchObject({ epoch: 2 });
    const { leaseUntil } = await show(job.id);
    expect(await repeatable((tx) => renewJobs(tx, [job], LEASE_MS))).toEqual([]);
    expect((await show(job.id)).leaseUntil).toBe(leaseUntil);
  });

  it('that is given back in good order costs no attempt, and waits for its pause', async () => {
    const job = await claimed();
    const back = { id: job.id, epoch: 1, isOrderly: true, pauseMs: 0, progress: null };
    expect(await repeatable((tx) => giveJobBack(tx, back))).toBe(true);
    expect(await show(job.id)).toMatchObject({ state: 'waiting', attempts: 0, epoch: 1, leaseHolder: null });
    expect(await claim('b')).toMatchObject({ epoch: 2, attempts: 1 });
    const failed = { id: job.id, epoch: 2, isOrderly: false, pauseMs: 60_000, progress: 'It slipped.' };
    expect(await repeatable((tx) => giveJobBack(tx, failed))).toBe(true);
    expect(await show(job.id)).toMatchObject({ state: 'waiting', attempts: 1, progress: 'It slipped.' });
    expect(await claim('c')).toBeNull();
    expect(await repeatable((tx) => giveJobBack(tx, back))).toBe(false);
  });
});

describe('the late word of an earlier holder', () => {
  it('is refused at the row, whatever it says', async () => {
    const old = await claimed();
    expect(await repeatable((tx) => saveJob(tx, old, 'one step', { step: 1 }))).toBe(true);
    await expire();
    const young = await claim('b', { seen: await watched() });
    expect(young).toMatchObject({ epoch: 2, checkpoint: { step: 1 }, progress: 'one step' });
    const row = await show(old.id);
    expect(await repeatable((tx) => saveJob(tx, old, 'two steps', { step: 2 }))).toBe(false);
    expect(
      await change(db, async (tx) => ({ isOurs: await endJob(tx, old, { state: 'done', result: 'All.' }) })),
    ).toEqual({
      isOurs: false,
    });
    const back = { id: old.id, epoch: old.epoch, isOrderly: true, pauseMs: 0, progress: null };
    expect(await repeatable((tx) => giveJobBack(tx, back))).toBe(false);
    expect(await show(old.id)).toEqual(row);
  });

  it('cannot change a job that has ended, nor set an epoch back: the table refuses it', async () => {
    const job = await claimed();
    await expect(run(sql`update jobs set epoch = 0, attempts = 0`)).rejects.toThrow(/epoch 0 does not follow 1/);
    value(await change(db, (tx) => endJob(tx, job, { state: 'done', result: 'All.' })));
    await expect(run(sql`update jobs set progress = 'x'`)).rejects.toThrow(/has ended: done/);
    expect(await repeatable((tx) => saveJob(tx, job, 'more', null))).toBe(false);
  });
});

describe('targets of jobs', () => {
  const held = async () =>
    repeatable((tx) =>
      tx.all(sql<{ target: string; job: number }>`select target, job_id as job from job_targets order by target`),
    );

  it('are one unfinished job’s: the refusal names the job that has it', async () => {
    const first = value(await add({ kind: 'node-drain', target: 'r2', targets: ['cluster'] }));
    const second = refusal(await add({ kind: 'switchover', targets: ['cluster'] }));
    expect(second).toMatchObject({ code: 'conflict' });
    expect(second.message).toContain(`Job ${first.id} (node-drain r2) is waiting and holds the target cluster`);
    expect(second.message).toContain(`regent job abort ${first.id}`);
    const apart = value(await add({ targets: ['machine:7', 'bmc:3'] }));
    value(await add());
    const third = refusal(await add({ targets: ['bmc:4', 'machine:7'] }));
    expect(third.message).toContain(`Job ${apart.id} (walk r1) is waiting and holds the target machine:7`);
    // What it could have had is free.
    value(await add({ targets: ['bmc:4'] }));
    value(await change(db, (tx) => abortJob(tx, first.id, 'ada')));
    expect(value(await add({ kind: 'switchover', targets: ['cluster'] }))).toMatchObject({ targets: ['cluster'] });
    expect((await held()).map(({ target }) => target)).toEqual(['bmc:3', 'bmc:4', 'cluster', 'machine:7']);
  });

  it('are free after each kind of end', async () => {
    const wanted = { targets: ['machine:1'] };
    value(await add(wanted));
    const done = (await claim('a')) as ClaimedJob;
    value(await change(db, (tx) => endJob(tx, done, { state: 'done', result: 'All.' })));
    const late = value(await add({ ...wanted, deadlineSeconds: 0 }));
    await repeatable((tx) => failHopelessJobs(tx, { attemptsMax: 3, windUpMs: 0, seen: [] }));
    expect(await show(late.id)).toMatchObject({ state: 'failed', targets: ['machine:1'] });
    const aborted = value(await add(wanted));
    value(await change(db, (tx) => abortJob(tx, aborted.id, 'eve')));
    expect(await held()).toEqual([]);
  });

  it('have one holder also when many ask at once, with overlaps in any order', async () => {
    const asked = await Promise.all(Array.from({ length: 8 }, () => add({ targets: ['cluster'] })));
    expect(asked.filter((job) => 'id' in job)).toHaveLength(1);
    const names = ['m:1', 'm:2', 'm:3', 'm:4', 'm:5'];
    const crossed = await Promise.all(
      Array.from({ length: 30 }, (_, n) => add({ targets: [0, 2, 3].map((step) => names[(n * 2 + step) % 5] ?? '') })),
    );
    const jobs = crossed.flatMap((job) => ('id' in job ? [job] : []));
    expect(jobs.length).toBeGreaterThan(0);
    const taken = jobs.flatMap(({ targets }) => targets);
    expect(new Set(taken).size).toBe(taken.length);
    expect((await held()).map(({ target }) => target)).toEqual(['cluster', ...taken].sort());
    const refused = crossed.flatMap((job) => ('id' in job ? [] : [job.code]));
    expect(refused).toEqual(refused.map(() => 'conflict'));
  });

  it('that are refused leave the transaction as it was: it may add another job', async () => {
    value(await add({ targets: ['machine:1'] }));
    const both = await change(db, async (tx) => ({
      first: await addJob(tx, { ...JOB, targets: ['bmc:1', 'machine:1'] }),
      second: await addJob(tx, { ...JOB, targets: ['bmc:1'] }),
    }));
    expect(both).toMatchObject({ first: { kind: 'rejected' }, second: { targets: ['bmc:1'] } });
  });

  it('are guarded by the table: no row is committed whose target another job has, and none is misspelt', async () => {
    value(await add({ targets: ['machine:1'] }));
    const insert = (targets: string) =>
      run(sql`insert into jobs (kind, target, targets, payload, is_exclusive, caller, deadline)
        values ('walk', 'x', ${targets}::text[], '{}', false, 'ada', now())`);
    await expect(insert('{machine:1}')).rejects.toThrow(/does not hold its target machine:1/);
    await expect(insert('{"two words"}')).rejects.toThrow(/job_targets_grammar/);
    await insert('{machine:2}');
  });

  it('are the cluster for what an earlier release calls exclusive', async () => {
    const insert = () =>
      run(sql`insert into jobs (kind, target, payload, is_exclusive, caller, deadline)
        values ('node-drain', 'r1', '{}', true, 'ada', now() + interval '1 min')
        on conflict ((true)) where is_exclusive and ended_at is null do nothing`);
    expect(await insert()).toBe(1);
    expect(refusal(await add({ targets: ['cluster'] })).message).toContain('(node-drain r1)');
    expect(await insert()).toBe(0);
  });
});

describe('the upgrade', () => {
  it('gives the cluster to the exclusive job that is unfinished, and to no other one', async () => {
    const before = postgres.get().open(await postgres.get().createDatabase('empty'));
    const known = readMigrations();
    const first = known.filter(({ number }) => number < 24);
    value(await migrate(before, first));
    const insert = (kind: string, isExclusive: boolean, end: string | null) =>
      before.repeatable((tx) =>
        tx.run(sql`insert into jobs (kind, target, payload, is_exclusive, caller, deadline, state, result, ended_at)
          values (${kind}, 'r1', '{}', ${isExclusive}, 'ada', now() + interval '1 h', ${end ?? 'waiting'}, ${end}, ${end === null ? null : 'now'}::timestamptz)`),
      );
    await insert('switchover', true, 'done');
    await insert('node-drain', true, null);
    await insert('walk', false, null);
    value(await migrate(before, known));
    const jobs = value(await before.read((tx) => listJobs(tx, { sort: 'id' }))).items;
    expect(jobs.map(({ kind, targets }) => [kind, targets])).toEqual([
      ['switchover', []],
      ['node-drain', ['cluster']],
      ['walk', []],
    ]);
    expect(refusal(await change(before, (tx) => addJob(tx, { ...JOB, targets: ['cluster'] }))).message).toContain(
      'Job 2 (node-drain r1) is waiting',
    );
    value(await change(before, (tx) => abortJob(tx, 2, 'ada')));
    value(await change(before, (tx) => addJob(tx, { ...JOB, targets: ['cluster'] })));
  });
});

describe('the end of a job', () => {
  it('that never began comes at once when it is asked for; another is told', async () => {
    const { id } = value(await add());
    const aborted = value(await change(db, (tx) => abortJob(tx, id, 'eve')));
    expect(aborted).toMatchObject({ state: 'aborted', abortBy: 'eve', result: 'It was aborted before it began.' });
    expect(aborted.endedAt).not.toBeNull();
    expect(refusal(await change(db, (tx) => abortJob(tx, id, 'eve')))).toMatchObject({ code: 'conflict' });
    expect(refusal(await change(db, (tx) => abortJob(tx, 4711, 'eve')))).toMatchObject({ code: 'not_found' });
    const running = await claimed();
    expect(value(await change(db, (tx) => abortJob(tx, running.id, 'eve')))).toMatchObject({
      state: 'running',
      abortBy: 'eve',
    });
    expect(value(await change(db, (tx) => abortJob(tx, running.id, 'bob')))).toMatchObject({ abortBy: 'eve' });
    expect((await eventKinds()).filter((kind) => kind.startsWith('job.abort'))).toEqual([
      'job.abort-wanted',
      'job.aborted',
      'job.abort-wanted',
    ]);
  });

  it('comes with a sentence when the deadline passed or it was begun too often, never while somebody holds it', async () => {
    const fail = async () =>
      repeatable(async (tx) => failHopelessJobs(tx, { attemptsMax: 3, windUpMs: 30_000, seen: await watched() }));
    const late = value(await add({ deadlineSeconds: 0 }));
    expect(await claim('a')).toBeNull();
    expect(await fail()).toBe(1);
    expect(await show(late.id)).toMatchObject({
      state: 'failed',
      result: 'The deadline of the job passed before a region could start it.',
    });

    const begun = await claimed();
    await repeatable((tx) => saveJob(tx, begun, 'Half of it.', null));
    await run(sql`update jobs set deadline = clock_timestamp() - interval '10 s' where id = ${begun.id}`);
    // It may still wind up.
    await expire();
    expect(await fail()).toBe(0);
    await run(sql`update jobs set deadline = clock_timestamp() - interval '31 s' where id = ${begun.id}`);
    expect(await claim('b', { seen: await watched() })).toBeNull();
    expect(await fail()).toBe(1);
    expect(await show(begun.id)).toMatchObject({
      state: 'failed',
      result: 'The deadline of the job passed. Last progress: Half of it.',
    });

    const often = await claimed();
    await run(sql`update jobs set epoch = 3, attempts = 3 where id = ${often.id}`);
    expect(await fail()).toBe(0);
    await expire();
    expect(await claim('b', { seen: await watched() })).toBeNull();
    expect(await fail()).toBe(1);
    expect(await show(often.id)).toMatchObject({
      state: 'failed',
      result: 'It was started 3 times and never came to an end.',
    });
  });
});

describe('lists of jobs', () => {
  it('are newest first, filtered, and do not grow for ever', async () => {
    const done = await claimed();
    value(await change(db, (tx) => endJob(tx, done, { state: 'done', result: 'All.' })));
    const open = value(await add({ kind: 'swim', target: 'm7', targets: ['machine:7'] }));
    const ids = async (query: Parameters<typeof listJobs>[1]) =>
      (await repeatable((tx) => listJobs(tx, query))).items.map(({ id }) => id);
    expect(await ids({})).toEqual([open.id, done.id]);
    expect(await ids({ isUnfinished: true })).toEqual([open.id]);
    expect(await ids({ isUnfinished: false, state: 'done', kind: 'walk' })).toEqual([done.id]);
    expect(await ids({ kind: 'walk', state: 'failed' })).toEqual([]);
    for (const target of ['m7', 'machine:7']) expect(await ids({ target })).toEqual([open.id]);
    expect(await ids({ target: 'machine' })).toEqual([]);
    await postgres.get().admin('alter table jobs disable trigger check_job_goes_on', await nameOf());
    await run(sql`update jobs set ended_at = now() - interval '31 days' where ended_at is not null`);
    await run(sql`update jobs set created_at = now() - interval '90 days'`);
    await purge(db, 'test');
    expect(await ids({})).toEqual([open.id]);
  });
});

async function nameOf(): Promise<string> {
  return (await repeatable((tx) => tx.one(sql<{ name: string }>`select current_database() as name`)))?.name ?? '';
}
