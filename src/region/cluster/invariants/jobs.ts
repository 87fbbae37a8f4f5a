import { listOf } from '../site.ts';
import { broken, type InvariantCheck, ok, sentence, unknown } from './check.ts';

/** What must be true of work that outlives its request. */
export const JOB_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'jobs',
    title: 'Somebody is at every job that is unfinished',
    explanation:
      'A region that dies at a job is followed by another within 15 seconds. A job that nobody is at is half done, and no other switchover, drain or restart begins before it ends.',
    concerns: () => true,
    judge({ stuckJobs }) {
      if (stuckJobs === null) {
        return unknown(
          'Jobs are in the database, and it is away.',
          'Bring the database back first: regent cluster status.',
        );
      }
      if (stuckJobs.length === 0) return ok('None is left alone.');
      const clauses = stuckJobs.map(
        ({ id, kind, target, seconds }) => `job ${id} (${kind} ${target}) for ${seconds} s`,
      );
      return broken(
        sentence(`Nobody is at ${listOf(clauses)}`),
        `regent job show ${stuckJobs[0]?.id} tells how far it is; regiond must run on a region node (systemctl status regent-regiond) of a release that knows this kind of job. regent job abort ends it.`,
      );
    },
  },
];
