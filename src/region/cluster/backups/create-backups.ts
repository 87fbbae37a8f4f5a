import type { Database } from '../../../store/database.ts';
import type { JobKind } from '../../base/jobs/kind.ts';
import type { Task } from '../../base/task.ts';
import type { CasePorts } from '../../base/use-case.ts';
import { pauseOf } from '../moves/create-moves.ts';
import { readSiteSnapshot } from '../moves/site-snapshot.ts';
import { createBackupJob } from './job.ts';
import { createBackupSchedule } from './schedule.ts';

/** Backups of a cluster: the job that works with the store, and the task that orders what is due. */
export type Backups = { readonly kind: JobKind; readonly schedule: Task };

/** Makes the backups of a region. */
export function createBackups(db: Database, ports: CasePorts): Backups {
  const readSite = async () => (await readSiteSnapshot(db, ports)).site;
  const { clock, random, ca, version, askAgent } = ports;
  return {
    kind: createBackupJob({ db, clock, random, ca, version, askAgent, readSite, wait: pauseOf }) as JobKind,
    schedule: createBackupSchedule({ db, clock, random }),
  };
}
