import { isWrite, type RouteId, ROUTES } from '../contract/routes.ts';
import { accept, isRejected, type Rejected, rejected } from '../core/errors.ts';
import { orRefusal } from './base/or-refusal.ts';
import { digestOf, stableJson } from '../core/stable-json.ts';
import type { DatabaseCallOptions, Database } from '../store/database.ts';
import { recordAudit } from '../store/queries/people/audit.ts';
import type { Tx } from '../store/tx.ts';
import { dryRun, write, type WriteTx } from '../store/write.ts';
import { CASES } from './cases.ts';
import { withKeaChecks } from './networks/dhcp/kea-check.ts';
import { withProbes } from './networks/probe.ts';
import type { Caller } from './port.ts';
import { refuseFields } from './base/paging.ts';
import { bodiesIn, compileChange, previewChange } from './base/preview.ts';
import { readPublished } from './base/published.ts';
import type { CaseContext, CasePorts, ReadCase, WriteCase } from './base/use-case.ts';
import type { CallContext, CallInput, CallOutcome, PlannedCall } from './base/port.ts';

/** What calls are made with. */
export type CallPorts = CasePorts & { readonly db: Database };

/** Characters of a summary of several calls. */
const SUMMARY_MAX = 1000;

/** A stored answer: the body and the object's version, so that a replay has the same ETag. */
type Stored = { readonly body: unknown; readonly version: number | null };

/** Does one call of the table, on any transport: role, then use case, in one transaction. */
export async function call(
  ports: CallPorts,
  id: RouteId,
  input: CallInput,
  context: CallContext,
): Promise<CallOutcome | Rejected> {
  const forbidden = mayCall(id, context.caller);
  if (forbidden) return auditForbidden(ports, id, context, forbidden);
  const impossible = refuseFields(ROUTES[id], input.query);
  if (impossible) return impossible;
  return orRefusal(() => doCall(ports, id, input, context));
}

