import { AppError } from '../../../core/errors.ts';
import { findPrimary, sqlOn, type Environment } from '../environment.ts';

/** Each poll starts programs in every region node, beside what is measured. */
const POLL_EVERY_MS = 1000;
/** Another region has gone on with a job so long after its own died. */
const TAKEN_OVER_MS = 15_000;
const UNFINISHED = `select id || ' ' || kind || ' ' || epoch || ' ' || coalesce(lease_holder, '') || ' ' || coalesce(lease_until::text, '')
  from jobs where ended_at is null order by id`;
const FAILED = (first: number) =>
  `select id || ' ' || kind || ' ' || state || ': ' || result from jobs where id >= ${first} and state in ('failed', 'aborted') order by id limit 1`;

/** The region node whose process is at a job now, by the database's rows; null: nobody is. */
export async function findWorker(environment: Environment): Promise<string | null> {
  const jobs = await queryPrimary(environment, UNFINISHED);
  // A process is called by its node and a number of its own: `r2:c4b7af59`.
  return jobs?.map((job) => job.split(' ')[3]?.split(':')[0] ?? '').find((node) => node !== '') ?? null;
}

/** Waits for the end of all jobs. Throws AppError `drill`: one failed, had nobody for too long, or is not done within `deadlineMs`. */
export async function waitForJobs(environment: Environment, deadlineMs: number): Promise<void> {
  const end = environment.now() + deadlineMs;
  const seen = { text: '', since: environment.now(), first: Number.POSITIVE_INFINITY };
  for (;;) {
    const jobs = await queryPrimary(environment, UNFINISHED);
    const now = environment.now();
    // Without a primary nobody can renew anything: that is the failover's time, which has its own limit.
    if (jobs === null || jobs.join() !== seen.text) Object.assign(seen, { text: jobs?.join() ?? '', since: now });
    if (jobs?.length === 0) return needDone(environment, seen.first);
    for (const job of jobs ?? []) seen.first = Math.min(seen.first, Number(job.split(' ')[0]));
    if (now - seen.since > TAKEN_OVER_MS)
      throw new AppError('drill', `No region continued job ${seen.text} for ${TAKEN_OVER_MS / 1000} s`);
    if (now > end) throw new AppError('drill', `Job ${seen.text} is not done within ${deadlineMs / 1000} s`);
    await environment.wait(POLL_EVERY_MS);
  }
}

async function needDone(environment: Environment, first: number): Promise<void> {
  if (!Number.isFinite(first)) throw new AppError('drill', 'No job was found to wait for');
  const [failed] = (await queryPrimary(environment, FAILED(first))) ?? [];
  if (failed !== undefined) throw new AppError('drill', `Job ${failed}`);
}

/** Rows of the primary's answer; null: there is no primary, or it does not answer. */
async function queryPrimary(environment: Environment, statement: string): Promise<string[] | null> {
  const primary = await findPrimary(environment);
  const answer = primary === null ? null : await sqlOn(environment, primary, statement);
  return answer === null ? null : answer.split('\n').filter((line) => line !== '');
}
