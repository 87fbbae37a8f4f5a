import type { Job, JobState } from '../../../contract/base/job.ts';
import { linkTo } from './address.ts';
import type { Tone } from './tone.ts';

const STATE_TONES: Readonly<Record<JobState, Tone>> = {
  waiting: 'busy',
  running: 'busy',
  done: 'ok',
  failed: 'bad',
  aborted: 'off',
};

/** Every state, those first that are passed through first. */
export const JOB_STATES = Object.keys(STATE_TONES) as JobState[];

/** How a job is. */
export const jobTone = (state: JobState): Tone => STATE_TONES[state];

/** Is the job unfinished? */
export const isUnfinished = (job: Pick<Job, 'state'>): boolean => job.state === 'waiting' || job.state === 'running';

/** What a job is, in one line: `node-drain r2`. */
export const jobTitle = (job: Pick<Job, 'kind' | 'target'>): string =>
  job.target === '' || job.target === 'cluster' ? job.kind : `${job.kind} ${job.target}`;

/** The progress, or the outcome. */
export function jobNote(job: Job): string {
  if (!isUnfinished(job)) return job.result ?? job.state;
  const abortRequest = job.abortBy === null ? '' : `${job.abortBy} asked for its end; `;
  return abortRequest + (job.progress === '' ? job.state : job.progress);
}

/** The page of a job. */
export const jobPage = (job: Pick<Job, 'id'>): string => linkTo(['jobs', String(job.id)]);

/** The page of the job's object: a machine, the drills, a node, or all nodes. */
export function jobLink(job: Pick<Job, 'kind' | 'target' | 'targets'>): string {
  if (job.targets.some((target) => target.startsWith('machine:'))) return linkTo(['machines', job.target]);
  if (job.kind === 'drill') return linkTo(['drills']);
  return linkTo(job.kind.startsWith('node-') ? ['nodes', job.target] : ['nodes']);
}
