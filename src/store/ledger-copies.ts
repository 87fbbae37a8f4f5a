import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type ConnectionSpec, clientConfig, DEFAULT_TIMEOUTS } from './connection.ts';

/** How long a database may take to answer, and to replay what the primary had, ms. */
const PATIENCE_MS = 30_000;
const POLL_MS = 250;
const NAME = 'regiond drill';

/**
 * The numbers of a drill's ledger in each node's own PostgreSQL, past the balancer, once it has replayed what the primary had at the question: a
 * commit waits until standbys have it, not until they show it. A database that does not get there in time shows what it has. One that does not answer
 * in time is left out. `primary`: how to reach the primary; `hosts`: each node's own database.
 */
export async function readLedgerCopies(
  primary: ConnectionSpec,
  hosts: Readonly<Record<string, ConnectionSpec>>,
  ledger: string,
  patienceMs: number = PATIENCE_MS,
): Promise<Record<string, number[]>> {
  const until = performance.now() + patienceMs;
  const position = await patiently(until, () =>
    ask<{ lsn: string }>(primary, 'select pg_current_wal_lsn()::text as lsn', []),
  );
  const lsn = position?.[0]?.lsn ?? null;
  const copies = await Promise.all(
    Object.entries(hosts).map(async ([host, spec]) => [host, await copyOf(spec, { ledger, lsn, until })] as const),
  );
  return Object.fromEntries(copies.flatMap(([host, numbers]) => (numbers === null ? [] : [[host, numbers]])));
}

interface LedgerQuery {
  readonly ledger: string;
  /** Null: the primary did not answer. */
  readonly lsn: string | null;
  /** Of `performance.now`. */
  readonly until: number;
}

async function copyOf(spec: ConnectionSpec, { ledger, lsn, until }: LedgerQuery): Promise<number[] | null> {
  const hasReplayed = `select not pg_is_in_recovery() or pg_last_wal_replay_lsn() >= $1::pg_lsn as "isThere"`;
  while (lsn !== null && performance.now() < until) {
    const rows = await ask<{ isThere: boolean }>(spec, hasReplayed, [lsn]).catch(() => []);
    if (rows[0]?.isThere === true) break;
    await sleep(POLL_MS);
  }
  const numbers = 'select number from drill_ledger where run = $1::uuid order by number';
  const rows = await patiently(until, () => ask<{ number: number }>(spec, numbers, [ledger]));
  return rows?.map(({ number }) => number) ?? null;
}

/** At least once; null when every try failed. */
async function patiently<T>(until: number, work: () => Promise<T>): Promise<T | null> {
  for (;;) {
    try {
      return await work();
    } catch {
      if (performance.now() >= until) return null;
      await sleep(POLL_MS);
    }
  }
}

/** On a connection of its own, because the pool refuses standbys. */
async function ask<R extends pg.QueryResultRow>(spec: ConnectionSpec, text: string, values: unknown[]): Promise<R[]> {
  const client = new pg.Client(clientConfig(spec, DEFAULT_TIMEOUTS, NAME));
  // What breaks off rejects the query.
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<R>(text, values)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}
