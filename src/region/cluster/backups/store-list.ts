import { parseStoredBackups } from '../../../contract/cluster/backup-order.ts';
import type { BackupRow } from '../../../store/queries/cluster/backups.ts';

/** The list of a store, as a node's `regent-backup.service` reports it; null: there is none, or it is of another release. */
export function parseStoreList(value: unknown): Omit<BackupRow, 'verifiedAt'>[] | null {
  const timeOf = (seconds: number) => new Date(seconds * 1000).toISOString();
  const backups = parseStoredBackups(value);
  if (backups === null) return null;
  return backups.map(({ notes, startedAt, stoppedAt, ...one }) => ({
    ...one,
    startedAt: timeOf(startedAt),
    stoppedAt: timeOf(stoppedAt),
    node: notes['by'] ?? null,
    release: notes['release'] ?? null,
  }));
}
