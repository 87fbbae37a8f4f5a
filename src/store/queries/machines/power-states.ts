import { type RawBuilder, sql } from 'kysely';
import type { PowerState } from '../../../model/machines/power.ts';
import { isOlder } from '../../elapsed.ts';
import type { Tx } from '../../tx.ts';

/** What orders found out about a BMC, for the next one. */
export type Learned = Readonly<Record<string, string>>;

/** A node that may reach a BMC. Times in ms by the database's clock. */
export interface ReachRow {
  readonly nodeId: string;
  readonly node: string;
  readonly isDrained: boolean;
  /** Since its last report, ms; null: it never reported. */
  readonly silentMs: number | null;
  readonly isOnSubnet: boolean;
  /** How it was at the last probe or order; null: nobody tried. */
  readonly isReachable: boolean | null;
  readonly ms: number | null;
  /** Since then. */
  readonly agoMs: number | null;
  /** Since the last order that succeeded on this path. */
  readonly workedMs: number | null;
}

const msSince = (moment: RawBuilder<unknown>) =>
  sql`(extract(epoch from clock_timestamp() - ${moment}) * 1000)::float8`;

/**
 * Every node that can run the query, with what is known of its path to the BMC. `address`: of the BMC, null if it is no
 * address.
 */
export function readReach(tx: Tx, bmcId: number, address: string | null): Promise<ReachRow[]> {
  return tx.all(sql<ReachRow>`
    select n.id as "nodeId", n.name as node, n.is_drained as "isDrained", ${msSince(sql`o.reported_at`)} as "silentMs",
      exists (select from subnets s where ${address}::inet <<= s.cidr
        and exists (select from unnest(n.addresses) as a where a <<= s.cidr)) as "isOnSubnet",
      r.is_reachable as "isReachable", r.ms::float8 as ms, ${msSince(sql`r.at`)} as "agoMs", ${msSince(sql`r.worked_at`)} as "workedMs"
    from nodes n left join node_observations o on o.node_id = n.id left join bmc_reach r on r.node_id = n.id and r.bmc_id = ${bmcId}
    where n.state = 'member' order by n.name collate "C"`);
}

/** The outcome of a node's path to a BMC. */
export interface SeenReach {
  readonly isReachable: boolean;
  readonly ms: number | null;
  readonly why: string;
  /** Did an order come about? */
  readonly hasWorked: boolean;
}

/** Remembers it; one of a BMC or a node that is gone is not. */
export async function storeReach(tx: Tx, bmcId: number, nodeId: string, seen: SeenReach): Promise<void> {
  const { isReachable, ms, why, hasWorked } = seen;
  await tx.run(sql`insert into bmc_reach (bmc_id, node_id, at, is_reachable, ms, why, worked_at)
    select b.id, n.id, clock_timestamp(), ${isReachable}, ${ms}::float8, ${why}, case when ${hasWorked} then clock_timestamp() end
    from bmcs b, nodes n where b.id = ${bmcId} and n.id = ${nodeId}
    on conflict (bmc_id, node_id) do update set at = excluded.at, is_reachable = excluded.is_reachable,
      ms = coalesce(excluded.ms, bmc_reach.ms), why = excluded.why, worked_at = coalesce(excluded.worked_at, bmc_reach.worked_at)`);
}

/** The epoch of another order to a BMC, above that of each before, and what was learned of it. */
export async function raisePowerEpoch(
  tx: Tx,
  bmcId: number,
): Promise<{ readonly epoch: number; readonly learned: Learned }> {
  const row = await tx.one(sql<{ epoch: number; learned: Learned }>`
    insert into bmc_power (bmc_id, epoch) values (${bmcId}, floor(extract(epoch from clock_timestamp()) * 1000))
    on conflict (bmc_id) do update set epoch = greatest(bmc_power.epoch + 1, excluded.epoch) returning epoch, learned`);
  return row ?? { epoch: 0, learned: {} };
}

/** The epoch of the newest order. Power checks use the same epoch, because a check must not interrupt an order. */
export async function powerEpoch(
  tx: Tx,
  bmcId: number,
): Promise<{ readonly epoch: number; readonly learned: Learned }> {
  const row = await tx.one(
    sql<{ epoch: number; learned: Learned }>`select epoch, learned from bmc_power where bmc_id = ${bmcId}`,
  );
  return row ?? (await raisePowerEpoch(tx, bmcId));
}

/** Keeps what was learned. */
export async function storeLearned(tx: Tx, bmcId: number, learned: Learned): Promise<void> {
  await tx.run(sql`update bmc_power set learned = ${JSON.stringify(learned)}::jsonb
    where bmc_id = ${bmcId} and learned <> ${JSON.stringify(learned)}::jsonb`);
}

/** A machine's power as it was seen. `why`, `remedy`: of the state `error`. */
export interface SeenPower {
  readonly state: PowerState;
  /** Null: nobody could ask. */
  readonly nodeId: string | null;
  readonly why: string;
  readonly remedy: string;
}

