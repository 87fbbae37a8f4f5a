import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegion, page, problem, run } from '../fake-region.ts';

const AT = '2026-03-01T09:58:00.000Z';
const JOB = {
  id: 12,
  kind: 'drill',
  target: 'planned-switchover',
  state: 'waiting',
  progress: 'r1 hands the database to another region node',
  result: null as string | null,
  caller: 'ada',
  abortBy: null as string | null,
  holder: null,
  epoch: 0,
  attempts: 0,
  createdAt: AT,
  updatedAt: AT,
  deadline: '2026-03-01T10:28:00.000Z',
  endedAt: null as string | null,
};
const ended = (state: string, result: string) => ({ ...JOB, state, result, endedAt: AT });

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));
const begun = () => region.seen.filter(({ path, query }) => path.endsWith('/drills/runs') && !query.has('dry_run'));

describe('a drill on the command line', () => {
  it.each([
    ['done', 'planned-switchover passed: write away for 1.20 s, 0 failed.', 0],
    ['failed', 'planned-switchover did not hold: outage of write 4.0 s (limit 3.0 s).', 1],
    ['aborted', 'planned-switchover not judged: ended in the middle of the drill.', 1],
  ])('is waited for, and its verdict is the exit code: %s', async (state, result, code) => {
    region.on('POST /drills/runs', { status: 202, body: JOB });
    region.on('GET /jobs/12', { body: ended(state, result) });
    const answer = await regent('drill run planned-switchover --yes');
    expect(answer).toMatchObject({ code, out: `job 12 (drill planned-switchover) ${state}: ${result}\n` });
    expect(begun().map(({ body }) => body)).toEqual([{ hazard: 'planned-switchover' }]);
  });

  it('is not begun without --yes: what would be done is told, and how it is begun', async () => {
    region.on('POST /drills/runs', { body: { dryRun: true, object: JOB, nodes: [] } });
    const { code, out, err } = await regent('drill run planned-switchover');
    expect([code, out]).toEqual([2, 'would start: r1 hands the database to another region node\n']);
    expect(err).toContain('regent drill run planned-switchover --yes');
    expect(await regent('drill run planned-switchover --dry-run --yes')).toMatchObject({ code: 0 });
    expect(begun()).toEqual([]);
  });

  it('tells what speaks against it', async () => {
    region.on('POST /drills/runs', problem(409, 'conflict', 'Not now: no node can be lost (etcd 2 of 3 voters).'));
    const { code, err } = await regent('drill run planned-drain --yes');
    expect(code).toBe(4);
    expect(err).toContain('no node can be lost');
  });

  it('is ended by its job, found by itself or named', async () => {
    region.on('GET /jobs', page(JOB));
    region.on('POST /jobs/12/abort', { body: { ...JOB, state: 'running', abortBy: 'ada' } });
    region.on('GET /jobs/12', { body: ended('aborted', 'planned-drain not judged: ended; r1 takes its part again.') });
    expect(await regent('drill abort')).toMatchObject({
      code: 0,
      out: expect.stringContaining('abort requested by ada'),
    });
    const query = region.seen.find(({ path }) => path.endsWith('/jobs'))?.query;
    expect(Object.fromEntries(query ?? [])).toMatchObject({ kind: 'drill', unfinished: 'true' });
    expect(await regent('drill abort 12 --wait')).toMatchObject({
      code: 0,
      err: expect.stringContaining('aborted: planned-drain'),
    });
    region.on('GET /jobs', page());
    expect(await regent('drill abort')).toMatchObject({
      code: 3,
      err: expect.stringContaining('No drill is running'),
    });
  });

  it('is marked in the history as played by the cluster itself', async () => {
    const name = { hazard: 'planned-drain', round: 1, seed: 7, startedAt: AT };
    const round = {
      id: 3,
      run: '018f3c1e-0000-7000-8000-000000000001',
      ...name,
      isPassed: true,
      broken: [],
      version: '1.2.3',
      storedAt: AT,
    };
    region.on('GET /drills/rounds', page({ ...round, label: 'production' }, { ...round, id: 2, label: null }));
    const { out } = await regent('drill history');
    expect(out.split('\n').map((line) => line.trim().split(/\s+/).at(-1))).toEqual(['WHERE', 'production', 'lab', '']);
  });
});
