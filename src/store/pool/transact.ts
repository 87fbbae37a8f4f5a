import type pg from 'pg';
import { accept, AppError } from '../../core/errors.ts';
import { lockLimitMs, placeOf, serverOfClient } from '../connection.ts';
import { type Phase, ReadOnlyError, StandbyError, UnprovenCommitError } from '../failure.ts';
import type { Sealer } from '../../core/seal.ts';
import { type LiveTx, type StoredPlans, type Tx, txOf } from '../tx.ts';

/** How a transaction starts and ends. `repeatable read` sees one moment; a write re-reads rows for which it waited. */
export interface Mode {
  /** Null: no transaction, each statement is its own. */
  readonly begin: string | null;
  readonly end: 'commit' | 'rollback';
  readonly isReadOnly: boolean;
}

/** What `transact` does on a connection. */
interface TransactionWork<T> {
  readonly mode: Mode;
  readonly body: (tx: Tx) => Promise<T>;
  readonly timeoutMs: () => number;
  /** How long the first answer may take, ms. */
  readonly beginMs: number;
  readonly position: { phase: Phase };
  readonly isProven: boolean;
  /** The server has reported that it is one. */
  readonly onPrimary: () => void;
  readonly plans: StoredPlans;
  readonly sealer: Sealer;
  /** Of `serverLimits`. */
  readonly serverLimits: string;
}

type Proof = { readonly standby: boolean; readonly isReadOnly: boolean };

const PROOF = `select pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as "isReadOnly"`;

/** Runs the body in a transaction on this connection. Throws what the database or the body throws; `position` has the phase of the failure. */
export async function transact<T>(client: pg.PoolClient, work: TransactionWork<T>): Promise<T> {
  const warnings: string[] = [];
  const onNotice = (notice: { severity?: string | undefined; message?: string | undefined }) => {
    if (work.position.phase === 'commit' && notice.severity === 'WARNING') warnings.push(notice.message ?? '');
  };
  client.on('notice', onNotice);
  try {
    await begin(client, work);
    work.position.phase = 'body';
    const live = txOf(client, work.timeoutMs, work.sealer, work.plans);
    const value = accept(await settled(live, work.body));
    if (!work.mode.isReadOnly && work.mode.end === 'commit') work.position.phase = 'commit';
    await end(client, work, warnings);
    return value;
  } finally {
    client.off('notice', onNotice);
  }
}

async function settled<T>(live: LiveTx, body: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await body(live.tx);
  } finally {
    await live.end();
  }
}

/** One round trip: BEGIN, and the proof that this is a primary, which takes writes if there are to be any. */
async function begin<T>(client: pg.PoolClient, work: TransactionWork<T>): Promise<void> {
  if (work.mode.begin === null && work.isProven) return;
  const { begin: opening } = work.mode;
  const text = opening === null ? `select 1; ${PROOF}` : `${opening}; ${PROOF}${work.serverLimits}`;
  const results = await client.query({ text, query_timeout: work.beginMs } as pg.QueryConfig);
  const rows = (results as unknown as readonly pg.QueryResult<Proof>[])[1]?.rows;
  if (rows?.[0]?.standby !== false) throw new StandbyError();
  if (!work.mode.isReadOnly && rows[0].isReadOnly) throw new ReadOnlyError(placeOf(serverOfClient(client)));
  work.onPrimary();
}

async function end<T>(client: pg.PoolClient, work: TransactionWork<T>, warnings: readonly string[]): Promise<void> {
  if (work.mode.begin === null) return;
  const result = await client.query({ text: work.mode.end, query_timeout: work.timeoutMs() } as pg.QueryConfig);
  if (work.position.phase !== 'commit') return;
  // A ROLLBACK as the answer to COMMIT means that an error had ended the transaction and the body swallowed it.
  if (result.command !== 'COMMIT') throw new AppError('database', 'a transaction went on after an error in it');
  // A cancelled wait for the synchronous standby arrives as success with a warning.
  if (warnings.length > 0) throw new UnprovenCommitError(warnings.join('; '));
}

/**
 * Statements that set the server's limits for one transaction; '' if those of the session do. `queryMs`: how long a
 * statement of this call may take, `usualMs`: for what the session's limits are, `leftMs`: until the call's deadline.
 * The server ends a statement a moment after its client gave up, and a wait for a lock a moment before.
 */
export function serverLimits(queryMs: number, usualMs: number, leftMs: number): string {
  const ofStatements = queryMs > usualMs ? `; set local statement_timeout = ${queryMs + 1000}` : '';
  const mostMs = Math.min(queryMs, leftMs);
  return mostMs === usualMs ? ofStatements : `${ofStatements}; set local lock_timeout = ${lockLimitMs(mostMs)}`;
}
