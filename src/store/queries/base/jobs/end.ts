import { sql } from 'kysely';
import { type Rejected, rejected } from '../../../../core/errors.ts';
import type { Tx } from '../../../tx.ts';
import type { WriteTx } from '../../../write.ts';
import { storeEvents } from '../events.ts';
import { type HeldJob, isWatched, type SeenLease } from './lease.ts';
import { COLUMNS, findJob, type JobRow } from './row.ts';

/** Saves a job's progress, if the epoch is right. False: it is no longer the writer's. */
export async function saveJob(tx: Tx, held: HeldJob, progress: string, checkpoint: unknown): Promise<boolean> {
  const rows = await tx.run(sql`
    update jobs set progress = ${progress}, checkpoint = ${JSON.stringify(checkpoint ?? null)}::jsonb, updated_at = clock_timestamp()
    where id = ${held.id} and epoch = ${held.epoch} and state = 'running'`);
  return rows === 1;
}

/** Ends a job, if the epoch is right. False: it is no longer the writer's. */
export async function endJob(
  tx: WriteTx,
  held: HeldJob,
  end: { readonly state: 'done' | 'failed' | 'aborted'; readonly result: string },
): Promise<boolean> {
  const row = await tx.one(sql<{ kind: string; target: string }>`
    update jobs t set state = ${end.state}, result = ${end.result}, ended_at = clock_timestamp(), updated_at = clock_timestamp(),
      lease_holder = null, lease_until = null
    where t.id = ${held.id} and t.epoch = ${held.epoch} and t.state = 'running' returning t.kind, t.target`);
  if (row === null) return false;
  tx.emit({ kind: `job.${end.state}`, subject: `job/${held.id}`, data: { ...row, result: end.result } });
  return true;
}

/** The limits beyond which a job without a holder is hopeless; see `JobClaim`. */
export type Hopeless = { readonly attemptsMax: number; readonly windUpMs: number; readonly seen: readonly SeenLease[] };

/** Fails jobs that nobody will continue: their deadline has passed, or they began too often. Gives their number. */
export async function failHopelessJobs(tx: Tx, { attemptsMax, windUpMs, seen }: Hopeless): Promise<number> {
  const isLate = sql`t.deadline + case when t.epoch = 0 then 0 else ${windUpMs} end * interval '1 ms' < clock_timestamp()`;
  const last = sql`case t.progress when '' then '' else ' Last progress: ' || t.progress end`;
  const rows = await tx.all(sql<{ id: number; kind: string; target: string; result: string }>`
    with hopeless as (
      select t.id from jobs t where t.ended_at is null and (${isLate} or t.attempts >= ${attemptsMax})
        and (t.state = 'waiting' or ${isWatched(seen)} and t.lease_until < clock_timestamp())
      for update skip locked)
    update jobs t set state = 'failed', ended_at = clock_timestamp(), updated_at = clock_timestamp(), lease_holder = null, lease_until = null,
      result = case when t.epoch = 0 then 'The deadline of the job passed before a region could start it.'
        when ${isLate} then 'The deadline of the job passed.' || ${last}
        else 'It was started ' || t.attempts || ' times and never came to an end.' || ${last} end
    from hopeless where t.id = hopeless.id returning t.id, t.kind, t.target, t.result`);
  const events = rows.map(({ id, ...data }) => ({ kind: 'job.failed', subject: `job/${id}`, data }));
  await storeEvents(tx, 'system:jobs', events);
  return rows.length;
}

/** Asks for a job's end. A job that never began ends at once; another one winds up. Refused if there is none, or it has ended. */
export async function abortJob(tx: WriteTx, id: number, by: string): Promise<JobRow | Rejected> {
  const row = await tx.one(sql<JobRow & { isNew: boolean }>`
    with before as (select t.id, t.abort_by from jobs t where t.id = ${id} and t.ended_at is null for no key update)
    update jobs t set abort_by = coalesce(t.abort_by, ${by}), updated_at = clock_timestamp(),
      not_before = least(t.not_before, clock_timestamp()),
      state = case when t.epoch = 0 then 'aborted' else t.state end,
      ended_at = case when t.epoch = 0 then clock_timestamp() end,
      result = case when t.epoch = 0 then 'It was aborted before it began.' end
    from before where t.id = before.id returning ${COLUMNS}, before.abort_by is null as "isNew"`);
  if (row === null) {
    const ended = await findJob(tx, id);
    if (ended === null) return rejected('not_found', `There is no job ${id}.`);
    return rejected('conflict', `Job ${id} has ended already: ${ended.state}.`);
  }
  const { isNew, ...job } = row;
  const event = { subject: `job/${id}`, data: { kind: job.kind, target: job.target, by } };
  if (isNew) tx.emit({ kind: 'job.abort-wanted', ...event });
  if (job.state === 'aborted') tx.emit({ ...event, kind: 'job.aborted' });
  return job;
}

/** A job that should have a holder and has none. */
export interface StuckJob {
  readonly id: number;
  readonly kind: string;
  readonly target: string;
  /** Since when it could have been taken up, or should have been renewed. */
  readonly seconds: number;
}

/** Unfinished jobs that nobody has renewed or taken up for more than `seconds`; the oldest first, at most ten. */
export function listStuckJobs(tx: Tx, seconds: number): Promise<StuckJob[]> {
  const since = sql`extract(epoch from clock_timestamp() - coalesce(t.lease_until, t.not_before))::int`;
  return tx.all(sql<StuckJob>`
    select t.id, t.kind, t.target, ${since} as seconds from jobs t
    where t.ended_at is null and ${since} > ${seconds}::int order by t.id limit 10`);
}
