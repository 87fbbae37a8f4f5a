import type { ExecResult } from '../../core/host-values.ts';
import type { Metric } from '../kit/contract.ts';
import { factsOf } from './daemon.ts';

/** How far the archive is behind, and whether this node sees the store. */
export function metricsBackup(answers: readonly ExecResult[]): readonly Metric[] {
  const facts = factsOf(answers);
  if (facts === null) return [];
  const { store, archive } = facts;
  return [
    { name: 'archive_waiting', unit: 'count', value: archive.waiting },
    { name: 'archive_late', unit: 'seconds', value: archive.lateSeconds },
    ...(store === null
      ? []
      : [
          { name: 'is_store_reached', unit: 'count', value: store.why === null ? 1 : 0 } as const,
          { name: 'backups', unit: 'count', value: store.backups } as const,
        ]),
    ...(store?.newestAt ? [{ name: 'newest_backup_at', unit: 'seconds', value: store.newestAt } as const] : []),
  ];
}
