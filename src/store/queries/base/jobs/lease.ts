import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../../../tx.ts';
import { storeEvents } from '../events.ts';
import { COLUMNS, type JobRow } from './row.ts';

/**
 * An unfinished job as every region sees it. `leaseUntil`: the database's own text, which changes with every renewal; null: nobody holds it.
 * `isReady`: it waits and may be claimed now. `isExpired`: its lease has run out by the database's clock. `lateMs`: time since its deadline, negative
 * before.
 */
export interface OpenJob {
  readonly id: number;
  readonly kind: string;
  readonly epoch: number;
  readonly attempts: number;
  readonly leaseUntil: string | null;
  readonly isReady: boolean;
  readonly isExpired: boolean;
  readonly isAbortWanted: boolean;
  readonly lateMs: number;
}

/** The state of a lease that somebody has watched for long enough. */
export type SeenLease = { readonly id: number; readonly epoch: number; readonly leaseUntil: string };

/** Identifies the holder of a write. The write counts only while the job has this epoch. */
export type HeldJob = { readonly id: number; readonly epoch: number };

const LATE_MS = sql`(extract(epoch from clock_timestamp() - t.deadline) * 1000)::float8`;

/** Its pause is over. A job that was changed in the future was given back before this clock was set back. */
const IS_READY = sql`(t.not_before <= clock_timestamp() or t.updated_at > clock_timestamp() + interval '10 seconds')`;

/**
 * A lease that has run out by the database's clock. A lease that lies more than two lease times ahead also counts: this clock cannot have given it,
 * it was set back since.
 */
function isExpired(leaseMs: number): RawBuilder<boolean> {
  return sql`(t.lease_until < clock_timestamp() or t.lease_until > clock_timestamp() + ${leaseMs * 2} * interval '1 ms')`;
}

/** Was exactly this lease watched for long enough? */
export function isWatched(seen: readonly SeenLease[]): RawBuilder<boolean> {
  return sql`exists (select from jsonb_to_recordset(${JSON.stringify(seen)}::jsonb) as s (id int, epoch int, "leaseUntil" timestamptz)
    where s.id = t.id and s.epoch = t.epoch and s."leaseUntil" = t.lease_until)`;
}

/** All unfinished jobs, the oldest first. */
export function listOpenJobs(tx: Tx, leaseMs: number): Promise<OpenJob[]> {
  return tx.all(sql<OpenJob>`
    select t.id, t.kind, t.epoch, t.attempts, t.lease_until::text as "leaseUntil", t.abort_by is not null as "isAbortWanted",
      t.state = 'waiting' and ${IS_READY} as "isReady",
      coalesce(${isExpired(leaseMs)}, false) as "isExpired", ${LATE_MS} as "lateMs"
    from jobs t where t.ended_at is null order by t.id`);
}

/** A claim. `seen`: leases of others that the claimer has watched without a renewal for their full length. */
export interface JobClaim {
  readonly holder: string;
  readonly kinds: readonly string[];
  /** Jobs that the claimer must not get, because its own earlier run of them is not over. */
  readonly except: readonly number[];
  readonly leaseMs: number;
  readonly attemptsMax: number;
  /** How long after its deadline a started job may still be claimed, so that it winds up. */
  readonly windUpMs: number;
  readonly seen: readonly SeenLease[];
}

/** A job for its claimer. `lateMs` as in `OpenJob`. */
export type ClaimedJob = JobRow & { readonly lateMs: number };

/**
 * Claims the oldest job that is free, or whose holder was watched long enough, and that no rival is claiming now. Raises its epoch. Null: there is
 * none.
 */
export async function claimJob(tx: Tx, claim: JobClaim): Promise<ClaimedJob | null> {
  const { holder, leaseMs, attemptsMax, windUpMs, seen } = claim;
  const kinds = JSON.stringify(claim.kinds);
  const except = JSON.stringify(claim.except);
  const row = await tx.one(sql<ClaimedJob>`
    with free as (
      select t.id from jobs t
      where t.ended_at is null and t.kind in (select jsonb_array_elements_text(${kinds}::jsonb)) and t.attempts < ${attemptsMax}
        and not ${except}::jsonb @> to_jsonb(t.id)
        and ${LATE_MS} < case when t.epoch = 0 then 0 else ${windUpMs} end
        and (t.state = 'waiting' and ${IS_READY} or t.state = 'running' and ${isExpired(leaseMs)} and ${isWatched(seen)})
      order by t.id limit 1 for update skip locked)
    update jobs t set state = 'running', epoch = t.epoch + 1, attempts = t.attempts + 1, lease_holder = ${holder},
      lease_until = clock_timestamp() + ${leaseMs} * interval '1 ms', updated_at = clock_timestamp()
    from free where t.id = free.id returning ${COLUMNS}, ${LATE_MS} as "lateMs"`);
  if (row === null) return null;
  const { id, kind, target, epoch } = row;
  const event = { subject: `job/${id}`, data: { kind, target, epoch, holder } };
  await storeEvents(tx, 'system:jobs', [{ kind: epoch === 1 ? 'job.started' : 'job.resumed', ...event }]);
  return row;
}

/** What a holder learns at a renewal. */
export type Renewed = HeldJob & { readonly isAbortWanted: boolean; readonly lateMs: number };

/** Renews leases, each only if the epoch is right. A job that is missing from the answer has another holder, or has ended. */
export function renewJobs(tx: Tx, held: readonly HeldJob[], leaseMs: number): Promise<Renewed[]> {
  return tx.all(sql<Renewed>`
    update jobs t set lease_until = clock_timestamp() + ${leaseMs} * interval '1 ms'
    from jsonb_to_recordset(${JSON.stringify(held)}::jsonb) as h (id int, epoch int)
    where t.id = h.id and t.epoch = h.epoch and t.state = 'running'
    returning t.id, t.epoch, t.abort_by is not null as "isAbortWanted", ${LATE_MS} as "lateMs"`);
}

/** How a holder gives a lease back before the job has ended. `isOrderly`: nothing failed, so the attempt does not count. */
export interface GivenBack extends HeldJob {
  readonly pauseMs: number;
  readonly isOrderly: boolean;
  /** Its progress from now on; null: unchanged. */
  readonly progress: string | null;
}

/** Gives a lease back. A region continues the job after the pause. False: it was no longer ours. */
export async function giveJobBack(tx: Tx, back: GivenBack): Promise<boolean> {
  const { id, epoch, pauseMs, isOrderly, progress } = back;
  const row = await tx.one(sql<{ kind: string; target: string }>`
    update jobs t set state = 'waiting', lease_holder = null, lease_until = null, progress = coalesce(${progress}, t.progress),
      attempts = t.attempts - ${isOrderly}::boolean::int, not_before = clock_timestamp() + ${pauseMs} * interval '1 ms',
      updated_at = clock_timestamp()
    where t.id = ${id} and t.epoch = ${epoch} and t.state = 'running' returning t.kind, t.target`);
  if (row === null) return false;
  const data = { ...row, epoch, isOrderly, ...(progress === null ? {} : { progress }) };
  await storeEvents(tx, 'system:jobs', [{ kind: 'job.given-back', subject: `job/${id}`, data }]);
  return true;
}
