import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../../core/errors.ts';
import type { Log } from '../../../core/ports.ts';
import { createRenewer, type HeldLease, type LeaseNews } from '../../../region/base/jobs/renewal.ts';
import { LEASE_MS } from '../../../region/base/jobs/limits.ts';
import { reached } from '../../../region/base/task.ts';
import { Database } from '../../../store/database.ts';
import { renewJobs } from '../../../store/queries/base/jobs/lease.ts';
import { systemRandom } from '../../process.ts';
import { type RenewalOrder, sharedNow, type ThreadStart, toShared, type ThreadMessage } from './message.ts';

/**
 * The thread that renews leases of jobs: whatever the region computes meanwhile, a lease is not lost for it. It has a connection of its own, through the
 * store's helper.
 */
function work(port: NonNullable<typeof parentPort>, { connection, name }: ThreadStart): void {
  const say = (message: ThreadMessage) => port.postMessage(message);
  const sendLog = (message: string, fields = {}) => say({ kind: 'log', message, fields });
  const log: Log = { debug: sendLog, info: sendLog, warn: sendLog, error: sendLog, with: () => log };
  const clock = { now: () => Date.now(), monotonic: sharedNow };
  const db = new Database({ connection, name, clock, random: systemRandom(), log, poolSize: 1 });
  const renewer = createRenewer({
    clock,
    log,
    // A try that hangs must leave time for another one.
    renew: (held) =>
      reached(
        db.repeatable((tx) => renewJobs(tx, held, LEASE_MS), { deadlineMs: LEASE_MS / 4, queryMs: LEASE_MS / 5 }),
      ),
  });
  const leases = new Map<number, HeldLease>();
  port.on('message', (order: RenewalOrder) => {
    if (order.kind === 'keep') {
      const { place, held, requestedAt, until } = order;
      const onNews = (news: LeaseNews) => {
        Atomics.store(until, 0, news.kind === 'renewed' ? toShared(news.holdsUntil) : 0n);
        say({ kind: 'news', place, news });
      };
      leases.set(place, renewer.keep(held, requestedAt, onNews));
    } else if (order.kind === 'drop') {
      leases.get(order.place)?.drop();
      leases.delete(order.place);
    } else {
      void renewer
        .close()
        .then(() => db.close(1000))
        .finally(() => port.close());
    }
  });
}

if (isMainThread || parentPort === null) throw new AppError('internal', 'this file is a thread of regiond');
work(parentPort, workerData as ThreadStart);
