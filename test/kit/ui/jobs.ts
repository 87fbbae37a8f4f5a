import type { RouteOutput } from '../../../src/contract/routes.ts';
import { before } from './when.ts';

type Job = RouteOutput<'job.list'>['items'][number];

const HOUR = 3_600_000;

/** A job under way. */
export function job(id: number, kind: string, target: string, progress: string): Job {
  return {
    id,
    kind,
    target,
    targets: ['cluster'],
    state: 'running',
    progress,
    result: null,
    caller: 'admin',
    abortBy: null,
    holder: 'r1-1',
    epoch: 1,
    attempts: 0,
    createdAt: before(9e3),
    updatedAt: before(2e3),
    deadline: new Date(Date.now() + HOUR).toISOString(),
    endedAt: null,
  };
}

/** Jobs that have ended: one as it should, one not. */
export function endedJobs(): Job[] {
  const ends = { holder: null, createdAt: before(40 * 60_000), endedAt: before(39 * 60_000) };
  return [
    { ...job(5, 'node-drain', 'r2', ''), ...ends, state: 'done', result: 'r2 is drained', caller: 'ann' },
    {
      ...job(6, 'machine-power', 'm10', ''),
      ...ends,
      targets: ['machine:aaaaa1', 'bmc:1'],
      state: 'failed',
      result: 'The BMC did not answer within 60 s.',
      abortBy: 'ann',
      epoch: 2,
    },
  ];
}

/** Is a job of a list that is asked for with this query? */
export function isAsked(row: Job, query: URLSearchParams): boolean {
  const isUnfinished = row.endedAt === null;
  return (
    (query.get('kind') ?? row.kind) === row.kind &&
    (query.get('state') ?? row.state) === row.state &&
    [row.target, ...row.targets].includes(query.get('target') ?? row.target) &&
    (query.get('unfinished') ?? String(isUnfinished)) === String(isUnfinished)
  );
}
