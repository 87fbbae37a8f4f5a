import { AppError } from '../../../core/errors.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import type { ClaimedJob } from '../../../store/queries/base/jobs/lease.ts';
import { LOST } from './job-repository.ts';
import { SETTLE_MS } from './limits.ts';
import type { Renewer } from './renewal.ts';
import { type GivenUp, judge } from './verdict.ts';

/** What is newly known of a job that runs here. */
export type JobNews = { readonly isAbortWanted: boolean; readonly lateMs: number };

/** A run's right to act: the renewer extends it, the holder's own clock ends it. */
export interface LeaseGuard {
  readonly signal: AbortSignal;
  readonly updateNews: (news: JobNews) => void;
  /** Did an operator request its end? */
  isAborted(): boolean;
  /** Since the job's deadline, ms; negative before. */
  lateMs(): number;
  /** Throws when the lease may be another's. */
  readonly mustHold: () => void;
  giveUp(why: GivenUp): void;
  /** Null: it was not. */
  givenUp(): GivenUp | null;
  /** The run is over and no longer watched. Its lease is renewed until `drop`, unless it has run out. */
  rest(): void;
  /** Ends the renewal of the lease. */
  readonly drop: () => void;
}

/** What a guard needs. */
export type GuardPorts = { readonly renewer: Renewer; readonly clock: Clock; readonly log: Log };

/** Guards the lease of a claimed job. The time is monotonic ms from before the claim. */
export function guardLease(job: ClaimedJob, requestedAt: number, { renewer, clock, log }: GuardPorts): LeaseGuard {
  const gone = new AbortController();
  let news = { isAbortWanted: job.abortBy !== null, lateMs: job.lateMs, at: clock.monotonic() };
  let givenUp: GivenUp | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const lateMs = () => news.lateMs + clock.monotonic() - news.at;
  const giveUp = (why: GivenUp) => {
    if (givenUp !== null) return;
    givenUp = why;
    clearTimeout(timer);
    if (why !== 'stop') log.warn('job given up', { why });
    gone.abort(new AppError(LOST, `The run of job ${job.id} was given up: ${why}`));
    // A run that does not stop blocks nobody else from the job; this process does not start the job a second time
    // beside it.
    timer = setTimeout(() => {
      log.error('run was given up but does not stop', { why });
      lease.drop();
    }, SETTLE_MS);
  };
  const updateNews = ({ isAbortWanted, lateMs: late }: JobNews) => {
    news = { isAbortWanted: isAbortWanted || news.isAbortWanted, lateMs: late, at: clock.monotonic() };
  };
  const lease = renewer.keep({ id: job.id, epoch: job.epoch }, requestedAt, (leaseNews) => {
    if (leaseNews.kind === 'lost') giveUp('lease');
    else updateNews(leaseNews);
  });
  const watch = () => {
    const found = judge({ now: clock.monotonic(), holdsUntil: lease.holdsUntil(), lateMs: lateMs() });
    if (typeof found === 'string') giveUp(found);
    else timer = setTimeout(watch, found.againMs);
  };
  const checkLease = () => {
    if (clock.monotonic() >= lease.holdsUntil()) giveUp('lease');
  };
  watch();
  return {
    signal: gone.signal,
    updateNews,
    isAborted: () => news.isAbortWanted,
    lateMs,
    mustHold: () => {
      checkLease();
      gone.signal.throwIfAborted();
    },
    giveUp,
    givenUp: () => givenUp,
    rest: () => {
      // A process that was frozen in a query sees its failure before the timer of the watch.
      checkLease();
      clearTimeout(timer);
    },
    drop: () => {
      clearTimeout(timer);
      lease.drop();
    },
  };
}
