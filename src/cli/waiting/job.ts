import type { Job } from '../../contract/base/job.ts';
import type { Call } from '../command-spec.ts';
import { CliError, EXIT, type ExitCode } from '../exit.ts';
import { queryRegion } from './outcome.ts';
import { makeProgress } from './progress.ts';

const POLL_MS = 1000;

/** Describes the result of a job, or its present state, in one sentence. */
export function jobSentence(job: Job): string {
  const name = `job ${job.id} (${job.kind} ${job.target})`;
  if (job.result !== null) return `${name} ${job.state}: ${job.result}`;
  const abortText = job.abortBy === null ? '' : `, abort requested by ${job.abortBy}`;
  return `${name} ${job.state}${abortText}${job.progress === '' ? '' : `: ${job.progress}`}`;
}

/** Done: 0; failed or aborted: 1. */
export const jobExit = (job: Job): ExitCode => (job.state === 'done' ? EXIT.ok : EXIT.error);

/**
 * Waits for a job's end and shows its progress, even while the job moves the region. Throws with exit code 5 after `timeoutSeconds`; the job goes on.
 */
export async function waitForJob(call: Call, id: number, timeoutSeconds: number): Promise<Job> {
  const { io } = call;
  const progress = makeProgress(io);
  const end = io.monotonic() + timeoutSeconds * 1000;
  const { client } = await call.region();
  const show = async (signal: AbortSignal) =>
    (await client.call('job.show', { params: { job: String(id) } }, { signal })).body;
  for (;;) {
    const job = await queryRegion(call, end - io.monotonic(), show);
    if (job !== null && job.endedAt !== null) {
      progress.end('');
      return job;
    }
    const seen = job === null ? `job ${id}: the region does not answer` : jobSentence(job);
    progress.say(seen);
    if (io.monotonic() + POLL_MS >= end) {
      progress.end('');
      throw new CliError(EXIT.timeout, `Not ended after ${timeoutSeconds} s: ${seen}`, [
        `regent job show ${id} --watch`,
        `regent job abort ${id}`,
      ]);
    }
    await io.sleep(POLL_MS, io.interrupted);
  }
}
