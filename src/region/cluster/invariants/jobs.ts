import { listOf } from '../site.ts';
import { broken, type InvariantCheck, ok, sentence, unknown } from './check.ts';

/** What must be true of work that outlives its request. */
export const JOB_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'jobs',
    title: 'A region works at every unfinished job',
    explanation:
      'If a region dies at a job, another one takes the job over within 15 seconds. A job without a region stays unfinished, and no other switchover, drain or restart starts before it ends.',
    concerns: () => true,
    judge({ stuckJobs }) {
      if (stuckJobs === null)
        return unknown(
          'Jobs are in the database, which is away.',
          'Bring the database back first: regent cluster status.',
        );
      if (stuckJobs.length === 0) return ok('No job waits for a region.');
      const clauses = stuckJobs.map(
        ({ id, kind, target, seconds }) => `job ${id} (${kind} ${target}) for ${seconds} s`,
      );
      return broken(
        sentence(`No region works at ${listOf(clauses)}`),
        `regent job show ${stuckJobs[0]?.id} shows its progress. regiond must run on a region node (systemctl status regent-regiond), of a release that knows this kind of job. To end the job: regent job abort.`,
      );
    },
  },
];
