import type { BackupOrder, BackupVerb } from '../../../contract/cluster/backup-order.ts';
import { isRejected } from '../../../core/errors.ts';
import type { Random } from '../../../core/ports.ts';
import type { Database } from '../../../store/database.ts';
import type { BackupRow, BackupTargetRow } from '../../../store/queries/cluster/backups.ts';
import { listBackupDrills, listBackups, readBackupTarget } from '../../../store/queries/cluster/backups.ts';
import { readArchiveGap, readLastEnds } from '../../../store/queries/cluster/backup-jobs.ts';
import { write } from '../../../store/write.ts';
import { reached, type Task } from '../../base/task.ts';
import { addBackupJob, BACKUP_JOB } from './order.ts';

const HOUR_MS = 3_600_000;
/** After a task that failed the same task waits this long, ms. */
const AGAIN_MS = { prepare: 60_000, create: 900_000, drill: 6 * HOUR_MS } as const;

/** What is known when it is decided what is due. Times in ms. */
export interface DueInputs {
  readonly now: number;
  readonly target: BackupTargetRow | null;
  readonly backups: readonly Pick<BackupRow, 'type' | 'stoppedAt'>[];
  /** When the last drill was; null: never. */
  readonly drilledAt: number | null;
  /** When the last job of each kind ended, and whether it failed. */
  readonly lastEnds: Readonly<Partial<Record<BackupVerb, { readonly at: number; readonly isFailed: boolean }>>>;
  /** When a segment of the log was given up last, or the database was restored; null: never. Backups from before do not reach beyond it. */
  readonly gapAt: number | null;
}

/** What is to be done with the store now; null: nothing. Pure. */
export function dueOrder({ now, target, backups, drilledAt, lastEnds, gapAt }: DueInputs): BackupOrder | null {
  if (target === null) return null;
  const mayTry = (verb: keyof typeof AGAIN_MS) => {
    const last = lastEnds[verb];
    return last === undefined || !last.isFailed || now - last.at >= AGAIN_MS[verb];
  };
  if (target.preparedAt === null) return mayTry('prepare') ? { verb: 'prepare' } : null;
  const ageOf = (rows: DueInputs['backups']) =>
    rows.length === 0 ? Infinity : now - Math.max(...rows.map(({ stoppedAt }) => Date.parse(stoppedAt)));
  const isDue = (every: number, age: number) => every > 0 && age >= every * HOUR_MS;
  if (mayTry('create')) {
    if (isDue(target.fullEvery, ageOf(backups.filter(({ type }) => type === 'full'))))
      return { verb: 'create', type: 'full' };
    // Without the segment that was given up, no moment after it can be restored from an earlier backup.
    const hasGap = gapAt !== null && backups.length > 0 && now - gapAt < ageOf(backups);
    if (isDue(target.incrementalEvery, ageOf(backups)) || (hasGap && target.incrementalEvery > 0))
      return { verb: 'create', type: 'incr' };
  }
  const sinceDrill = drilledAt === null ? Infinity : now - drilledAt;
  return backups.length > 0 && isDue(target.drillEvery, sinceDrill) && mayTry('drill') ? { verb: 'drill' } : null;
}

interface SchedulePorts {
  readonly db: Database;
  readonly random: Pick<Random, 'hex'>;
  readonly clock: { now(): number };
}

/** Orders what is due. Every region may; a store has one job at a time, so one of them does it. */
export function createBackupSchedule({ db, random, clock }: SchedulePorts): Task {
  return {
    name: 'backup schedule',
    async run() {
      const read = await reached(
        db.read(async (tx) => ({
          target: await readBackupTarget(tx),
          backups: await listBackups(tx),
          drills: await listBackupDrills(tx, 1),
          ends: await readLastEnds(tx, BACKUP_JOB),
          gapAt: await readArchiveGap(tx),
        })),
      );
      if (read.target === null || read.ends.isBusy) return null;
      const order = dueOrder({
        now: clock.now(),
        target: read.target,
        backups: read.backups,
        drilledAt: read.drills[0] === undefined ? null : Date.parse(read.drills[0].at),
        lastEnds: read.ends.lastEnds,
        gapAt: read.gapAt,
      });
      if (order === null) return null;
      const operation = {
        key: `backup-${random.hex(12)}`,
        requestDigest: order.verb,
        actor: 'system:backup',
        origin: 'task',
        summary: `backup ${order.verb}`,
      };
      const added = await write(db, operation, async (tx) => {
        const row = await addBackupJob(tx, order, operation.actor);
        return isRejected(row) ? row : { status: 202, body: null };
      });
      return isRejected(added) ? null : `a job was added: ${order.verb}`;
    },
  };
}
