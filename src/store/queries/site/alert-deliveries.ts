import { sql } from 'kysely';
import type { AlertPlace } from '../../../model/site/alert-target.ts';
import type { Tx } from '../../tx.ts';

/** Messages that may wait for one target. */
const QUEUE_MAX = 1000;
/** Attempts, and how long after its first a message is given up. */
const ATTEMPTS_MAX = 20;
const GIVE_UP = sql`interval '24 hours'`;
/** Longer than any attempt: who has a claim for so long is gone. */
const CLAIM = sql`interval '60 seconds'`;
const FAILURE_MAX = 500;

/** A message that this process has claimed. Moments ISO 8601. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly epoch: number;
  readonly kind: 'opened' | 'closed';
  readonly attempts: number;
  readonly targetId: number;
  readonly target: string;
  readonly settings: AlertPlace;
  readonly finding: string;
  readonly state: string;
  readonly detail: string;
  readonly remedy: string;
  readonly since: string;
  readonly endReason: string | null;
}

const RANK = (state: ReturnType<typeof sql>) => sql`array_position(array['warning', 'unknown', 'broken'], ${state})`;

/**
 * Queues a message for each target about each announced finding, once for a life, and one about its end for who got the first. A message for which the queue has
 * no room is dropped and counted. Gives the number of messages.
 */
export async function queueDeliveries(tx: Tx): Promise<number> {
  const opened = await tx.run(sql`with wanted as (
      select t.id as target_id, f.id as life, ${QUEUE_MAX} - (select count(*) from alert_deliveries d where d.target_id = t.id and d.state = 'waiting')
        - row_number() over (partition by t.id order by f.id) as room
      from alert_targets t join doctor_findings f on f.announced_at is not null and f.ended_at is null and not f.is_muted
        and ${RANK(sql`f.state`)} >= ${RANK(sql`t.least`)}
      where t.is_enabled and not exists (select from alert_deliveries d where d.target_id = t.id and d.life = f.id and d.kind = 'opened')
    ), lost as (
      update alert_targets t set dropped = dropped + (select count(*) from wanted w where w.target_id = t.id and w.room < 0)
      where t.id in (select target_id from wanted where room < 0))
    insert into alert_deliveries (target_id, life, kind, state, ended_at)
      select target_id, life, 'opened', case when room < 0 then 'dropped' else 'waiting' end, case when room < 0 then now() end from wanted
      on conflict do nothing`);
  // Who did not get the start does not get the end.
  await tx.run(sql`update alert_deliveries o set state = 'given-up', ended_at = now(), failure = 'The finding ended before it could be sent.'
    from doctor_findings f where f.id = o.life and f.ended_at < now() - ${GIVE_UP} and o.kind = 'opened' and o.state = 'waiting'`);
  const closed = await tx.run(sql`insert into alert_deliveries (target_id, life, kind)
    select o.target_id, o.life, 'closed' from alert_deliveries o join doctor_findings f on f.id = o.life and f.ended_at is not null
      join alert_targets t on t.id = o.target_id and t.is_enabled
    where o.kind = 'opened' and o.state in ('waiting', 'delivered') and f.ended_at > now() - ${GIVE_UP}
      and not exists (select from alert_deliveries c where c.target_id = o.target_id and c.life = o.life and c.kind = 'closed')
    on conflict do nothing`);
  return opened + closed;
}

/** Claims messages whose time has come, at most two of each target: one that hangs holds up no other. */
export async function claimDeliveries(tx: Tx, limit: number): Promise<ClaimedDelivery[]> {
  const claimed = await tx.all(sql<{
    id: string;
  }>`update alert_deliveries set claimed_until = now() + ${CLAIM}, epoch = epoch + 1, attempts = attempts + 1
    where id in (select d.id from alert_deliveries d where d.state = 'waiting' and d.next_at <= now()
        and (d.claimed_until is null or d.claimed_until < now())
        and (select count(*) from alert_deliveries b where b.target_id = d.target_id and b.state = 'waiting'
          and (b.created_at, b.id) < (d.created_at, d.id)) < 2
        and not (d.kind = 'closed' and exists (select from alert_deliveries o where o.target_id = d.target_id and o.life = d.life
          and o.kind = 'opened' and o.state = 'waiting'))
      order by d.created_at, d.id limit ${limit} for update skip locked)
    returning id`);
  if (claimed.length === 0) return [];
  return tx.all(sql<ClaimedDelivery>`select d.id, d.epoch, d.kind, d.attempts, t.id as "targetId", t.name as target, t.settings, f.finding, f.state, f.detail,
      f.remedy, f.since, f.end_reason as "endReason"
    from alert_deliveries d join alert_targets t on t.id = d.target_id join doctor_findings f on f.id = d.life
    where d.id = any(${claimed.map(({ id }) => id)}::uuid[]) order by d.created_at, d.id`);
}

/** How an attempt ended. `failure` null: it was delivered. `againMs`: until the next one. */
export interface AttemptEnd {
  readonly failure: string | null;
  readonly againMs: number;
}

/** Stores how an attempt ended, if the claim is still this one. */
export async function settleDelivery(
  tx: Tx,
  { id, epoch, targetId }: Pick<ClaimedDelivery, 'id' | 'epoch' | 'targetId'>,
  { failure, againMs }: AttemptEnd,
): Promise<void> {
  const text = failure === null ? null : failure.slice(0, FAILURE_MAX);
  const row = await tx.one(sql<{ state: string }>`update alert_deliveries set claimed_until = null, failure = ${text},
      next_at = now() + ${againMs} * interval '1 ms',
      state = case when ${text}::text is null then 'delivered'
        when attempts >= ${ATTEMPTS_MAX} or created_at < now() - ${GIVE_UP} then 'given-up' else 'waiting' end,
      ended_at = case when ${text}::text is null or attempts >= ${ATTEMPTS_MAX} or created_at < now() - ${GIVE_UP} then now() end
    where id = ${id}::uuid and epoch = ${epoch} and state = 'waiting' returning state`);
  if (row !== null) await noteAttempt(tx, targetId, text, row.state);
}

/** Shows with the target how the last attempt ended. `state`: of its message; '' for a test. */
export async function noteAttempt(tx: Tx, targetId: number, failure: string | null, state = ''): Promise<void> {
  await tx.run(sql`update alert_targets set delivered = delivered + ${state === 'delivered' ? 1 : 0}, dropped = dropped + ${state === 'given-up' ? 1 : 0},
      last_success_at = case when ${failure}::text is null then now() else last_success_at end,
      last_failure_at = case when ${failure}::text is null then last_failure_at else now() end,
      last_failure = coalesce(${failure}::text, last_failure) where id = ${targetId}`);
}
