import type { Job } from '../../../contract/base/job.ts';
import { accept, refuse } from '../../../core/errors.ts';
import { abortJob } from '../../../store/queries/base/jobs/end.ts';
import { findJob, type JobRow, listJobs } from '../../../store/queries/base/jobs/row.ts';
import { pageBody } from '../paging.ts';
import { noSuch, parseRef } from '../refs.ts';
import { autocommitReading, writing } from '../use-case.ts';

/** A job as callers see it. */
export function showJob(row: JobRow): Job {
  const { payload: _payload, checkpoint: _checkpoint, targets, ...rest } = row;
  const { leaseHolder, leaseUntil: _leaseUntil, notBefore: _notBefore, ...job } = rest;
  return { ...job, targets: [...targets], holder: leaseHolder };
}

export const jobCases = {
  'job.list': autocommitReading('job.list', async (tx, { query }) => {
    const { unfinished, ...rest } = query ?? {};
    return pageBody(await listJobs(tx, { ...rest, isUnfinished: unfinished }), showJob, query);
  }),

  'job.show': autocommitReading('job.show', async (tx, { params }) => {
    const ref = parseRef(params.job);
    const row = 'id' in ref ? await findJob(tx, ref.id) : null;
    return row ? { body: showJob(row) } : refuse(noSuch('job', params.job));
  }),

  'job.abort': writing(
    'job.abort',
    ({ params }) => `job abort ${params.job}`,
    async (tx, { params }, { caller }) => {
      const ref = parseRef(params.job);
      if (!('id' in ref)) refuse(noSuch('job', params.job));
      const row = accept(await abortJob(tx, ref.id, caller.user));
      return { body: showJob(row) };
    },
  ),
};
