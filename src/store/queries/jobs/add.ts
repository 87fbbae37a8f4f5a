import { sql } from 'kysely';
import { type Rejected, rejected } from '../../../core/errors.ts';
import type { WriteTx } from '../../write.ts';
import { COLUMNS, findJob, type JobRow } from './row.ts';

/** A job as it is asked for. */
export interface NewJob {
  /** Name of its kind: a–z and 0–9, words joined by "-". */
  readonly kind: string;
  /** What it is about, as an operator says it: a node's name. */
  readonly target: string;
  /** What its kind's `parse` reads; no secrets. At most 64 KiB. */
  readonly payload: unknown;
  /** Counted from now by the database's clock. */
  readonly deadlineSeconds: number;
  /** At most one unfinished job of these: what moves the database, the floating address or regions. */
  readonly isExclusive: boolean;
  /** User's name, or `system:<task>`. */
  readonly caller: string;
}

/** Adds a job in the transaction of whoever asks for it. Refused: it is exclusive, and one of those is unfinished. */
export async function addJob(tx: WriteTx, job: NewJob): Promise<JobRow | Rejected> {
  const { kind, target, payload, deadlineSeconds, isExclusive, caller } = job;
  const row = await tx.one(sql<JobRow>`
    insert into jobs as t (kind, target, payload, is_exclusive, caller, deadline)
    values (${kind}, ${target}, ${JSON.stringify(payload ?? null)}::jsonb, ${isExclusive}, ${caller},
      clock_timestamp() + make_interval(secs => ${deadlineSeconds}))
    on conflict ((true)) where is_exclusive and ended_at is null do nothing returning ${COLUMNS}`);
  if (row === null) return rejected('conflict', await busySentence(tx));
  tx.emit({ kind: 'job.added', subject: `job/${row.id}`, data: { kind, target } });
  return row;
}

async function busySentence(tx: WriteTx): Promise<string> {
  const open = await tx.one(sql<{ id: number }>`select id from jobs where is_exclusive and ended_at is null`);
  const job = open && (await findJob(tx, open.id));
  const which = job ? `Job ${job.id} (${job.kind} ${job.target}) is ${job.state}` : 'Another one has only just ended';
  return `${which}. Rule: switchovers, drains, rolling restarts and drills go one at a time; wait for it, or end it with "regent job abort${job ? ` ${job.id}` : ''}".`;
}
