import { sql } from 'kysely';
import type { CommandState } from '../../../../contract/base/command.ts';
import { listPage, type ListPage, type PageQuery } from '../../../page.ts';
import { isSealing, sealOrThrow } from '../sealing.ts';
import type { Tx } from '../../../tx.ts';
import type { WriteTx } from '../../../write.ts';

/** A command for a node's agent. Times ISO 8601 by the database's clock. `node`: the node's name. Its secrets are in no row of this shape. */
export interface CommandRow {
  readonly id: number;
  readonly nodeId: string;
  readonly node: string;
  readonly kind: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly state: CommandState;
  readonly sentence: string | null;
  readonly result: unknown;
  readonly caller: string;
  readonly epoch: number;
  readonly createdAt: string;
  readonly claimedAt: string | null;
  readonly deadline: string;
  readonly endedAt: string | null;
}

/** A command as it is stored. `secrets`: null without any. Seconds are counted by the database's clock. */
export interface NewCommandRow {
  readonly nodeId: string;
  readonly kind: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>> | null;
  readonly isRepeatable: boolean;
  readonly claimSeconds: number;
  readonly deadlineSeconds: number;
  /** User's name, or `job 12`. */
  readonly caller: string;
}

const COLUMNS = sql`t.id, t.node_id as "nodeId", n.name as node, t.kind, t.args, t.state, t.sentence, t.result, t.caller, t.epoch,
  t.created_at as "createdAt", t.claimed_at as "claimedAt", t.deadline, t.ended_at as "endedAt"`;
const FROM = sql`commands t join nodes n on n.id = t.node_id`;

/** Unfinished queries of a kind at one node. More wait for nothing: its agent also has other work. */
const PASSING_MAX = 4;

/**
 * Adds a command that passes (`command-kinds.ts`) and wakes everybody without an event. Queries of the same kind that have ended a minute ago go: their
 * requester was lost. Gives its id; null: so many of them wait for this node already. Fit for `repeatable`: a second one does no harm.
 */
export async function insertPassing(tx: Tx, command: Omit<NewCommandRow, 'secrets'>): Promise<number | null> {
  const { nodeId, kind, args, isRepeatable, claimSeconds, deadlineSeconds, caller } = command;
  // Queries of one node that begin together are counted one after the other.
  await tx.one(sql`select pg_advisory_xact_lock(hashtext(${`look ${nodeId}`}))`);
  await tx.run(sql`delete from commands where kind = ${kind} and ended_at < clock_timestamp() - interval '1 minute'`);
  const added = await tx.one(sql<{ id: number }>`
    insert into commands (node_id, kind, args, is_repeatable, claim_seconds, caller, deadline)
    select ${nodeId}, ${kind}, ${JSON.stringify(args)}::jsonb, ${isRepeatable}::boolean, ${claimSeconds}::int, ${caller},
      clock_timestamp() + make_interval(secs => ${deadlineSeconds})
    where (select count(*) from commands where node_id = ${nodeId} and kind = ${kind} and ended_at is null) < ${PASSING_MAX}::int
    returning id`);
  if (added !== null) await wakeAll(tx);
  return added?.id ?? null;
}

/** Takes a command that passes away; its requester has its end. */
export async function dropPassing(tx: Tx, id: number): Promise<void> {
  await tx.run(sql`delete from commands where id = ${id}`);
}

/** Wakes everybody who waits, without an event. From here to COMMIT other writers wait. */
export async function wakeAll(tx: Tx): Promise<void> {
  await tx.one(sql`select emit_events('system:commands', '[]'::jsonb, false)`);
}

/** Adds a command in the caller's transaction. Its agent hears of it at the commit. */
export async function insertCommand(tx: WriteTx, command: NewCommandRow): Promise<CommandRow> {
  const { nodeId, kind, args, secrets, isRepeatable, claimSeconds, deadlineSeconds, caller } = command;
  const added = await tx.one(sql<{ id: number }>`
    insert into commands (node_id, kind, args, is_repeatable, claim_seconds, caller, deadline)
    values (${nodeId}, ${kind}, ${JSON.stringify(args)}::jsonb, ${isRepeatable}, ${claimSeconds}, ${caller},
      clock_timestamp() + make_interval(secs => ${deadlineSeconds})) returning id`);
  const id = added?.id ?? 0;
  if (secrets !== null) await storeSecrets(tx, id, JSON.stringify(secrets));
  const row = (await findCommand(tx, id)) as CommandRow;
  tx.emit({ kind: 'command.added', subject: `command/${id}`, data: { kind, node: row.node } });
  return row;
}

/** Where a command's secrets are sealed for: they open at the claim, and in no other row. */
export function secretsPlace(commandId: number): string {
  return `command/${commandId}`;
}

async function storeSecrets(tx: Tx, id: number, secrets: string): Promise<void> {
  const sealed = (await isSealing(tx)) ? await sealOrThrow(tx, secretsPlace(id), secrets) : null;
  const plain = sealed === null ? secrets : null;
  await tx.run(
    sql`insert into command_secrets (command_id, secrets, sealed) values (${id}, ${plain}::jsonb, ${sealed})`,
  );
}

/** A command; null: there is none, or it was removed. */
export function findCommand(tx: Tx, id: number): Promise<CommandRow | null> {
  return tx.one(sql<CommandRow>`select ${COLUMNS} from ${FROM} where t.id = ${id}`);
}

/** All filters are exact. `node`: its id or name. */
export interface CommandFilter extends PageQuery {
  readonly node?: string | undefined;
  readonly kind?: string | undefined;
  readonly state?: CommandState | undefined;
  readonly isUnfinished?: boolean | undefined;
}

/** Commands. Sorts: id. By default the newest first. */
export function listCommands(tx: Tx, query: CommandFilter = {}): Promise<ListPage<CommandRow>> {
  const { node, kind, state, isUnfinished } = query;
  const filters = [
    node === undefined ? undefined : sql`${node.toLowerCase()} in (n.id, n.name)`,
    kind === undefined ? undefined : sql`t.kind = ${kind}`,
    state === undefined ? undefined : sql`t.state = ${state}`,
    isUnfinished === undefined ? undefined : sql`(t.ended_at is null) = ${isUnfinished}`,
  ];
  const id = sql`t.id`;
  return listPage(tx, { columns: COLUMNS, from: FROM, id, sorts: { id }, defaultSort: '-id' }, filters, query);
}

/** Takes a command back that no agent has taken. False: an agent has taken it, or it has ended. */
export async function withdrawCommand(tx: WriteTx, id: number): Promise<boolean> {
  const row = await tx.one(sql<{ kind: string; node: string }>`
    update commands c set state = 'failed', sentence = 'It was taken back: the agent of ' || n.name || ' did not take it in time.',
      ended_at = clock_timestamp()
    from nodes n where n.id = c.node_id and c.id = ${id} and c.state = 'waiting' returning c.kind, n.name as node`);
  if (row !== null) tx.emit({ kind: 'command.failed', subject: `command/${id}`, data: row });
  return row !== null;
}
