import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegion, page, problem, run } from '../fake-region.ts';

const AT = '2026-03-01T09:58:00.000Z';
const JOB = {
  id: 12,
  kind: 'node-drain',
  target: 'r2',
  targets: ['cluster'],
  state: 'running',
  progress: 'The floating address has moved.',
  result: null as string | null,
  caller: 'ada',
  abortBy: null as string | null,
  holder: 'r1:0f3a9c21',
  epoch: 2,
  attempts: 1,
  createdAt: AT,
  updatedAt: AT,
  deadline: '2026-03-01T10:08:00.000Z',
  endedAt: null as string | null,
};
const ended = (state: string, result: string) => ({ ...JOB, state, result, holder: null, endedAt: AT });

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (line: string) => run(region, line.split(' '));

describe('jobs on the command line', () => {
  it('are listed with how far they are', async () => {
    region.on('GET /jobs', page(JOB, { ...ended('failed', 'Its deadline passed.'), id: 11 }));
    const { code, out } = await regent('job list --unfinished --kind node-drain --target cluster');
    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 3)).toEqual([
      'ID  KIND        TARGET  STATE    CREATED               BY   HOW',
      '12  node-drain  r2      running  2026-03-01 09:58:00Z  ada  The floating address has moved.',
      '11  node-drain  r2      failed   2026-03-01 09:58:00Z  ada  Its deadline passed.',
    ]);
    const query = { limit: '20', unfinished: 'true', kind: 'node-drain', target: 'cluster' };
    expect(Object.fromEntries(region.seen.at(-1)?.query ?? [])).toEqual(query);
    expect(await regent('job list --limit 1001')).toMatchObject({ code: 2, out: '' });
  });

  it('are shown with who is at them', async () => {
    region.on('GET /jobs/12', { body: { ...JOB, abortBy: 'eve' } });
    const { code, out } = await regent('job show 12');
    expect(code).toBe(0);
    expect(out).toMatch(/^Job: +12: node-drain r2$/m);
    expect(out).toMatch(/^Holds alone: +cluster$/m);
    expect(out).toMatch(/^State: +running \(to be aborted\)$/m);
    expect(out).toMatch(/^Region: +r1:0f3a9c21$/m);
    region.on('GET /jobs/13', problem(404, 'not_found', 'There is no job "13".'));
    expect(await regent('job show 13')).toMatchObject({ code: 3 });
  });

  it.each([
    ['done', 'Drained.', 0],
    ['failed', 'It failed.', 1],
    ['aborted', 'All is as before.', 1],
  ])('are waited for: %s ends with its code', async (state, result, exit) => {
    let asked = 0;
    region.reply('GET /jobs/12', () => ({ body: (asked += 1) < 3 ? JOB : ended(state, result) }));
    const { code, out, err } = await regent('job wait 12');
    expect(code).toBe(exit);
    expect(out).toBe(`job 12 (node-drain r2) ${state}: ${result}\n`);
    expect(err).toContain('job 12 (node-drain r2) running: The floating address has moved.');
  });

  it('that go on are left after the patience, and go on', async () => {
    region.on('GET /jobs/12', { body: JOB });
    const { code, err } = await regent('job wait 12 --patience 1');
    expect(code).toBe(5);
    expect(err).toContain('Not ended after 1 s: job 12 (node-drain r2) running');
    expect(err).toContain('regent job abort 12');
    expect(await regent('job wait 12 --patience 0')).toMatchObject({ code: 2 });
  });

  it('are aborted, and with --wait that end is waited for', async () => {
    region.on('POST /jobs/12/abort', { body: { ...JOB, abortBy: 'ada' } });
    const told = await regent('job abort 12');
    expect(told).toMatchObject({ code: 0 });
    expect(told.out).toContain('job 12 (node-drain r2) running, abort requested by ada: The floating');
    region.on('GET /jobs/12', { body: ended('aborted', 'All is as before.') });
    const waited = await regent('job abort 12 --wait');
    expect(waited.code).toBe(0);
    expect(waited.err).toContain('job 12 (node-drain r2) aborted: All is as before.');
    region.on('POST /jobs/12/abort', problem(409, 'conflict', 'Job 12 has ended already: done.'));
    expect(await regent('job abort 12')).toMatchObject({ code: 4 });
  });
});
