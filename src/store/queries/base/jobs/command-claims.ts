import { type RawBuilder, sql } from 'kysely';
import { isPassing } from '../../../../contract/command-kinds.ts';
import type { ClaimedCommand, ClaimRequest } from '../../../../contract/base/command.ts';
import { isRejected } from '../../../../core/errors.ts';
import type { Tx } from '../../../tx.ts';
import { storeEvents } from '../events.ts';
import { secretsPlace, wakeAll } from './commands.ts';

/** A text that changes whenever another command waits for the node; null: none waits. */
export async function waitingSign(tx: Tx, nodeId: string): Promise<string | null> {
  const row = await tx.one(sql<{ sign: string | null }>`
    select md5(string_agg(id || '.' || epoch, ',' order by id)) as sign from commands
    where node_id = ${nodeId} and ended_at is null and state = 'waiting' and deadline > clock_timestamp()`);
  return row?.sign ?? null;
}

/**
 * Gives a node's agent its waiting commands, the oldest first, and raises the epoch of each. A repeated request gets the same commands, without those
 * that have ended. A command that the agent cannot run fails, because it would wait in vain.
 */
export async function claimCommands(tx: Tx, nodeId: string, request: ClaimRequest): Promise<ClaimedCommand[]> {
  const { key, limit } = request;
  const kinds = JSON.stringify(request.kinds);
  const isKnown = sql`c.kind in (select jsonb_array_elements_text(${kinds}::jsonb))`;
  const claimed = await tx.all(sql<ClaimedRow>`
    with free as (
      select c.id from commands c
      where c.node_id = ${nodeId} and c.ended_at is null and c.state = 'waiting' and c.deadline > clock_timestamp() and ${isKnown}
        and not exists (select from commands d where d.node_id = ${nodeId} and d.ended_at is null and d.claim_key = ${key})
      order by c.id limit ${limit} for update skip locked),
    taken as (
      update commands c set state = 'claimed', epoch = c.epoch + 1, claim_key = ${key}, claimed_at = clock_timestamp(),
        claim_until = least(c.deadline, clock_timestamp() + make_interval(secs => c.claim_seconds))
      from free where c.id = free.id returning c.*),
    mine as (
      select * from taken union all
      select * from commands c where c.node_id = ${nodeId} and c.ended_at is null and c.state = 'claimed' and c.claim_key = ${key})
    select m.id, m.kind, m.args, s.secrets, s.sealed, m.epoch,
      greatest(0, extract(epoch from m.claim_until - clock_timestamp()) * 1000)::float8 as "leftMs"
    from mine m left join command_secrets s on s.command_id = m.id order by m.id`);
  await endWhere(tx, {
    where: sql`c.node_id = ${nodeId} and c.state = 'waiting' and not ${isKnown}`,
    state: 'failed',
    sentence: sql`'The agent of ' || n.name || ' does not know this kind of command: it is of an earlier release.'`,
  });
  return await opened(tx, claimed);
}

type ClaimedRow = ClaimedCommand & { readonly sealed: string | null };

/** With their secrets opened. A command whose secrets do not open (another authority sealed them) fails and holds up no other one. */
async function opened(tx: Tx, rows: readonly ClaimedRow[]): Promise<ClaimedCommand[]> {
  const commands: ClaimedCommand[] = [];
  for (const { sealed, ...command } of rows) {
    const text = sealed === null ? null : await tx.sealer.open(secretsPlace(command.id), sealed);
    if (isRejected(text))
      await endWhere(tx, { where: sql`c.id = ${command.id}`, state: 'failed', sentence: sql`${text.message}::text` });
    else
      commands.push(text === null ? command : { ...command, secrets: JSON.parse(text) as ClaimedCommand['secrets'] });
  }
  return commands;
}

/** Identifies the run that a report is about. The report counts only while the command has this epoch. */
export type HeldCommand = { readonly nodeId: string; readonly id: number; readonly epoch: number };

/** How a command ended, as its agent reports. `result` null: it failed. */
export type CommandEnd = { readonly state: 'done' | 'failed'; readonly sentence: string; readonly result: unknown };

/** Ends a claimed command, if node and epoch are right. False: it is no longer the agent's, or never was. */
export async function endCommand(tx: Tx, held: HeldCommand, end: CommandEnd): Promise<boolean> {
  const { state, sentence, result } = end;
  const ended = await endWhere(tx, { where: isHeldBy(held), state, sentence: sql`${sentence}::text`, result });
  if (ended > 0) return true;
  // The same report again, after a lost answer.
  const same = await tx.one(sql`select from commands c
    where c.node_id = ${held.nodeId} and c.id = ${held.id} and c.epoch = ${held.epoch} and c.state = ${state} and c.sentence = ${sentence}`);
  return same !== null;
}

/**
 * The agent was restarted during the command and does not know its result. The command waits again if its kind may be done twice and its deadline has
 * not passed; otherwise it fails. False: as for `endCommand`.
 */
