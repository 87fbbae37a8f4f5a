import { setTimeout as delay } from 'node:timers/promises';
import { AppError, sentenceOf } from '../../core/errors.ts';
import type { TrustedConnection } from './connections.ts';
import { type RegionAnswer, type RegionCall, type Headers, sendTwice } from './send.ts';

/** Where a region stands among those that a call may try. */
export type RegionAttempt = { readonly isLast: boolean; readonly hasOthers: boolean };

/** A region that does not answer so long is given up while there is another one. */
const SILENT_MS = 3_000;
/** While a call waits at a region, the agent checks at these intervals that the region still lives. */
const LIFE_EVERY_MS = 1_200;
const LIFE: RegionCall = { method: 'GET', path: '/health/live', body: undefined, timeoutMs: 2_000 };

/** Asks one region; while there are others, a silent one is noticed soon. Throws what the connection failed with, or why it was given up. */
export async function ask(
  connection: TrustedConnection,
  what: RegionCall,
  attempt: RegionAttempt,
  headers: () => Headers,
): Promise<RegionAnswer> {
  if (what.method === 'POST') {
    const timeoutMs = attempt.isLast ? what.timeoutMs : Math.min(what.timeoutMs, SILENT_MS);
    const signal = what.signal ? AbortSignal.any([connection.inUse.signal, what.signal]) : connection.inUse.signal;
    return await sent(connection, { ...what, timeoutMs }, headers, signal);
  }
  const dead = new AbortController();
  const done = new AbortController();
  if (attempt.hasOthers) void watchLife(connection, dead, done.signal);
  try {
    return await sent(connection, what, headers, AbortSignal.any([connection.inUse.signal, dead.signal]));
  } finally {
    done.abort();
  }
}

async function sent(
  connection: TrustedConnection,
  what: RegionCall,
  headers: () => Headers,
  signal: AbortSignal,
): Promise<RegionAnswer> {
  try {
    return await sendTwice(connection, what, headers, signal);
  } catch (error) {
    throw signal.aborted && signal.reason instanceof Error ? signal.reason : error;
  }
}

/** A pull may wait long; a host without power or a process that hangs would be noticed only at its end. */
async function watchLife(connection: TrustedConnection, dead: AbortController, done: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await delay(LIFE_EVERY_MS, undefined, { signal: done });
      await sendTwice(connection, LIFE, () => ({}), AbortSignal.any([done, connection.inUse.signal]));
    }
  } catch (error) {
    if (done.aborted) return;
    const reason = error instanceof AppError ? error.message : `${connection.target.url}: ${sentenceOf(error)}`;
    dead.abort(new AppError('region_unreachable', reason));
  }
}
