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
