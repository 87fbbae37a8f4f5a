import { sql } from 'kysely';
import type { FindingState, EndedFinding } from '../../../contract/cluster/finding.ts';
import { isOlder } from '../../elapsed.ts';
import type { Tx } from '../../tx.ts';

/** A finding that stands. Moments ISO 8601. `isSettled`: it stands for so long that it is announced. */
export interface FindingRow {
  readonly id: string;
  readonly state: FindingState;
  readonly since: string;
  readonly isSettled: boolean;
  readonly isOver: boolean;
  readonly isMuted: boolean;
  readonly announcedAt: string | null;
}

/** A mute that has not run out by the database's clock. `covers` null: whatever comes. */
export interface MuteRow {
  readonly id: string;
  readonly until: string;
  readonly reason: string;
  readonly covers: { readonly state: FindingState; readonly nodes: readonly string[] } | null;
  readonly by: string;
  readonly at: string;
}

/** How an invariant stands. */
export interface FoundNow {
  readonly id: string;
  readonly state: FindingState;
  readonly detail: string;
  readonly remedy: string;
  readonly isMuted: boolean;
}

/** A finding that stands for this long is announced: a failover, and a service that is restarted, is over by then. Seconds. */
const SETTLE_S = 15;
/** So long an invariant must hold until its finding ends: one that comes and goes raises one alarm. Seconds. */
const QUIET_S = 60;
const DETAIL_MAX = 4000;

/** Takes the turn to judge the findings; false: another region has just done it. */
export async function takeFindingTurn(tx: Tx, process: string): Promise<boolean> {
  const rows = await tx.run(sql`update chores set last_ran = now(), last_process = ${process}
    where name = (select name from chores where name = 'findings' and ${isOlder(sql`last_ran`, sql`every`)} for update skip locked)`);
  return rows === 1;
}

/** The findings that stand. */
export function listFindings(tx: Tx): Promise<FindingRow[]> {
  return tx.all(sql<FindingRow>`select finding as id, state, since, ${isOlder(sql`since`, sql`${SETTLE_S} * interval '1 second'`)} as "isSettled",
    ${isOlder(sql`seen_at`, sql`${QUIET_S} * interval '1 second'`)} as "isOver", is_muted as "isMuted", announced_at as "announcedAt"
    from doctor_findings where ended_at is null order by finding`);
}

/** Findings that have ended, the newest first. */
export function listPastFindings(tx: Tx, limit: number): Promise<EndedFinding[]> {
  return tx.all(sql<EndedFinding>`select finding as id, state, detail, since, announced_at as "announcedAt", ended_at as "endedAt", end_reason as "endReason"
    from doctor_findings where ended_at is not null order by ended_at desc, id desc limit ${limit}`);
}

const MUTE = sql`finding as id, until, reason, covers, muted_by as by, muted_at as at`;

/** The mutes that have not run out. */
export function listMutes(tx: Tx): Promise<MuteRow[]> {
  return tx.all(sql<MuteRow>`select ${MUTE} from finding_mutes where until > now() order by finding`);
}

/** Stores a mute in place of an earlier one. */
export async function storeMute(tx: Tx, { id, until, reason, covers, by }: Omit<MuteRow, 'at'>): Promise<MuteRow> {
  const row = await tx.one(sql<MuteRow>`insert into finding_mutes (finding, until, reason, covers, muted_by)
    values (${id}, ${until}::timestamptz, ${reason}, ${covers === null ? null : JSON.stringify(covers)}::jsonb, ${by})
    on conflict (finding) do update set until = excluded.until, reason = excluded.reason, covers = excluded.covers,
      muted_by = excluded.muted_by, muted_at = now() returning ${MUTE}`);
  if (row === null) throw new Error('the mute that was just stored is not there');
  return row;
}

/** Ends a mute; null: there is none that has not run out. */
export function deleteMute(tx: Tx, id: string): Promise<MuteRow | null> {
  return tx.one(sql<MuteRow>`delete from finding_mutes where finding = ${id} and until > now() returning ${MUTE}`);
}

/** Stores what was found now: each finding begins a life, or goes on with the one that stands. */
export async function noteFindings(tx: Tx, found: readonly FoundNow[]): Promise<void> {
  if (found.length === 0) return;
  const rows = JSON.stringify(found.map((row) => ({ ...row, detail: row.detail.slice(0, DETAIL_MAX) })));
  await tx.run(sql`insert into doctor_findings (finding, state, detail, remedy, is_muted)
    select id, state, detail, remedy, "isMuted" from jsonb_to_recordset(${rows}::jsonb)
      as f(id text, state text, detail text, remedy text, "isMuted" boolean) order by id
    on conflict (finding) where ended_at is null do update set state = excluded.state, detail = excluded.detail, remedy = excluded.remedy, seen_at = now(),
      is_muted = excluded.is_muted`);
}

/** Ends the lives of these findings that were announced, because they are muted: each goes on in a life that nobody was alarmed of. */
export async function restartMuted(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const ended = await tx.all(sql<object>`update doctor_findings set ended_at = now(), end_reason = 'muted'
    where ended_at is null and announced_at is not null and finding = any(${ids}::text[]) returning finding, state, detail, remedy, since, seen_at`);
  if (ended.length === 0) return;
  await tx.run(sql`insert into doctor_findings (finding, state, detail, remedy, since, seen_at, is_muted)
    select finding, state, detail, remedy, since, seen_at, true from jsonb_to_recordset(${JSON.stringify(ended)}::jsonb)
      as f(finding text, state text, detail text, remedy text, since timestamptz, seen_at timestamptz)`);
}

/** Marks findings as announced. */
export async function announceFindings(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await tx.run(sql`update doctor_findings set announced_at = now()
      where ended_at is null and announced_at is null and finding = any(${ids}::text[])`);
}

/** Ends the lives of findings whose invariants hold again. */
export async function endFindings(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await tx.run(
      sql`update doctor_findings set ended_at = now(), end_reason = 'holds' where ended_at is null and finding = any(${ids}::text[])`,
    );
}
