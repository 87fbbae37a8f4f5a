import { AppError, isRejected, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import type { Database } from '../../../store/database.ts';
import { endJob, failHopelessJobs, saveJob } from '../../../store/queries/base/jobs/end.ts';
import {
  type ClaimedJob,
  claimJob,
  type GivenBack,
  giveJobBack,
  type HeldJob,
  type JobClaim,
  listOpenJobs,
  type OpenJob,
  type SeenLease,
} from '../../../store/queries/base/jobs/lease.ts';
import { write, type WriteTx } from '../../../store/write.ts';
import { reached } from '../task.ts';
import type { JobEnd } from './kind.ts';
import { ATTEMPTS_MAX, LEASE_MS, WIND_UP_MS } from './limits.ts';

/** What a runner does with the rows of jobs. Everything throws when the database is away; `save` and `end` when the epoch is another's. */
export interface JobRepository {
  listOpen(): Promise<readonly OpenJob[]>;
  claim(claim: Pick<JobClaim, 'kinds' | 'seen' | 'except'>): Promise<ClaimedJob | null>;
  /** Gives the number of jobs that it failed. */
  failHopeless(seen: readonly SeenLease[]): Promise<number>;
  save(held: HeldJob, saved: Saved): Promise<void>;
  end(held: HeldJob, end: JobEnd): Promise<void>;
  /** False: it was another's already. */
  giveBack(back: GivenBack): Promise<boolean>;
}

/** What a job saves of itself, with what it changes beside. */
export interface Saved {
  readonly progress: string;
  readonly checkpoint: unknown;
  /** What it gives is the checkpoint instead, such as the id of what it made; undefined: `checkpoint` stands. */
  readonly change?: ((tx: WriteTx) => Promise<unknown>) | undefined;
}

/** Whoever waits longer for the database has lost its lease meanwhile. */
const DEADLINE = { deadlineMs: LEASE_MS } as const;
/** The limit of a read and of a claim. The next round repeats both. */
const SHORT = { deadlineMs: 3000 } as const;
const ACTOR = 'system:jobs';

/** The rows themselves. `holder`: name of this process. */
export function openJobRepository(db: Database, holder: string): JobRepository {
  const limits = { leaseMs: LEASE_MS, attemptsMax: ATTEMPTS_MAX, windUpMs: WIND_UP_MS };
  /** A write that counts only under this epoch: everything in it, or nothing. */
  const writeHeld = async (held: HeldJob, what: string, body: (tx: WriteTx) => Promise<boolean>) => {
    const key = `job-${db.random.hex(16)}`;
    const summary = `job ${held.id} ${what}`;
    const operation = { key, requestDigest: key, actor: ACTOR, origin: holder, summary };
    const outcome = await write<null>(
      db,
      operation,
      async (tx) => ((await body(tx)) ? { status: 200, body: null } : refuse(lost(held))),
      DEADLINE,
    );
    if (isRejected(outcome)) throw faultOf(held, outcome);
  };
  return {
    listOpen: () => reached(db.autocommitRead((tx) => listOpenJobs(tx, LEASE_MS), SHORT)),
    claim: (claim) => reached(db.repeatable((tx) => claimJob(tx, { ...limits, ...claim, holder }), SHORT)),
    failHopeless: (seen) => reached(db.repeatable((tx) => failHopelessJobs(tx, { ...limits, seen }), SHORT)),
    async save(held, { progress, checkpoint, change }) {
      if (change)
        return writeHeld(held, `goes on: ${progress}`, async (tx) => {
          const isOurs = await saveJob(tx, held, progress, checkpoint);
          const made = isOurs ? await change(tx) : undefined;
          return made === undefined ? isOurs : saveJob(tx, held, progress, made);
        });
      const isOurs = await reached(db.repeatable((tx) => saveJob(tx, held, progress, checkpoint), DEADLINE));
      if (!isOurs) throw faultOf(held, lost(held));
    },
    end: (held, end) => writeHeld(held, `ends: ${end.state}`, (tx) => endJob(tx, held, end)),
    giveBack: (back) => reached(db.repeatable((tx) => giveJobBack(tx, back), DEADLINE)),
  };
}

/** Code of the fault that a write of an earlier holder is. */
export const LOST = 'job_lost';

function lost({ id, epoch }: HeldJob): Rejected {
  return rejected('conflict', `Job ${id} no longer belongs to this run: its epoch is not ${epoch}, or it has ended.`);
}

function faultOf(held: HeldJob, refusal: Rejected): AppError {
  const isLost = refusal.message === lost(held).message;
  return new AppError(isLost ? LOST : 'job_refused', refusal.message);
}
