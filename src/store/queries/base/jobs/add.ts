import { sql } from 'kysely';
import { CLUSTER_TARGET } from '../../../../contract/base/job.ts';
import { type Rejected, rejected } from '../../../../core/errors.ts';
import type { Tx } from '../../../tx.ts';
import type { WriteTx } from '../../../write.ts';
import { COLUMNS, findJob, type JobRow } from './row.ts';

/** A new job. */
export interface NewJob {
  /** Name of its kind: a–z and 0–9, parts joined by "-". */
  readonly kind: string;
  /** Its subject, as an operator says it: a node's name. */
  readonly target: string;
  /** The input of its kind's `parse`; no secrets. At most 64 KiB. */
  readonly payload: unknown;
  /** Counted from now by the database's clock. */
  readonly deadlineSeconds: number;
  /**
   * The targets that it holds alone while it is unfinished, such as `machine:7`, `bmc:3`; `cluster` for moves of the database, the floating address
   * or regions. At most 64.
   */
  readonly targets: readonly string[];
  /** User's name, or `system:<task>`. */
  readonly caller: string;
}

/**
 * Adds a job in the caller's transaction. Refused if another unfinished job holds one of its targets. A refusal leaves nothing in the transaction,
 * which may go on.
 */
export async function addJob(tx: WriteTx, job: NewJob): Promise<JobRow | Rejected> {
  const { kind, target, payload, deadlineSeconds, caller } = job;
  const targets = JSON.stringify([...new Set(job.targets)].sort());
  // An earlier release has this rule in a unique index. A job that violates it is not added.
  const row = await tx.one(sql<JobRow>`
    insert into jobs as t (kind, target, targets, payload, is_exclusive, caller, deadline)
    values (${kind}, ${target}, array(select jsonb_array_elements_text(${targets}::jsonb)), ${JSON.stringify(payload ?? null)}::jsonb, false, ${caller},
      clock_timestamp() + make_interval(secs => ${deadlineSeconds}))
    on conflict do nothing returning ${COLUMNS}`);
  if (row !== null) {
    const held = await tx.one(
      sql<{ count: number }>`select count(*)::int as count from job_targets where job_id = ${row.id}`,
    );
    if (held?.count === row.targets.length) {
      tx.emit({ kind: 'job.added', subject: `job/${row.id}`, data: { kind, target } });
      return row;
    }
  }
  const refusal = rejected('conflict', await busySentence(tx, targets, row?.id ?? 0));
  if (row !== null) await tx.run(sql`delete from jobs where id = ${row.id}`);
  return refusal;
}

/** Which job holds one of the targets; `except`: the one that was refused. */
async function busySentence(tx: WriteTx, targets: string, except: number): Promise<string> {
  const held = await tx.one(sql<{ id: number; target: string }>`
    select job_id as id, target from job_targets
    where target in (select jsonb_array_elements_text(${targets}::jsonb)) and job_id <> ${except} order by target limit 1`);
  const job = held && (await findJob(tx, held.id));
  if (!job) return 'Another job with the same target ended at this moment. Try again.';
  const which = `Job ${job.id} (${job.kind} ${job.target}) is ${job.state} and holds the target ${held.target}`;
  const rule =
    held.target === CLUSTER_TARGET
      ? 'switchovers, drains, rolling restarts and drills run one at a time'
      : 'a target has at most one unfinished job';
  return `${which}. Rule: ${rule}; wait for that job, or end it with "regent job abort ${job.id}".`;
}

/** Has a job of this kind ended within the last `seconds`, or not at all yet? */
export async function hasLately(tx: Tx, kind: string, seconds: number): Promise<boolean> {
  const row = await tx.one(sql<{ has: boolean }>`
    select exists (select from jobs where kind = ${kind}
      and (ended_at is null or ended_at > clock_timestamp() - make_interval(secs => ${seconds}))) as has`);
  return row?.has === true;
}

/** The refusal of a change that an unfinished job forbids: it holds this target. Null: none does. */
export async function heldBy(tx: Tx, target: string, what: string): Promise<Rejected | null> {
  const held = await tx.one(sql<{ id: number }>`select job_id as id from job_targets where target = ${target}`);
  const job = held && (await findJob(tx, held.id));
  if (!job) return null;
  const which = `Job ${job.id} (${job.kind} ${job.target}) is ${job.state} and holds the target ${target}`;
  return rejected(
    'in_use',
    `${which}. Rule: ${what} while no job works on the target; wait for the job, or end it with "regent job abort ${job.id}".`,
  );
}
