import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeRegion, problem, run } from '../fake-region.ts';

const AT = '2026-03-01T09:58:00.000Z';
const JOB = {
  id: 12,
  kind: 'node-drain',
  target: 'r2',
  state: 'waiting',
  progress: 'If r2 is drained: no role moves.',
  result: null as string | null,
  caller: 'ada',
  abortBy: null,
  holder: null,
  epoch: 0,
  attempts: 0,
  createdAt: AT,
  updatedAt: AT,
  deadline: '2026-03-01T10:08:00.000Z',
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
const sent = (path: string) => region.seen.find((call) => call.path.endsWith(path));

describe('moves on the command line', () => {
  it.each([
    ['done', 'r2 is drained; r1 leads the database.', 0],
    ['failed', 'Patroni is paused.', 1],
    ['aborted', 'ended while waiting for something; r2 takes its part again.', 1],
  ])('wait for their end unless told otherwise: %s', async (state, result, code) => {
    region.on('POST /nodes/r2/drain', { status: 202, body: JOB });
    region.on('GET /jobs/12', { body: ended(state, result) });
    const answer = await regent('node drain r2');
    expect(answer).toMatchObject({ code, out: `job 12 (node-drain r2) ${state}: ${result}\n` });
    expect(answer.err).toContain('job 12 (node-drain r2) waiting: If r2 is drained: no role moves.');
  });

  it('return at once with --no-wait', async () => {
    region.on('POST /nodes/r2/undrain', { status: 202, body: { ...JOB, kind: 'node-undrain' } });
    const { code, out } = await regent('node undrain r2 --no-wait');
    expect(code).toBe(0);
    expect(out).toMatch(/^job 12 \(node-undrain r2\) waiting/);
    expect(sent('/jobs/12')).toBeUndefined();
  });

  it('only tell what would be done with --dry-run', async () => {
    region.on('POST /cluster/switchover', { body: { dryRun: true, object: JOB, nodes: [] } });
    expect(await regent('cluster switchover --to r3 --dry-run')).toMatchObject({
      code: 0,
      out: 'would start: If r2 is drained: no role moves.\n',
    });
    const call = sent('/cluster/switchover');
    expect(call?.body).toEqual({ to: 'r3' });
    expect(Object.fromEntries(call?.query ?? [])).toEqual({ dry_run: 'true' });
  });

  it('restart one node at a time, and say so', async () => {
    region.on('POST /cluster/restart', { status: 202, body: JOB });
    expect(await regent('cluster restart --node r2')).toMatchObject({ code: 2, out: '' });
    expect(await regent('cluster restart --rolling --node r2 --node r3 --no-wait')).toMatchObject({ code: 0 });
    expect(sent('/cluster/restart')?.body).toEqual({ nodes: ['r2', 'r3'] });
  });

  it('tell why not now, and what to look at', async () => {
    region.on('POST /nodes/r2/drain', problem(409, 'conflict', 'Not now: r2 is drained already.'));
    const { code, err } = await regent('node drain r2');
    expect(code).not.toBe(0);
    expect(err).toContain('Not now: r2 is drained already.');
    expect(err).toContain('regent job list --unfinished');
  });

  it('wait no longer than they are told to', async () => {
    region.on('POST /nodes/r2/drain', { status: 202, body: JOB });
    region.on('GET /jobs/12', { body: JOB });
    expect(await regent('node drain r2 --patience 1')).toMatchObject({ code: 5 });
    expect(await regent('node drain r2 --patience 0')).toMatchObject({ code: 2 });
  });
});
