import type { RawBuilder } from 'kysely';
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import type { ClientBase } from 'pg';
import { textDigest } from '../core/stable-json.ts';
import { AppError, RejectedError } from '../core/errors.ts';
import { refusalOf } from './constraints.ts';
import type { Sealer } from '../core/seal.ts';

/**
 * A transaction for the query files. Queries are kysely's `sql` templates: every value becomes a parameter. A broken constraint throws
 * `RejectedError` with the operator's sentence; then the transaction is over.
 */
export interface Tx {
  /** All rows. */
  all<R>(query: RawBuilder<R>): Promise<R[]>;
  /** The first row, null without one. */
  one<R>(query: RawBuilder<R>): Promise<R | null>;
  /** Runs a statement; gives the number of rows that it touched. */
  run(query: RawBuilder<unknown>): Promise<number>;
  /** Of this process. */
  readonly sealer: Sealer;
}

/** kysely only turns templates into text and parameters here: it never has a connection. */
const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/**
 * Statements whose plans the server stores. `names`: of prepared statements, by text. `after`: how many runs of a statement
 * in its transaction go without: 0 names each, more leave the statements of short transactions as they are.
 */
export type StoredPlans = { readonly names: Map<string, string>; readonly after: number };

/**
 * A `Tx` with its end: after `end()`, or after an error in a transaction, it refuses queries, so that none reaches a connection that others use by
 * then. `end` waits for a running query.
 */
export type LiveTx = { readonly tx: Tx; end(): Promise<void> };

/**
 * Makes a `Tx` over one connection. It asks `timeoutMs` before each query, so that one deadline bounds all of them. Simultaneous queries run one
 * after the other. With `plans` the server stores the plans of statements for the connection's life, which saves more than half of a short query's
 * time.
 */
export function txOf(
  client: ClientBase,
  timeoutMs: () => number,
  sealer: Sealer,
  plans: StoredPlans | null = null,
): LiveTx {
  let isOver = false;
  const runs = new Map<string, number>();
  let last: Promise<unknown> = Promise.resolve();
  const run = async <R>(query: RawBuilder<R>) => {
    if (isOver)
      throw new AppError('database', 'a query came after the end of its transaction, or after an error in it');
    const { sql, parameters } = query.compile(compiler);
    // pg sends undefined as NULL, and `limit NULL` is no limit: a value that nobody set would widen the query.
    if (parameters.includes(undefined)) {
      isOver = true;
      throw new AppError('database', `parameter ${parameters.indexOf(undefined) + 1} of a query is undefined: ${sql}`);
    }
    try {
      // pg reads `query_timeout` per query; its published type lacks it.
      const name =
        plans && (plans.after === 0 || countRun(runs, sql) > plans.after) ? { name: nameOf(sql, plans.names) } : {};
      const config = { ...name, text: sql, values: [...parameters], query_timeout: timeoutMs() };
      return await client.query(config);
    } catch (error) {
      isOver = true;
      const refusal = refusalOf(error);
      throw refusal ? new RejectedError(refusal) : error;
    }
  };
  const execute = <R>(query: RawBuilder<R>) => {
    const mine = last.then(() => run(query));
    last = mine.catch(() => {});
    return mine;
  };
  const tx: Tx = {
    all: async <R>(query: RawBuilder<R>) => (await execute(query)).rows as R[],
    one: async <R>(query: RawBuilder<R>) => ((await execute(query)).rows[0] ?? null) as R | null,
    run: async (query) => (await execute(query)).rowCount ?? 0,
    sealer,
  };
  return {
    tx,
    end: async () => {
      isOver = true;
      await last;
    },
  };
}

/** Which run of the statement in its transaction this is, from 1. */
function countRun(runs: Map<string, number>, sql: string): number {
  const count = (runs.get(sql) ?? 0) + 1;
  runs.set(sql, count);
  return count;
}

/** A name derived from the text, so that it means the same on every connection. The number of our texts is finite, because values are parameters. */
function nameOf(sql: string, names: Map<string, string>): string {
  const known = names.get(sql);
  if (known !== undefined) return known;
  const name = textDigest(sql).slice(0, 32);
  names.set(sql, name);
  return name;
}
