import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openJobRepository } from '../../../src/region/base/jobs/job-repository.ts';
import { addJob, type NewJob } from '../../../src/store/queries/base/jobs/add.ts';
import type { ClaimedJob } from '../../../src/store/queries/base/jobs/lease.ts';
import { deleteDomain, findDomain } from '../../../src/store/queries/names/domains.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
});
afterAll(() => site.close());

const JOB: NewJob = {
  kind: 'walk',
  target: 'r1',
  payload: {},
  deadlineSeconds: 600,
  targets: [],
  caller: 'ada',
};
const add = async (job: Partial<NewJob> = {}) =>
  value(await change(site.db, (tx) => addJob(tx, { ...JOB, ...job }))).id;
const itemsOf = async (path: string) => (await site.call('GET', path)).body['items'] as Record<string, unknown>[];
const lastEvents = async (count: number) =>
  (await itemsOf('/events?limit=1000')).slice(-count).map(({ kind, subject, who }) => [kind, subject, who]);

async function claim(kind: string): Promise<ClaimedJob> {
  const job = await openJobRepository(site.db, 'p1').claim({ kinds: [kind], seen: [], except: [] });
  if (job === null) throw new Error('there is no such job');
  return job;
}

describe('jobs by the API', () => {
  it('are listed, filtered and shown without what only their kind reads', async () => {
    const first = await add({ payload: { inner: 'private' } });
    const second = await add({ kind: 'swim', target: 'r2', targets: ['machine:7'] });
    expect((await itemsOf('/jobs')).map(({ id }) => id)).toEqual([second, first]);
    expect(await itemsOf('/jobs?kind=swim&unfinished=true&fields=id,state')).toEqual([
      { id: second, state: 'waiting' },
    ]);
    for (const target of ['r2', 'machine:7']) {
      expect(await itemsOf(`/jobs?target=${target}&fields=id,targets`)).toEqual([
        { id: second, targets: ['machine:7'] },
      ]);
    }
    expect(await itemsOf('/jobs?target=machine:8')).toEqual([]);
    expect(await itemsOf('/jobs?state=done')).toEqual([]);
    expect(await itemsOf('/jobs?unfinished=false')).toEqual([]);
    const answer = await site.call('GET', `/jobs/${first}`, { role: 'auditor' });
    expect(answer).toMatchObject({
      status: 200,
      body: { id: first, kind: 'walk', caller: 'ada', holder: null, epoch: 0 },
    });
    expect(answer.raw).not.toContain('private');
    expect(await site.call('GET', '/jobs/4711')).toMatchObject({ status: 404 });
    expect(await site.call('GET', '/jobs/x')).toMatchObject({ status: 404 });
    expect(await site.call('GET', '/jobs?state=lost')).toMatchObject({ status: 422 });
    expect(await site.call('GET', '/jobs', { role: 'user' })).toMatchObject({ status: 403 });
  });

  it('are ended by operators: at once before they began, else by a wish that their holder hears', async () => {
    const waiting = await add({ kind: 'rest' });
    for (const role of ['user', 'auditor'] as const) {
      expect(await site.call('POST', `/jobs/${waiting}/abort`, { role })).toMatchObject({ status: 403 });
    }
    const dry = await site.call('POST', `/jobs/${waiting}/abort?dry_run=true`);
    expect(dry.status).toBe(200);
    expect(await site.call('GET', `/jobs/${waiting}`)).toMatchObject({ body: { state: 'waiting', abortBy: null } });
    const aborted = await site.call('POST', `/jobs/${waiting}/abort`, { role: 'operator' });
    expect(aborted).toMatchObject({
      status: 200,
      body: { state: 'aborted', result: 'It was aborted before it began.' },
    });
    expect(await site.call('POST', `/jobs/${waiting}/abort`)).toMatchObject({ status: 409 });
    expect(await site.call('POST', '/jobs/4711/abort')).toMatchObject({ status: 404 });

    const begun = await add({ kind: 'run' });
    const held = await claim('run');
    expect(held.id).toBe(begun);
    const wished = await site.call('POST', `/jobs/${begun}/abort`, { role: 'operator' });
    expect(wished).toMatchObject({ status: 200, body: { state: 'running', holder: 'p1' } });
    const [open] = (await openJobRepository(site.db, 'p1').listOpen()).filter(({ id }) => id === begun);
    expect(open).toMatchObject({ isAbortWanted: true });
    await openJobRepository(site.db, 'p1').end(held, { state: 'aborted', result: 'All is as before.' });
    expect(await site.call('GET', `/jobs/${begun}`)).toMatchObject({
      body: { state: 'aborted', result: 'All is as before.', holder: null },
    });
    expect((await lastEvents(4)).map(([kind]) => kind)).toEqual([
      'job.added',
      'job.started',
      'job.abort-wanted',
      'job.aborted',
    ]);
    expect(await lastEvents(1)).toEqual([['job.aborted', `job/${begun}`, 'system:jobs']]);
  });

  it('change configuration with their progress in one change that history shows; a late one changes nothing', async () => {
    await site.call('POST', '/domains', { body: { name: 'gone.test' } });
    const id = await add({ kind: 'sweep' });
    const held = await claim('sweep');
    const book = openJobRepository(site.db, 'p1');
    const sweep = async (epoch: number) =>
      book.save(
        { id, epoch },
        {
          progress: 'Swept.',
          checkpoint: { swept: 1 },
          change: async (tx) => {
            const domain = await findDomain(tx, { name: 'gone.test' });
            if (domain) value(await deleteDomain(tx, { key: domain.id }));
          },
        },
      );
    await expect(sweep(held.epoch + 1)).rejects.toThrow(`Job ${id} no longer belongs to this run`);
    expect((await itemsOf('/domains')).map(({ name }) => name)).toContain('gone.test');
    await sweep(held.epoch);
    expect((await itemsOf('/domains')).map(({ name }) => name)).not.toContain('gone.test');
    expect(await site.call('GET', `/jobs/${id}`)).toMatchObject({ body: { progress: 'Swept.' } });
    const [newest] = await itemsOf('/config/history');
    expect(newest).toMatchObject({ summary: `job ${id} goes on: Swept.` });
  });

  it('that nobody is at are the doctor’s', async () => {
    const id = await add({ kind: 'forgotten' });
    await pg
      .get()
      .admin(`update jobs set not_before = now() - interval '70 s' where id = ${id}`, site.connection.database);
    const { body } = await site.call('GET', '/cluster/doctor');
    const rows = body['invariants'] as { id: string; state: string; detail: string }[];
    const row = rows.find((candidate) => candidate.id === 'jobs');
    expect(row).toMatchObject({ state: 'broken' });
    expect(row?.detail).toContain(`job ${id} (forgotten r1) for 7`);
  });
});
