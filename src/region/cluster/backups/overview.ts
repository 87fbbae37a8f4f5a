import { listBackupDrills, listBackups, readBackupTarget } from '../../../store/queries/cluster/backups.ts';
import { readLastFailure } from '../../../store/queries/cluster/backup-jobs.ts';
import type { Tx } from '../../../store/tx.ts';
import type { BackupOverview } from '../site.ts';
import { brokenChecks, type DrillReport } from './compare.ts';
import { BACKUP_JOB } from './order.ts';

/** Reads what the doctor judges of backups. */
export async function readBackupOverview(tx: Tx): Promise<BackupOverview> {
  const target = await readBackupTarget(tx);
  if (target === null) return { target: null, newestAt: null, lastFailure: null, drill: null };
  const backups = await listBackups(tx);
  const [drill] = await listBackupDrills(tx, 1);
  const [newest] = backups;
  const report = drill?.report as DrillReport | undefined;
  return {
    target: { ...target, count: backups.length },
    newestAt: newest === undefined ? null : Date.parse(newest.stoppedAt),
    lastFailure: await readLastFailure(tx, BACKUP_JOB),
    drill:
      drill === undefined
        ? null
        : {
            label: drill.label,
            at: Date.parse(drill.at),
            isPassed: drill.isPassed,
            broken: brokenChecks({ checks: report?.checks ?? [] }),
          },
  };
}
