import type { Clock } from '../../core/ports.ts';
import type { Database } from '../../store/database.ts';
import { expireLeases, hasDueLeases } from '../../store/queries/networks/lease-reports.ts';
import { reached, type Task } from '../base/task.ts';

/** A round's database calls end by then. */
const DEADLINE_MS = 5000;
/**
 * After a start agents get this much time to report renewals while no region listened: names must not go and come back.
 */
const PATIENCE_MS = 10_000;

/**
 * Ends leases that have run out: their names go, watchers get the event, the commit wakes the publisher. Runs on every region; each
 * lease is ended once.
 */
export function createLeaseTask(db: Database, clock: Clock): Task {
  const startedAt = clock.monotonic();
  return {
    name: 'leases',
    async run() {
      if (clock.monotonic() - startedAt < PATIENCE_MS) return null;
      if (!(await reached(db.autocommitRead(hasDueLeases, { deadlineMs: DEADLINE_MS })))) return null;
      const ended = await reached(db.repeatable(expireLeases, { deadlineMs: DEADLINE_MS }));
      return ended > 0 ? `${ended} leases ran out` : null;
    },
  };
}