export async function interruptCommand(tx: Tx, held: HeldCommand): Promise<boolean> {
  const again = await backToWaiting(tx, sql`${isHeldBy(held)} and c.is_repeatable and c.deadline > clock_timestamp()`);
  if (again > 0) return true;
  const failed = await endWhere(tx, {
    where: isHeldBy(held),
    state: 'failed',
    sentence: sql`'The agent of ' || n.name || ' was restarted meanwhile. The command may have been done.'`,
  });
  return failed > 0;
}

/** Has a claim run out, or a deadline passed? Fit for `autocommitRead`. */
export async function hasOverdueCommands(tx: Tx): Promise<boolean> {
  const row = await tx.one(sql<{ has: boolean }>`
    select exists (select from commands c where c.ended_at is null and ${IS_OVERDUE}) as has`);
  return row?.has === true;
}

/** A claim that lies more than two claim times ahead was given before this clock was set back. */
const IS_CLAIM_OVER = sql`(c.claim_until < clock_timestamp() or c.claim_until > clock_timestamp() + 2 * make_interval(secs => c.claim_seconds))`;

/**
 * Ends commands that nobody will end: those past their deadline, and claimed ones that ran out and must not be done twice. Of the other expired
 * claims the agent may take the command again. All by the database's clock. Gives the number of rows.
 */
export async function expireCommands(tx: Tx): Promise<number> {
  const again = await backToWaiting(
    tx,
    sql`c.state = 'claimed' and ${IS_CLAIM_OVER} and c.is_repeatable and c.deadline > clock_timestamp()`,
  );
  const lost = await endWhere(tx, {
    where: sql`c.state = 'claimed' and ${IS_CLAIM_OVER} and not c.is_repeatable`,
    state: 'failed',
    sentence: sql`'The agent of ' || n.name || ' took it and did not report its end in time. It may have been done.'`,
  });
  const late = await endWhere(tx, {
    where: sql`c.deadline < clock_timestamp() and c.state in ('waiting', 'claimed')`,
    state: 'expired',
    sentence: sql`case when c.epoch > 0 then 'The agent of ' || n.name || ' took it and did not report its end before its deadline.'
      else 'The agent of ' || n.name || ' did not take it before its deadline: ' || ${LAST_REPORT} end`,
  });
  return again + lost + late;
}

const IS_OVERDUE = sql`(c.deadline < clock_timestamp() or c.state = 'claimed' and ${IS_CLAIM_OVER})`;

/** Known facts of an agent that does not answer. */
const LAST_REPORT = sql`coalesce((
    select 'its last report came ' || round(extract(epoch from clock_timestamp() - o.reported_at)) || ' s ago.'
    from node_observations o where o.node_id = c.node_id), 'it never reported.')`;

function isHeldBy({ nodeId, id, epoch }: HeldCommand): RawBuilder<unknown> {
  return sql`c.node_id = ${nodeId} and c.id = ${id} and c.epoch = ${epoch} and c.state = 'claimed'`;
}

async function backToWaiting(tx: Tx, where: RawBuilder<unknown>): Promise<number> {
  const rows = await tx.all(sql<ChangedCommand>`
    update commands c set state = 'waiting', claim_key = null, claim_until = null
    from nodes n where n.id = c.node_id and c.ended_at is null and ${where} returning c.id, c.kind, n.name as node`);
  await announceCommands(tx, 'command.returned', rows);
  return rows.length;
}

interface End {
  readonly where: RawBuilder<unknown>;
  readonly state: 'done' | 'failed' | 'expired';
  readonly sentence: RawBuilder<unknown>;
  readonly result?: unknown;
}

async function endWhere(tx: Tx, { where, state, sentence, result }: End): Promise<number> {
  const json = result === undefined || result === null ? null : JSON.stringify(result);
  const rows = await tx.all(sql<ChangedCommand>`
    update commands c set state = ${state}, sentence = ${sentence}, result = ${json}::jsonb, ended_at = clock_timestamp(),
      claim_key = null, claim_until = null
    from nodes n where n.id = c.node_id and c.ended_at is null and ${where}
    returning c.id, c.kind, n.name as node, c.sentence as end`);
  await announceCommands(tx, `command.${state}`, rows);
  return rows.length;
}

type ChangedCommand = { readonly id: number; readonly kind: string; readonly node: string; readonly end?: string };

/** An event for each that does not pass; everybody who waits is woken. */
async function announceCommands(tx: Tx, kind: string, rows: readonly ChangedCommand[]): Promise<void> {
  const lasting = rows.filter((row) => !isPassing(row.kind));
  const events = lasting.map(({ id, ...data }) => ({ kind, subject: `command/${id}`, data }));
  await storeEvents(tx, 'system:commands', events);
  if (rows.length > 0 && lasting.length === 0) await wakeAll(tx);
}
