import { get, OPERATORS, post, WATCHERS } from '../route-spec.ts';
import * as job from './job.ts';

/** Calls about work that outlives its request. */
export const JOB_ROUTES = {
  'job.list': get('/jobs', 'List jobs, newest first', {
    roles: WATCHERS,
    query: job.JobListQuery,
    response: job.JobPage,
  }),
  'job.show': get('/jobs/{job}', 'Show a job: how far it is, or how it ended', {
    roles: WATCHERS,
    params: job.JobParams,
    response: job.Job,
  }),
  'job.abort': post('/jobs/{job}/abort', 'Ask for a job’s end: what it has half done it undoes first', {
    roles: OPERATORS,
    params: job.JobParams,
    response: job.Job,
    status: 200,
  }),
} as const;
