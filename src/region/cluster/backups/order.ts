import { type BackupOrder, type BackupVerb, parseBackupOrder } from '../../../contract/cluster/backup-order.ts';
import { AppError } from '../../../core/errors.ts';
import { addJob } from '../../../store/queries/base/jobs/add.ts';
import type { WriteTx } from '../../../store/write.ts';

/** Kind of the jobs that touch the store. */
export const BACKUP_JOB = 'backup';

/** How long each may take, s. */
const DEADLINES_S: Readonly<Record<BackupVerb, number>> = {
  prepare: 600,
  create: 6 * 3600,
  verify: 6 * 3600,
  delete: 900,
  drill: 3 * 3600,
};

/** Adds a job with the store: it has one at a time. `caller`: who wants it. */
export const addBackupJob = (tx: WriteTx, order: BackupOrder, caller: string) =>
  addJob(tx, {
    kind: BACKUP_JOB,
    target: order.verb,
    payload: order,
    deadlineSeconds: DEADLINES_S[order.verb],
    targets: ['backup'],
    caller,
  });

/** The payload of a job. */
export function parseOrder(payload: unknown): BackupOrder {
  const order = parseBackupOrder(payload);
  if (order === null) throw new AppError('job', 'the order of a backup job is of another release');
  return order;
}
