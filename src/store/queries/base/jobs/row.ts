import { sql } from 'kysely';
import type { JobState } from '../../../../contract/base/job.ts';
import { listPage, type ListPage, type PageQuery } from '../../../page.ts';
import type { Tx } from '../../../tx.ts';

/**
 * A job. Times ISO 8601 by the database's clock. `target`: its subject, as an operator says it; `targets`: what it holds alone while it is
 * unfinished. `epoch`: how often it was claimed; `attempts`: how often it was not given back in good order; `notBefore`: nobody claims it earlier;
 * `abortBy`: who requested its end; `progress`: a sentence; `result`: a sentence, null while it is unfinished.
 */
export interface JobRow {
  readonly id: number;
  readonly kind: string;
  readonly target: string;
  readonly targets: readonly string[];
  readonly payload: unknown;
  readonly caller: string;
  readonly state: JobState;
  readonly epoch: number;
  readonly leaseHolder: string | null;
  readonly leaseUntil: string | null;
  readonly attempts: number;
  readonly notBefore: string;
  readonly deadline: string;
  readonly abortBy: string | null;
  readonly progress: string;
  readonly checkpoint: unknown;
  readonly result: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly endedAt: string | null;
}

/** Columns of `jobs t`. */
export const COLUMNS = sql`t.id, t.kind, t.target, t.targets, t.payload, t.caller, t.state, t.epoch,
  t.lease_holder as "leaseHolder", t.lease_until as "leaseUntil", t.attempts, t.not_before as "notBefore", t.deadline, t.abort_by as "abortBy",
  t.progress, t.checkpoint, t.result, t.created_at as "createdAt", t.updated_at as "updatedAt", t.ended_at as "endedAt"`;

/** A job; null: there is none, or it was removed. */
export function findJob(tx: Tx, id: number): Promise<JobRow | null> {
  return tx.one(sql<JobRow>`select ${COLUMNS} from jobs t where t.id = ${id}`);
}

/** All filters are exact. `target`: what the job is about, or one of what it holds. */
export interface JobFilter extends PageQuery {
  readonly kind?: string | undefined;
  readonly target?: string | undefined;
  readonly state?: JobState | undefined;
  readonly isUnfinished?: boolean | undefined;
}

/** Jobs. Sorts: id. By default the newest first. */
export function listJobs(tx: Tx, query: JobFilter = {}): Promise<ListPage<JobRow>> {
  const { kind, target, state, isUnfinished } = query;
  const filters = [
    kind === undefined ? undefined : sql`t.kind = ${kind}`,
    target === undefined ? undefined : sql`(t.target = ${target} or ${target} = any (t.targets))`,
    state === undefined ? undefined : sql`t.state = ${state}`,
    isUnfinished === undefined ? undefined : sql`(t.ended_at is null) = ${isUnfinished}`,
  ];
  const id = sql`t.id`;
  return listPage(tx, { columns: COLUMNS, from: sql`jobs t`, id, sorts: { id }, defaultSort: '-id' }, filters, query);
}
