import type { ManagedService } from '../kit/contract.ts';
import { compileBackup, maskBackup } from './compile.ts';
import { activateBackup, BACKUP_COMMANDS, checkBackup, parseProbeBackup, probeBackup } from './daemon.ts';
import { BackupDesired } from './desired.ts';
import { metricsBackup } from './metrics.ts';
import { BACKUP_FILES, type BackupView, FOLDER, viewBackup } from './view.ts';

/** pgBackRest 2 on region nodes: backups of the database and the archive of its log (`ha/backup`). */
export const backup: ManagedService<BackupDesired, BackupView> = {
  name: 'backup',
  desired: BackupDesired,
  unit: 'regent-backup.service',
  version: { argv: ['/usr/bin/pgbackrest', 'version'], timeoutMs: 5000 },
  folder: FOLDER,
  commands: BACKUP_COMMANDS,
  users: ['postgres'],
  files: BACKUP_FILES,
  mask: maskBackup,
  compile: compileBackup,
  lint: () => [],
  view: viewBackup,
  check: checkBackup,
  activate: activateBackup,
  onRoleChange: () => ({ kind: 'none', why: 'pgBackRest finds out who the primary is at each backup' }),
  onCertificate: () => ({ kind: 'reload', why: "the certificate was renewed: pgBackRest's server reads it" }),
  probeEveryMs: 10_000,
  probe: probeBackup,
  parseProbe: parseProbeBackup,
  metrics: metricsBackup,
};
