import { sql } from 'kysely';
import { accept, AppError, isRejected, type Rejected, rejected } from '../core/errors.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { DatabaseCallOptions, Database } from './database.ts';
import { readSnapshot } from './snapshot.ts';
import type { Tx } from './tx.ts';

/** A mutating request. `(actor, key)` identifies it: the store answers the same request again and never does it twice. */
export interface Operation {
  /** The request's Idempotency-Key. */
  readonly key: string;
  /** Digest of method, path and body. The same key with another digest is refused. */
  readonly requestDigest: string;
  /** User's name, `node:<id>` or `system:<task>`. */
  readonly actor: string;
  /** Where the request came from: an address, or the process. */
  readonly origin: string;
  /** What it does, for audit and history: `record create www.example.test A`. No secrets. */
  readonly summary: string;
  /**
   * It changes no configuration, is no event and comes many times a second. Only its effect and its answer remain: no audit row, no wake, and no
   * queue at the counters.
   */
  readonly isUnaudited?: boolean;
}

/** Something that happened, for the event stream. `kind` such as `record.created`; `subject` such as `record/12`. */
export interface NewEvent {
  readonly kind: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The transaction of a write. Events are stored with the effect, numbered at its end. */
export type WriteTx = Tx & { emit(event: NewEvent): void };

/**
 * The answer: HTTP status and JSON body. `storedBody`: what a replay gets instead, if the body shows a secret once. `reverts`: the change that this
 * one takes back.
 */
export interface OperationOutcome<B = unknown> {
  readonly status: number;
  readonly body: B;
  readonly storedBody?: unknown;
  readonly reverts?: number;
}

/**
 * `revision` after the write; `isReplay`: the answer of an earlier call with the same key; `change`: the change of the
 * configuration that it is; null: it changed none.
 */
export interface Written<B = unknown> {
  readonly change: number | null;
  readonly status: number;
  readonly body: B;
  readonly revision: number;
  readonly isReplay: boolean;
}

export interface Rehearsed<B = unknown> {
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly outcome: OperationOutcome<B>;
}

/** Rules for a whole change (names). They run before its revision is raised, and also in a dry run. */
const CHECK_NOW = sql`set constraints all immediate`;

interface StoredAnswer {
  readonly digest: string;
  readonly status: number;
  readonly body: unknown;
  readonly revision: number;
}

/**
 * Every change for a request goes through this function: one transaction holds the idempotency row, the effect with its
 * history, the events, the audit row, and, where configuration changed, the raised revision. A refusal undoes all of it
 * and is not stored. The body may run several times: it does nothing outside its transaction. An unaudited operation leaves
 * the idempotency row and its effect alone.
 *
 * After an ambiguous COMMIT the same transaction is tried again: its first statement waits for the lost one's row and
 * either finds the stored answer, or proves that nothing was done.
 */
export async function write<B>(
  db: Database,
  operation: Operation,
  body: (tx: WriteTx) => Promise<OperationOutcome<B> | Rejected>,
  options?: DatabaseCallOptions,
): Promise<Written<B> | Rejected> {
  const id = db.random.hex(16);
  const result = await db.repeatable((tx) => perform(tx, operation, id, body), options);
  if (isRejected(result) && result.code !== 'unavailable') await auditRefusal(db, operation, result);
  return result;
}

async function perform<B>(
  tx: Tx,
  operation: Operation,
  id: string,
  body: (tx: WriteTx) => Promise<OperationOutcome<B> | Rejected>,
): Promise<Written<B> | Rejected> {
  const { actor, key, requestDigest, origin, summary } = operation;
  const stored = await tx.one(sql<StoredAnswer>`
    select stored_digest as digest, stored_status as status, stored_body as body, stored_revision as revision
    from begin_operation(${actor}, ${key}, ${requestDigest}, ${id})`);
  if (stored) return replay(stored, requestDigest, await changeOf(tx, operation));
  const events: NewEvent[] = [];
  const outcome = await body({ ...tx, emit: (event) => void events.push(event) });
  if (isRejected(outcome)) return outcome;
  if (!operation.isUnaudited) await tx.run(CHECK_NOW);
  const { status, reverts } = outcome;
  const answer = JSON.stringify(('storedBody' in outcome ? outcome.storedBody : outcome.body) ?? null);
  if (operation.isUnaudited && events.length > 0) throw new AppError('database', 'an unaudited write has no events');
  const facts = { actor, key, operation: id, origin, summary, status, events, reverts };
  const done = await tx.one(
    operation.isUnaudited
      ? sql<Done>`select settle_operation(${actor}, ${key}, ${status}, ${answer}::json) as revision, false as "isChange"`
      : sql<Done>`
        select finish_operation(${JSON.stringify(facts)}::jsonb, ${answer}::json) as revision,
          exists (select from history where operation = ${id}) as "isChange"`,
  );
  const { revision, isChange } = done ?? { revision: 0, isChange: false };
  return { status, body: outcome.body, revision, change: isChange ? revision : null, isReplay: false };
}

type Done = { readonly revision: number; readonly isChange: boolean };

/** The change that an earlier call with this key made; null: it made none. */
async function changeOf(tx: Tx, { actor, key }: Operation): Promise<number | null> {
  const row = await tx.one(sql<{ revision: number }>`
    select c.revision from idempotency i join changes c on c.operation = i.operation
    where i.actor = ${actor} and i.key = ${key}`);
  return row?.revision ?? null;
}

/** The same change, measured and undone: the whole configuration before and after. */
export function dryRun<B>(
  db: Database,
  body: (tx: WriteTx) => Promise<OperationOutcome<B> | Rejected>,
  options?: DatabaseCallOptions,
): Promise<Rehearsed<B> | Rejected> {
  return db.rehearse(async (tx) => {
    await tx.one(sql`select set_config('regent.operation', 'dry-run', true)`);
    const before = await readSnapshot(tx);
    const outcome = accept(await body({ ...tx, emit: () => {} }));
    await tx.run(CHECK_NOW);
    return { before, after: await readSnapshot(tx), outcome };
  }, options);
}

function replay<B>(stored: StoredAnswer, digest: string, change: number | null): Written<B> | Rejected {
  if (stored.digest !== digest)
    return rejected('key_reused', 'This Idempotency-Key was used for another request. Rule: one key, one request.');
  return { status: stored.status, body: stored.body as B, revision: stored.revision, change, isReplay: true };
}

/** Best effort: an audit row that cannot be written must not change the answer. */
async function auditRefusal(db: Database, operation: Operation, refusal: Rejected): Promise<void> {
  const { actor, origin, summary } = operation;
  const store = (tx: Tx) =>
    tx.run(sql`insert into audit (actor, origin, action, outcome)
      values (${actor}, ${origin}, ${summary}, ${`refused: ${refusal.code}`})`);
  await db.repeatable(store, { deadlineMs: 2000 }).catch((error: unknown) => {
    db.log.warn('audit row of a refusal not written', { why: error instanceof Error ? error.message : String(error) });
  });
}
