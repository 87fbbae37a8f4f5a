import type { RouteId, RouteInput, RouteOutput } from '../../contract/routes.ts';
import type { Rejected } from '../../core/errors.ts';
import type { Clock, Random } from '../../core/ports.ts';
import type { ServerState } from '../../store/pool/server-states.ts';
import type { Tx } from '../../store/tx.ts';
import type { Script } from '../../model/machines/scripts/script.ts';
import type { WriteTx } from '../../store/write.ts';
import type { ReceivedReport } from './seen.ts';
import type { CallInput, Caller, DatabaseHealth } from './port.ts';
import type { AskAgent } from './commands/ask-agent.ts';
import type { Renderer } from './preview.ts';

/** What every use case may lean on beside its transaction. Each subject adds its own ports (`declare module` beside their types); region.ts gives all. */
export interface CasePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly renderer: Renderer;
  /** Of the product. */
  readonly version: string;
  /** Probes the database by a real write. */
  health(): Promise<DatabaseHealth>;
  /** What the servers of an operator's own database are; null: there is none. */
  servers(): Promise<readonly ServerState[] | null>;
  /** Queries a node's agent. */
  readonly askAgent: AskAgent;
  /** End of the cluster's authority, as its certificate on this host says; null: there is none. */
  authority(): { readonly notAfter: string } | null;
  /** The newest report of a node that this region and the others have in memory; null: they have none. */
  latestReportOf(nodeId: string): ReceivedReport | null;
  /** Scripts of the release that machines run. */
  readonly builtInScripts: readonly Script[];
}

/** Who calls and on what condition. `ifMatch`: the version that the object must have. */
export interface CaseContext extends CasePorts {
  readonly caller: Caller;
  readonly ifMatch: number | null;
  /** Where the call came from (api, cli, maas). */
  readonly origin?: string;
  /** Null, or the refusal when the caller's role does not allow a call. */
  mayCall(id: RouteId): Rejected | null;
  /** Does another call of the table in this transaction, by the caller's role. `ifVersion`: the version that its object must have. */
  perform(
    tx: Tx,
    id: RouteId,
    input: CallInput,
    ifVersion?: number,
  ): Promise<{ readonly body: unknown; readonly version?: number }>;
}

/** What a use case gives: the answer's body, and the version of the object that it is about. */
type CaseResult<B> = { readonly body: B; readonly version?: number };

/** A use case that changes nothing; it sees one moment of the database, unless it is an autocommit read. */
export interface ReadCase<I extends RouteId> {
  readonly kind: 'read';
  /** One statement, or several that need not agree: no transaction around them. */
  readonly isAutocommit: boolean;
  /** How long it may take, ms; left out: as calls usually may. */
  readonly deadlineMs?: number;
  /** As that of a `WriteCase`. */
  readonly ask?: Ask<I>;
  run(tx: Tx, input: RouteInput<I>, context: CaseContext, answer?: unknown): Promise<CaseResult<RouteOutput<I>>>;
}

/** Asks outside of the database before the transaction begins; what it gives goes to `run`. A refusal that it throws ends the call. */
type Ask<I extends RouteId> = (input: RouteInput<I>, context: CaseContext, read: ReadFirst) => Promise<unknown>;

/**
 * A use case that changes something: one transaction, which may run several times, so it does nothing outside of it. `summary`: for audit
 * and history, without secrets. `isUnaudited`: it changes no configuration and is no event, and leaves no audit row (store/write.ts).
 */
export interface WriteCase<I extends RouteId> {
  readonly kind: 'write';
  readonly isUnaudited: boolean;
  /** As that of a `ReadCase`. */
  readonly deadlineMs?: number;
  summary(input: RouteInput<I>): string;
  /**
   * The body as the stored digest of the request sees it; left out: as it is. Secrets that people choose are not in it: who has the database
   * could try them out.
   */
  readonly digested?: (body: RouteInput<I>['body']) => unknown;
  /** Absent: the use case needs nothing from outside. */
  readonly ask?: Ask<I>;
  run(tx: WriteTx, input: RouteInput<I>, context: CaseContext, answer?: unknown): Promise<WriteResult<RouteOutput<I>>>;
}

/** Reads of the database what a question outside needs. */
export type ReadFirst = <T>(body: (tx: Tx) => Promise<T>) => Promise<T>;

/**
 * `reverts`: the change that it takes back. `secrets`: members of the answer that are shown once and never stored; a replay and a dry run have
 * them as null.
 */
interface WriteResult<B> extends CaseResult<B> {
  readonly reverts?: number;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** Makes a reading use case. */
export function reading<I extends RouteId>(_id: I, run: ReadCase<I>['run']): ReadCase<I> {
  return { kind: 'read', isAutocommit: false, run };
}

/** Makes a reading use case of one statement. */
export function autocommitReading<I extends RouteId>(_id: I, run: ReadCase<I>['run']): ReadCase<I> {
  return { kind: 'read', isAutocommit: true, run };
}

/** Makes a reading use case whose answer comes from outside of the database: no connection waits for it. */
export function asking<I extends RouteId>(
  _id: I,
  ask: (input: RouteInput<I>, context: CaseContext, read: ReadFirst) => Promise<RouteOutput<I>>,
): ReadCase<I> {
  // `call` gives `run` what `ask` gave it.
  return {
    kind: 'read',
    isAutocommit: true,
    ask,
    run: async (_tx, _input, _context, answer) => ({ body: answer as RouteOutput<I> }),
  };
}

/** Makes a changing use case. */
export function writing<I extends RouteId>(
  _id: I,
  summary: WriteCase<I>['summary'],
  run: WriteCase<I>['run'],
): WriteCase<I> {
  return { kind: 'write', isUnaudited: false, summary, run };
}

/** Makes a changing use case that asks outside first: once for a call, and never while a transaction waits for the answer. */
export function askingFirst<I extends RouteId, A>(
  _id: I,
  summary: WriteCase<I>['summary'],
  ask: (input: RouteInput<I>, context: CaseContext, read: ReadFirst) => Promise<A>,
  run: (tx: WriteTx, input: RouteInput<I>, context: CaseContext, answer: A) => ReturnType<WriteCase<I>['run']>,
): WriteCase<I> {
  // `call` gives `run` what `ask` gave it.
  const go: WriteCase<I>['run'] = (tx, input, context, answer) => run(tx, input, context, answer as A);
  return { kind: 'write', isUnaudited: false, summary, ask, run: go };
}

/** Makes a use case that changes something beside the configuration, many times a second: its transaction emits nothing. */
export function unaudited<I extends RouteId>(
  _id: I,
  summary: WriteCase<I>['summary'],
  run: (tx: Tx, ...rest: UnauditedRest<I>) => ReturnType<WriteCase<I>['run']>,
): WriteCase<I> {
  return { kind: 'write', isUnaudited: true, summary, run };
}

type UnauditedRest<I extends RouteId> = [input: RouteInput<I>, context: CaseContext];

/** Target of a store's change: the row, and the version that the caller has read. */
export function target<K>(key: K, context: CaseContext): { readonly key: K; readonly ifVersion: number | null } {
  return { key, ifVersion: context.ifMatch };
}
