import { backOffMs } from '../../core/back-off.ts';
import { AppError, sentenceOf } from '../../core/errors.ts';
import type { Log, Random } from '../../core/ports.ts';
import type { ClaimedJob } from '../../store/queries/jobs/lease.ts';
import { type JobBook, LOST } from './book.ts';
import { type Hold, type HoldPorts, type JobNews, takeHold } from './hold.ts';
import type { JobEnd, JobKind } from './kind.ts';
import { BACK_OFF, SETTLE_MS } from './limits.ts';
import { afterRun } from './verdict.ts';

/** What a run needs beside its job. */
export interface RunPorts extends HoldPorts {
  readonly book: JobBook;
  readonly random: Random;
}

/** A job that runs in this process. */
export interface ActiveRun {
  readonly id: number;
  hear(news: JobNews): void;
  /** Ends it for somebody else to go on: at once, when the run leaves off within `SETTLE_MS`. */
  stop(): Promise<void>;
  /** Resolves when nothing of it runs here any more; never rejects. */
  readonly over: Promise<void>;
}

/** Runs a job that was claimed. `askedAt`: monotonic ms from before the claim. */
export function startRun(kind: JobKind, job: ClaimedJob, askedAt: number, ports: RunPorts): ActiveRun {
  const log = ports.log.with({ job: job.id, kind: job.kind, epoch: job.epoch });
  const hold = takeHold(job, askedAt, { ...ports, log });
  log.info('job begins', { target: job.target, attempts: job.attempts });
  const work = async (): Promise<void> => {
    const ending = await outcomeOf(kind, job, hold, ports.book);
    hold.rest();
    await settle({ job, hold, ending, log }, ports);
  };
  const over = work()
    .catch((error: unknown) =>
      log.warn('what became of a job could not be written, its lease runs out', { error: sentenceOf(error) }),
    )
    .finally(hold.drop);
  return {
    id: job.id,
    hear: hold.hear,
    over,
    stop: async () => {
      hold.giveUp('stop');
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, SETTLE_MS);
      await Promise.race([over, patience.promise]);
      clearTimeout(timer);
      hold.drop();
    },
  };
}

/** What a run returned, or threw. */
type Ending = { readonly returned: JobEnd } | { readonly returned: null; readonly error: string };

async function outcomeOf(kind: JobKind, job: ClaimedJob, hold: Hold, book: JobBook): Promise<Ending> {
  const { id, epoch, target, caller, checkpoint } = job;
  try {
    const returned = await kind.run({
      id,
      epoch,
      target,
      caller,
      checkpoint,
      payload: kind.parse(job.payload),
      signal: hold.signal,
      isAbortWanted: () => hold.isAborted() || hold.lateMs() > 0,
      mustHold: hold.mustHold,
      // The row alone decides whether it counts.
      save: (progress, saved, change) => book.save({ id, epoch }, { progress, checkpoint: saved, change }),
    });
    return { returned };
  } catch (error) {
    if (error instanceof AppError && error.code === LOST) hold.giveUp('lease');
    return { returned: null, error: sentenceOf(error) };
  }
}

interface Settling {
  readonly job: ClaimedJob;
  readonly hold: Hold;
  readonly ending: Ending;
  readonly log: Log;
}

/** Writes down what becomes of a job whose run is over. */
async function settle({ job, hold, ending, log }: Settling, { book, random }: RunPorts): Promise<void> {
  const { id, epoch, attempts } = job;
  const next = afterRun({
    returned: ending.returned,
    error: ending.returned === null ? ending.error : '',
    givenUp: hold.givenUp(),
    isAbortWanted: hold.isAborted(),
    lateMs: hold.lateMs(),
    attempts,
  });
  if (next.kind === 'leave') return;
  if (next.kind === 'end') {
    await book.end({ id, epoch }, next.end);
    log.info('job ended', { state: next.end.state, what: next.end.result });
    return;
  }
  const { failure } = next;
  if (failure !== null) log.warn('job failed, it will be tried again', { error: failure });
  await book.giveBack({
    id,
    epoch,
    isOrderly: failure === null,
    pauseMs: failure === null ? 0 : backOffMs(attempts - 1, BACK_OFF, random),
    progress: failure === null ? null : `It failed and will be tried again: ${failure}`,
  });
}