/** When a machine is checked again, seconds: after a check that went well, and at most after failures, each doubling it. */
export type PowerCheckPlan = { readonly everyS: number; readonly mostS: number };

/** Stores it and plans the next check, at a random time. Gives the state of before; null: the machine is gone. */
export async function storePower(
  tx: Tx,
  machineId: string,
  { state, nodeId, why, remedy }: SeenPower,
  { everyS, mostS }: PowerCheckPlan,
): Promise<{ readonly before: PowerState } | null> {
  const old = await tx.one(sql<{ before: PowerState }>`
    select coalesce(p.state, 'unknown') as before from machines m left join machine_power p on p.machine_id = m.id where m.id = ${machineId} for no key update of m`);
  if (old === null) return null;
  await tx.run(sql`
    insert into machine_power as p (machine_id, state, at, node_id, why, remedy, failures, look_at)
    select ${machineId}, ${state}, clock_timestamp(), (select id from nodes where id = ${nodeId}), ${why}, ${remedy}, f.failures,
      clock_timestamp() + make_interval(secs => least(${mostS}::float8, ${everyS}::float8 * power(2, least(f.failures, 10))) * (0.75 + random() / 2))
    from (select case when ${state} = 'error' then coalesce((select failures from machine_power where machine_id = ${machineId}), 0) + 1 else 0 end as failures) as f
    on conflict (machine_id) do update set state = excluded.state, at = excluded.at, node_id = excluded.node_id, why = excluded.why,
      remedy = excluded.remedy, failures = excluded.failures, look_at = excluded.look_at`);
  return old;
}

/** A machine whose power is to be checked. */
export type DueRow = { readonly machineId: string; readonly bmcId: number };

/** Is any machine due? Fit for `autocommitRead`. */
export async function hasDueChecks(tx: Tx): Promise<boolean> {
  const row = await tx.one(sql<{ has: boolean }>`select exists (select from ${DUE} where ${isDue(0)}) as has`);
  return row?.has === true;
}

/**
 * Machines that are due within `aheadS`, the longest overdue first: not those of BMCs that have orders now. None of them is deleted until COMMIT; whoever changes
 * one does not wait, because a check is planned for hundreds at once.
 */
export function listDueChecks(tx: Tx, aheadS: number, limit: number): Promise<DueRow[]> {
  return tx.all(sql<DueRow>`select m.id as "machineId", m.bmc_id as "bmcId" from ${DUE} where ${isDue(aheadS)}
    order by p.look_at nulls first, m.id limit ${limit} for key share of m skip locked`);
}

/** They are not due for so long: their check runs. */
export async function postponeChecks(tx: Tx, machineIds: readonly string[], seconds: number): Promise<void> {
  await tx.run(sql`insert into machine_power (machine_id, look_at)
    select id, clock_timestamp() + make_interval(secs => ${seconds}) from machines where id = any(${[...machineIds]}::text[])
    on conflict (machine_id) do update set look_at = excluded.look_at, at = least(machine_power.at, clock_timestamp())`);
}

const ENDED = sql`select l.node_id from power_looks l join commands c on c.id = l.command_id where c.ended_at is not null`;

/** Has a check ended that nobody took note of? Fit for `autocommitRead`. */
export async function hasEndedChecks(tx: Tx): Promise<boolean> {
  const row = await tx.one(sql<{ has: boolean }>`select exists (${ENDED}) as has`);
  return row?.has === true;
}

/** Takes the checks that have ended; no other region gets the same ones. The ids of their commands. */
export async function takeEndedChecks(tx: Tx): Promise<number[]> {
  const rows = await tx.all(sql<{ id: number }>`
    delete from power_looks where node_id in (${ENDED}) returning command_id as id`);
  return rows.map(({ id }) => id);
}

/** Stores which check a node runs. */
export async function storePowerCheck(tx: Tx, nodeId: string, commandId: number): Promise<void> {
  await tx.run(sql`insert into power_looks (node_id, command_id) values (${nodeId}, ${commandId})`);
}

/** Nodes that run a check. */
export async function lookingNodes(tx: Tx): Promise<string[]> {
  return (await tx.all(sql<{ id: string }>`select node_id as id from power_looks`)).map(({ id }) => id);
}

/** Names the lock below among other advisory locks of this database. */
const LOCK = 5_240_028;

/** One region plans checks at a time, until its transaction ends. False: another one does now. */
export async function lockPowerChecks(tx: Tx): Promise<boolean> {
  const row = await tx.one(sql<{ is: boolean }>`select pg_try_advisory_xact_lock(${LOCK}) as is`);
  return row?.is === true;
}

const DUE = sql`machines m join bmcs b on b.id = m.bmc_id left join machine_power p on p.machine_id = m.id`;

function isDue(aheadS: number): RawBuilder<unknown> {
  return sql`b.power_type <> 'manual' and (p.machine_id is null or p.look_at < clock_timestamp() + make_interval(secs => ${aheadS})
      or ${isOlder(sql`p.at`, sql`interval '1 day'`)})
    and not exists (select from job_targets t where t.target = 'bmc:' || b.id)`;
}