async function doCall(ports: CallPorts, id: RouteId, input: CallInput, context: CallContext): Promise<CallOutcome> {
  const inner = contextOf(ports, context);
  // Each case is typed by its own id; here they are one list, and the transport has checked the input by the same table.
  const useCase = CASES[id] as unknown as ReadCase<RouteId> | WriteCase<RouteId>;
  const { deadlineMs } = useCase;
  const options = {
    ...(context.isWanted === undefined ? {} : { isWanted: context.isWanted }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  };
  if (useCase.kind === 'read') return doRead(ports, { useCase, input, inner, options });
  if (isDryRun(input)) return doDryRun(ports, { useCase, input, inner, options });
  return doWrite(ports, { id, useCase, input, context, inner, options });
}

/** Calls of the table that change something, in one transaction. The first refusal undoes them all. */
export async function callTogether(
  ports: CallPorts,
  planned: readonly PlannedCall[],
  context: CallContext,
): Promise<readonly unknown[] | Rejected> {
  const calls = planned.map(({ id, input }) => ({ id, input, useCase: CASES[id] as unknown as WriteCase<RouteId> }));
  for (const { id, useCase } of calls) {
    const forbidden = mayCall(id, context.caller);
    if (forbidden) return auditForbidden(ports, id, context, forbidden);
    if (useCase.kind !== 'write' || useCase.isUnaudited || useCase.ask !== undefined)
      throw new Error(`${id} is no change of its own`);
  }
  const inner = contextOf(ports, context);
  const operation = {
    key: context.idempotencyKey,
    requestDigest: digestOf(calls.map(({ id, input, useCase }) => ({ id, input: digested(useCase, input) }))),
    actor: context.caller.user,
    origin: context.origin,
    summary: calls
      .map(({ useCase, input }) => useCase.summary(input as AnyInput))
      .join(', then ')
      .slice(0, SUMMARY_MAX),
  };
  const change = (mark: (tx: WriteTx) => void) => async (tx: WriteTx) => {
    mark(tx);
    const bodies: unknown[] = [];
    for (const { useCase, input } of calls) bodies.push((await useCase.run(tx, input as AnyInput, inner)).body);
    return { status: 200, body: bodies };
  };
  const options = context.isWanted === undefined ? {} : { isWanted: context.isWanted };
  const written = await withProbes(ports, (mark) => write<unknown[]>(ports.db, operation, change(mark), options));
  return isRejected(written) ? written : written.body;
}

function contextOf(ports: CasePorts, { caller, ifMatch, origin }: CallContext): CaseContext {
  const context: CaseContext = {
    ...ports,
    origin,
    caller,
    ifMatch: ifMatch === null ? null : Number(ifMatch),
    mayCall: (id) => mayCall(id, caller),
    perform: async (tx, id, input, ifVersion) => {
      accept(mayCall(id, caller));
      const useCase = CASES[id] as unknown as ReadCase<RouteId> | WriteCase<RouteId>;
      if (useCase.ask !== undefined) throw new Error(`${id} needs more than its transaction`);
      // Only a use case that changes something performs one, in its own transaction.
      return useCase.run(tx as WriteTx, input as AnyInput, { ...context, ifMatch: ifVersion ?? null });
    },
  };
  return context;
}

/** Null, or the refusal when the caller's role does not allow the call. */
export function mayCall(id: RouteId, caller: Caller): Rejected | null {
  const allowed: readonly string[] = ROUTES[id].roles;
  if (caller.isReadOnly === true && isWrite(ROUTES[id]))
    return rejected('forbidden', `The session of ${caller.user} is read-only. To change something, log in again.`);
  if (allowed.includes(caller.role)) return null;
  return rejected('forbidden', `${caller.user} has the role ${caller.role}; ${id} needs ${allowed.join(' or ')}.`);
}

/** Best effort: the audit row of a refusal must not change the answer. */
async function auditForbidden(ports: CallPorts, id: RouteId, { caller, origin }: CallContext, refusal: Rejected) {
  const entry = { who: caller.user, origin, action: id, outcome: 'refused: forbidden' };
  await ports.db.repeatable((tx) => recordAudit(tx, entry), { deadlineMs: 2000 }).catch(() => {});
  return refusal;
}

type AnyInput = Parameters<ReadCase<RouteId>['run']>[1];

function isDryRun(input: CallInput): boolean {
  const { query } = input;
  return typeof query === 'object' && query !== null && 'dry_run' in query && query.dry_run === true;
}

/** A call before its transaction. */
interface PendingCall<C> {
  readonly useCase: C;
  readonly input: CallInput;
  readonly inner: CaseContext;
  readonly options: DatabaseCallOptions;
}

async function doRead(ports: CallPorts, pending: PendingCall<ReadCase<RouteId>>): Promise<CallOutcome> {
  const { useCase, input, inner, options } = pending;
  const answer = await askOutside(ports, pending);
  const runCase = (tx: Tx) => useCase.run(tx, input as AnyInput, inner, answer);
  const result = accept(
    await (useCase.isAutocommit ? ports.db.autocommitRead(runCase, options) : ports.db.read(runCase, options)),
  );
  return { kind: 'done', status: 200, body: result.body, version: result.version ?? null, isReplay: false };
}

type WriteCall = PendingCall<WriteCase<RouteId>> & { readonly id: RouteId; readonly context: CallContext };

async function doWrite(ports: CallPorts, request: WriteCall): Promise<CallOutcome> {
  const { id, useCase, input, context, inner, options } = request;
  let secrets: Readonly<Record<string, string>> = {};
  let made: unknown;
  const answer = await askOutside(ports, request);
  const operation = {
    key: context.idempotencyKey,
    requestDigest: digestOf({ id, input: digested(useCase, input), ifMatch: context.ifMatch }),
    actor: context.caller.user,
    origin: context.origin,
    summary: useCase.summary(input as AnyInput),
    isUnaudited: useCase.isUnaudited,
  };
  const change = (mark: (tx: WriteTx) => void) => async (tx: WriteTx) => {
    mark(tx);
    const result = await useCase.run(tx, input as AnyInput, inner, answer);
    secrets = result.secrets ?? {};
    made = result.body;
    return {
      status: ROUTES[id].status,
      body: { body: result.body, version: result.version ?? null },
      ...(result.reverts === undefined ? {} : { reverts: result.reverts }),
    };
  };
  const written = accept(await withProbes(ports, (mark) => write<Stored>(ports.db, operation, change(mark), options)));
  const { body, version } = written.body;
  // A replay may be this very call, whose COMMIT was in doubt: then the secret is the one that was stored.
  const isOwn = !written.isReplay || stableJson(made ?? null) === stableJson(body);
  const shown = isOwn ? { ...(body as object), ...secrets } : body;
  return {
    kind: 'done',
    status: written.status,
    body: shown,
    version,
    isReplay: written.isReplay,
    change: written.change,
  };
}

/** What the use case needs from outside before its transaction; undefined: nothing. */
async function askOutside(
  ports: CallPorts,
  { useCase, input, inner, options }: PendingCall<ReadCase<RouteId> | WriteCase<RouteId>>,
): Promise<unknown> {
  return useCase.ask?.(input as AnyInput, inner, async (body) => accept(await ports.db.read(body, options)));
}

function digested({ digested: of }: WriteCase<RouteId>, input: CallInput): CallInput {
  return of === undefined ? input : { ...input, body: of(input.body as AnyInput['body']) };
}

async function doDryRun(ports: CallPorts, pending: PendingCall<WriteCase<RouteId>>): Promise<CallOutcome> {
  const { useCase, input, inner, options } = pending;
  const answer = await askOutside(ports, pending);
  const change = async (tx: WriteTx) => {
    const result = await useCase.run(tx, input as AnyInput, inner, answer);
    return { status: 200, body: { object: result.body, published: await readPublished(tx) } };
  };
  const rehearsed = accept(await dryRun(ports.db, change, options));
  const { object, published } = rehearsed.outcome.body;
  const { before, after } = rehearsed;
  const compared = {
    before,
    after,
    published: published.bodies,
    facts: published.facts,
    nowSeconds: ports.clock.now() / 1000,
  };
  const sites = compileChange(ports.renderer, compared);
  const diffs = previewChange(ports.renderer, compared, sites);
  const checks = {
    services: ports.renderer.services,
    nodes: after.nodes.map(({ id, name }) => ({ id, name, isLive: published.live.has(id) })),
    before: bodiesIn(sites.old),
    after: bodiesIn(sites.next),
  };
  const nodes = await withKeaChecks({ askAgent: ports.askAgent, caller: inner.caller.user }, checks, diffs);
  return { kind: 'done', status: 200, body: { dryRun: true, object, nodes }, version: null, isReplay: false };
}
