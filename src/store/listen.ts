import { backOffMs } from '../core/back-off.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Clock, Log, Random } from '../core/ports.ts';
import { type ConnectionSpec, clientConfig, DEFAULT_TIMEOUTS } from './connection.ts';
import { failureSentence, StandbyError } from './failure.ts';
import { type Aim, openFinder } from './pool/primary-finder.ts';

/** Why a listener wakes: a commit happened, or the session was away and anything may have happened. */
export type Wake =
  | { readonly kind: 'commit'; readonly event: number; readonly revision: number }
  | { readonly kind: 'reconnect' };

export interface ListenOptions {
  readonly connection: ConnectionSpec;
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Must not throw. A hint only: re-read everything, and poll every 5–10 s besides. */
  readonly onWake: (wake: Wake) => void;
}

export interface DatabaseListener {
  /** Is the session up? */
  isConnected(): boolean;
  close(): Promise<void>;
}

const HEARTBEAT_MS = 2000;
const HEARTBEAT_TIMEOUT_MS = 3000;
/** How long finding the primary among several servers may take at a time. */
const FIND_MS = 5000;
const BACK_OFF = { firstMs: 100, mostMs: 2000 } as const;

/**
 * Keeps a session that listens for commits: on a verified primary only, with a heartbeat inside the session that finds a silently dead connection. It
 * comes back for ever, with growing, jittered pauses.
 */
export function listen(options: ListenOptions): DatabaseListener {
  const stop = new AbortController();
  let current: pg.Client | null = null;
  let isConnected = false;
  let aim: Aim | null = null;
  const timeouts = { ...DEFAULT_TIMEOUTS, queryMs: HEARTBEAT_TIMEOUT_MS };
  const name = `${options.name} listen`;
  const finder = openFinder({ ...options, name, timeouts });

  const session = async (): Promise<void> => {
    aim = finder === null ? null : await finder.choose(FIND_MS);
    const client = new pg.Client(aim ?? clientConfig(options.connection, timeouts, name));
    current = client;
    const broken = Promise.withResolvers<never>();
    broken.promise.catch(() => {});
    client.on('error', (error) => broken.reject(error));
    client.on('end', () => broken.reject(new Error('Connection terminated')));
    client.on('notification', ({ payload }) => options.onWake(parseWake(payload)));
    await client.connect();
    await beat(client);
    await client.query('listen regent');
    isConnected = true;
    options.onWake({ kind: 'reconnect' });
    while (!stop.signal.aborted) {
      await Promise.race([sleep(HEARTBEAT_MS, undefined, { signal: stop.signal }), broken.promise]);
      await beat(client);
    }
  };

  const keep = async (): Promise<void> => {
    let failures = 0;
    while (!stop.signal.aborted) {
      try {
        await session();
      } catch (error) {
        if (aim !== null) finder?.doubt(aim);
        failures = isConnected ? 0 : failures + 1;
        if (!stop.signal.aborted && failures <= 1)
          options.log.warn('listening for commits was interrupted', { why: failureSentence(error) });
      }
      isConnected = false;
      // Not awaited: a dead peer never says goodbye.
      void current?.end().catch(() => {});
      await sleep(backOffMs(failures, BACK_OFF, options.random), undefined, { signal: stop.signal }).catch(() => {});
    }
  };

  const running = keep();
  return {
    isConnected: () => isConnected,
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

async function beat(client: pg.Client): Promise<void> {
  const result = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby');
  if (result.rows[0]?.standby !== false) throw new StandbyError();
}

function parseWake(payload: string | undefined): Wake {
  const match = /^\{"event" : (\d+), "revision" : (\d+)\}$/.exec(payload ?? '');
  return match ? { kind: 'commit', event: Number(match[1]), revision: Number(match[2]) } : { kind: 'reconnect' };
}
