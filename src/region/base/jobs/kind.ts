import type { WriteTx } from '../../../store/write.ts';

/** A sort of work that outlives a request. It is run by one region at a time, perhaps by several after each other. */
export interface JobKind<P = unknown> {
  /** As in the job's row: a–z and 0–9, parts joined by "-". */
  readonly name: string;
  /** Reads the stored payload; throws `AppError` when it cannot. */
  parse(payload: unknown): P;
  /**
   * Does the work, from `checkpoint` on. Outside effects are declarative and checked: the intent is saved first, then done, read back, saved. What it
   * throws is no end: the job is tried again after a pause, a bounded number of times. When the signal ends it, it throws.
   */
  run(job: JobRun<P>): Promise<JobEnd>;
}

/** One holder's run of a job. */
export interface JobRun<P = unknown> {
  readonly id: number;
  /** The subject of the job, as an operator names it. */
  readonly target: string;
  readonly payload: P;
  /** Who requested it. */
  readonly caller: string;
  /** Grows with every claim of this job: with `id` in front, an executor can tell a later order from an earlier one. */
  readonly epoch: number;
  /** What an earlier run, perhaps of another region, has saved; null in the first. */
  readonly checkpoint: unknown;
  /** Aborted once the lease may be another's, or this process stops: nothing may be done after it. Hand it to every wait and every call. */
  readonly signal: AbortSignal;
  /**
   * An operator requested its end, or the deadline has passed. The job undoes what it must and ends as `aborted` within
   * 30 s.
   */
  readonly isAbortWanted: () => boolean;
  /**
   * Throws when another process may hold the lease. Call it directly before each outside effect: after a freeze the
   * signal may be late.
   */
  mustHold(): void;
  /**
   * Saves progress (a sentence) and checkpoint (JSON), with other changes in the same transaction, on condition of (id, epoch). Throws when the epoch is
   * no longer ours. The change may run several times, as every body of a write; what it gives, if anything, is the checkpoint instead.
   */
  save(progress: string, checkpoint: unknown, change?: (tx: WriteTx) => Promise<unknown>): Promise<void>;
}

/** How a job ended; `result`: a sentence. */
export type JobEnd = { readonly state: 'done' | 'failed' | 'aborted'; readonly result: string };
