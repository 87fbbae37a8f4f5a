import type { Database } from '../../store/database.ts';
import { purge } from '../../store/purge.ts';
import { reached, type Task } from './task.ts';

/** The purge of expired rows. It may be run at any time: the row in the database says whether it is due. */
export function createPurgeTask(db: Database, process: string): Task {
  return {
    name: 'purge',
    async run() {
      const purged = await reached(purge(db, process));
      const removed = Object.entries(purged ?? {}).filter(([, rows]) => rows > 0);
      return removed.length === 0 ? null : removed.map(([table, rows]) => `${rows} of ${table}`).join(', ');
    },
  };
}
