import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { sentenceOf } from '../../../core/errors.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import { holdsUntil, type LeaseNews, type Renewer } from '../../../region/base/jobs/renewal.ts';
import type { ConnectionSpec } from '../../../store/connection.ts';
import { type RenewalOrder, sharedNow, toShared, type ThreadMessage } from './message.ts';

/** What the thread is opened with. `clock`: that of the runner; any that never steps. */
export interface RenewalThreadOptions {
  readonly connection: ConnectionSpec;
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How long the thread waits for the next lease before it ends, ms. */
  readonly idleMs?: number;
}

const CLOSE_MS = 1500;
/** A thread costs some 40 MB. */
const IDLE_MS = 30_000;

/**
 * Renews leases in a thread of its own, there only while there are jobs: most regions run none for days. Until when a lease holds is in memory that both
 * threads see, so that this one, however late it reads, sees what the other has done meanwhile.
 */
export function openRenewalThread(options: RenewalThreadOptions): Renewer {
  const { connection, name, clock, log, idleMs = IDLE_MS } = options;
  const listeners = new Map<number, (news: LeaseNews) => void>();
  const offset = clock.monotonic() - sharedNow();
  let worker: Worker | null = null;
  let ending: Promise<void> | null = null;
  /** Orders for the next thread, while the last one ends. */
  const waiting: RenewalOrder[] = [];
  let places = 0;
  let idle: ReturnType<typeof setTimeout> | undefined;

  const handleMessage = (message: ThreadMessage) => {
    if (message.kind === 'log') return log.debug(message.message, message.fields);
    const { news } = message;
    const here = news.kind === 'renewed' ? { ...news, holdsUntil: news.holdsUntil + offset } : news;
    return listeners.get(message.place)?.(here);
  };
  const open = (): Worker => {
    const opened = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { connection, name } });
    opened.on('message', handleMessage);
    // Its leases are renewed no more: their holders stop by their own clocks, and the next job gets a new thread.
    opened.on('error', (error) => log.error('the thread that renews leases failed', { error: sentenceOf(error) }));
    opened.on('exit', () => {
      if (worker === opened) worker = null;
    });
    opened.unref();
    return opened;
  };
  const order = (what: RenewalOrder) => {
    // Node may crash when a thread starts while another one ends (nodejs/node issue 56312).
    if (ending !== null) return void waiting.push(what);
    worker ??= open();
    worker.postMessage(what);
  };
  const end = (): Promise<void> => {
    clearTimeout(idle);
    // Nothing is to begin after it.
    waiting.length = 0;
    if (worker === null) return ending ?? Promise.resolve();
    const last = worker;
    worker = null;
    ending = endThread(last).finally(() => {
      ending = null;
      for (const what of waiting.splice(0)) order(what);
    });
    return ending;
  };
  return {
    keep(held, requestedAt, onNews) {
      clearTimeout(idle);
      places += 1;
      const place = places;
      const until = new BigInt64Array(new SharedArrayBuffer(8));
      Atomics.store(until, 0, toShared(holdsUntil(requestedAt) - offset));
      listeners.set(place, onNews);
      order({ kind: 'keep', place, held, requestedAt: requestedAt - offset, until });
      return {
        holdsUntil: () => Number(Atomics.load(until, 0)) / 1e6 + offset,
        drop: () => {
          if (!listeners.delete(place)) return;
          const queued = waiting.findIndex((what) => what.kind === 'keep' && what.place === place);
          if (queued >= 0) waiting.splice(queued, 1);
          else worker?.postMessage({ kind: 'drop', place } satisfies RenewalOrder);
          if (listeners.size === 0) idle = setTimeout(() => void end(), idleMs).unref();
        },
      };
    },
    close: end,
  };
}

/** Asks a thread to end, and ends it when it has not within its time. */
async function endThread(thread: Worker): Promise<void> {
  const exit = new Promise<void>((done) => {
    thread.once('exit', () => done());
  });
  thread.postMessage({ kind: 'close' } satisfies RenewalOrder);
  await Promise.race([exit, sleep(CLOSE_MS, undefined, { ref: false })]);
  await thread.terminate();
}
