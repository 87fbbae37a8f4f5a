import { backOffMs } from '../../../core/back-off.ts';
import { AppError, sentenceOf } from '../../../core/errors.ts';
import type { Log, Random } from '../../../core/ports.ts';
import type { ClaimedJob } from '../../../store/queries/base/jobs/lease.ts';
import { type JobRepository, LOST } from './job-repository.ts';
import { type LeaseGuard, type GuardPorts, type JobNews, guardLease } from './lease-guard.ts';
import type { JobEnd, JobKind } from './kind.ts';
import { BACK_OFF, SETTLE_MS } from './limits.ts';
import { afterRun } from './verdict.ts';

/** What a run needs beside its job. */
export type RunPorts = GuardPorts & { readonly repository: JobRepository; readonly random: Random };

/** A job that runs in this process. */
export interface ActiveRun {
  readonly id: number;
  updateNews(news: JobNews): void;
  /** Ends it for somebody else to go on: at once, when the run leaves off within `SETTLE_MS`. */
  stop(): Promise<void>;
  /** Resolves when nothing of it runs here any more; never rejects. */
  readonly over: Promise<void>;
}

/** Runs a claimed job. The time is monotonic ms from before the claim. */
export function startRun(kind: JobKind, job: ClaimedJob, requestedAt: number, ports: RunPorts): ActiveRun {
  const log = ports.log.with({ job: job.id, kind: job.kind, epoch: job.epoch });
  const guard = guardLease(job, requestedAt, { ...ports, log });
  log.info('job started', { target: job.target, attempts: job.attempts });
  const work = async (): Promise<void> => {
    const ending = await outcomeOf(kind, job, guard, ports.repository);
    guard.rest();
    await settle({ job, guard, ending, log }, ports);
  };
  const over = work()
    .catch((error: unknown) => log.warn('result of a job not stored, its lease runs out', { error: sentenceOf(error) }))
    .finally(guard.drop);
  return {
    id: job.id,
    updateNews: guard.updateNews,
    over,
    stop: async () => {
      guard.giveUp('stop');
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, SETTLE_MS);
      await Promise.race([over, patience.promise]);
      clearTimeout(timer);
      guard.drop();
    },
  };
}

/** What a run returned, or threw. */
type RunEnding = { readonly returned: JobEnd } | { readonly returned: null; readonly error: string };

async function outcomeOf(
  kind: JobKind,
  job: ClaimedJob,
  guard: LeaseGuard,
  repository: JobRepository,
): Promise<RunEnding> {
  const { id, epoch, target, caller, checkpoint } = job;
  try {
    const returned = await kind.run({
      id,
      epoch,
      target,
      caller,
      checkpoint,
      payload: kind.parse(job.payload),
      signal: guard.signal,
      isAbortWanted: () => guard.isAborted() || guard.lateMs() > 0,
      mustHold: guard.mustHold,
      // Only the row decides whether it counts.
      save: (progress, saved, change) => repository.save({ id, epoch }, { progress, checkpoint: saved, change }),
    });
    return { returned };
  } catch (error) {
    if (error instanceof AppError && error.code === LOST) guard.giveUp('lease');
    return { returned: null, error: sentenceOf(error) };
  }
}

type Settling = { readonly job: ClaimedJob; readonly guard: LeaseGuard; readonly ending: RunEnding; readonly log: Log };

/** Writes down what becomes of a job whose run is over. */
async function settle({ job, guard, ending, log }: Settling, { repository, random }: RunPorts): Promise<void> {
  const { id, epoch, attempts } = job;
  const next = afterRun({
    returned: ending.returned,
    error: ending.returned === null ? ending.error : '',
    givenUp: guard.givenUp(),
    isAbortWanted: guard.isAborted(),
    lateMs: guard.lateMs(),
    attempts,
  });
  if (next.kind === 'leave') return;
  if (next.kind === 'end') {
    await repository.end({ id, epoch }, next.end);
    log.info('job ended', { state: next.end.state, what: next.end.result });
    return;
  }
  const { failure } = next;
  if (failure !== null) log.warn('job failed, it will be tried again', { error: failure });
  await repository.giveBack({
    id,
    epoch,
    isOrderly: failure === null,
    pauseMs: failure === null ? 0 : backOffMs(attempts - 1, BACK_OFF, random),
    progress: failure === null ? null : `The job failed and will be tried again: ${failure}`,
  });
}
