import { type BackupOrder, type BackupVerb, parseBackupOrder } from '../../../contract/cluster/backup-order.ts';
import { AppError } from '../../../core/errors.ts';

/** Kind of the jobs that touch the store. */
export const BACKUP_JOB = 'backup';

/** How long each may take, s. */
export const DEADLINES_S: Readonly<Record<BackupVerb, number>> = {
  prepare: 600,
  create: 6 * 3600,
  verify: 6 * 3600,
  delete: 900,
  drill: 3 * 3600,
};

/** The payload of a job. */
export function parseOrder(payload: unknown): BackupOrder {
  const order = parseBackupOrder(payload);
  if (order === null) throw new AppError('job', 'the order of a backup job is of another release');
  return order;
}
