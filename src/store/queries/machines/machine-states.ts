import { type RawBuilder, sql } from 'kysely';
import type { MachinePower } from '../../../contract/machines/machine-power.ts';
import type { MachineState } from '../../../model/machines/machine-states.ts';
import type { Tx } from '../../tx.ts';

/** Where a machine is in its lifecycle, as lists show it. */
export interface MachineStateShown {
  readonly state: MachineState;
  readonly stateSince: string;
  /** Raised by each change of state: a later act on a machine names the state that it expects. */
  readonly stateEpoch: number;
  /** User's name; null: nobody's. */
  readonly owner: string | null;
  readonly isLocked: boolean;
  /** Of a state that somebody has to check; empty of another one. */
  readonly error: string;
  /** What it waits for, else empty. */
  readonly message: string;
  /** Of a state that will change by itself. */
  readonly deadline: string | null;
  /** The job that switches it. */
  readonly jobId: number | null;
  /** Does an order wait until its BMC is free? */
  readonly isOrderWaiting: boolean;
  /** What it is deployed with; null: nothing. */
  readonly deployment: {
    readonly image: string | null;
    readonly digest: string | null;
    readonly startedAt: string;
    readonly deployedAt: string | null;
  } | null;
}

const ISO = sql.raw(`'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`);

/** Columns of `machines t left join machine_states s`. */
export const STATE_COLUMNS = sql`coalesce(s.state, 'new') as state, coalesce(s.since, t.created_at) as "stateSince",
  coalesce(s.epoch, 0) as "stateEpoch", s.owner,
  coalesce(s.is_locked, false) as "isLocked", coalesce(s.error, '') as error, coalesce(s.message, '') as message, s.deadline, s.job_id as "jobId",
  s.wanted is not null as "isOrderWaiting", (select json_build_object('image', nullif(e.image_name, ''), 'digest', e.image,
    'startedAt', to_char(e.begun_at at time zone 'UTC', ${ISO}), 'deployedAt', to_char(e.deployed_at at time zone 'UTC', ${ISO}))
    from machine_deployments e where e.machine_id = t.id and (e.image is not null or e.is_ephemeral)) as deployment`;

/** Conditions of a list. */
export function stateConditions({
  state,
  owner,
}: {
  readonly state?: MachineState | undefined;
  readonly owner?: string | undefined;
}): (RawBuilder<unknown> | undefined)[] {
  return [
    state === undefined ? undefined : sql`coalesce(s.state, 'new') = ${state}`,
    owner === undefined ? undefined : sql`s.owner = ${owner}`,
  ];
}

/** A machine's row, whole. Times ISO 8601 by the database's clock. */
export interface StateRow {
  readonly machineId: string;
  readonly state: MachineState;
  readonly epoch: number;
  readonly before: MachineState | null;
  readonly isLocked: boolean;
  readonly minutes: number | null;
  readonly poweredAt: string | null;
  readonly bootedAt: string | null;
  readonly inventoryAt: string | null;
  readonly commissionedAt: string | null;
  /** Are the disks of a machine that is deployed written? */
  readonly isInstalled: boolean;
  readonly jobId: number | null;
  readonly wanted: MachinePower | null;
  readonly wantedBy: string | null;
  /** By the database's clock. */
  readonly isLate: boolean;
  readonly isWantedLate: boolean;
}

/** A machine's row, locked until the transaction ends; made if there is none. Null: there is no such machine. */
export async function lockMachineState(tx: Tx, machineId: string): Promise<StateRow | null> {
  await tx.run(sql`insert into machine_states (machine_id, since) select id, created_at from machines where id = ${machineId}
    on conflict (machine_id) do nothing`);
  return tx.one(sql<StateRow>`
    select machine_id as "machineId", state, epoch, before, is_locked as "isLocked", minutes, powered_at as "poweredAt", booted_at as "bootedAt",
      inventory_at as "inventoryAt", commissioned_at as "commissionedAt", installed_at is not null as "isInstalled", job_id as "jobId", wanted, wanted_by as "wantedBy",
      coalesce(deadline < clock_timestamp(), false) as "isLate", coalesce(wanted_until < clock_timestamp(), false) as "isWantedLate"
    from machine_states where machine_id = ${machineId} for update`);
}

/** A device belongs to who made it; one that is no user's name is nobody. */
export async function ownDevice(tx: Tx, machineId: string, user: string): Promise<void> {
  await tx.run(
    sql`insert into machine_states (machine_id, owner) values (${machineId}, (select name from users where name = ${user}))`,
  );
}

/** A new machine that another system has deployed; false: its owner is no user, and nothing was done. */
export async function insertDeployed(
  tx: Tx,
  machineId: string,
  { owner, isLocked }: Pick<MachineStateShown, 'owner' | 'isLocked'>,
): Promise<boolean> {
  const added = await tx.run(sql`insert into machine_states (machine_id, state, owner, is_locked)
    select ${machineId}, 'deployed', ${owner}::text, ${isLocked}::boolean
    where ${owner}::text is null or exists (select from users where name = ${owner}::text)`);
  return added === 1;
}

/** What was seen of a machine that changes its state. */
export type StateNote = 'powered' | 'booted' | 'inventory' | 'installed' | 'commissioned';

/** What a transition changes. Members that are left out stay. */
export interface StateChange {
  /** Another state: it has these texts, and a deadline so many minutes from now, or none. */
  readonly next?: {
    readonly state: MachineState;
    /** Null: as before. */
    readonly error: string | null;
    readonly message: string;
    readonly minutes: number | null;
  };
  readonly message?: string;
  readonly before?: MachineState;
  /** A user's name; one that is no user's is nobody. */
  readonly owner?: string | null;
  readonly isLocked?: boolean;
  /** That was now. */
  readonly note?: StateNote;
  /** None of these was yet. */
  readonly forget?: readonly StateNote[];
}

/** Machines that boot from the network and wait for no order; not those that were restarted so often in this epoch already. */
const bootsNow = (most: number) => sql`
  s.state in ('commissioning', 'testing', 'entering-rescue-mode', 'deploying', 'disk-erasing') and s.installed_at is null and s.job_id is null and s.wanted is null
  and (s.again < ${most} or s.again_epoch <> s.epoch)`;

/** Machines that boot from the network, were started some time ago and go on no more, while a rack of the site is silent: those that may have booted from it. */
export async function machinesWithoutRack(tx: Tx, most: number, limit: number): Promise<string[]> {
  const rows = await tx.all(sql<{ id: string }>`
    select s.machine_id as id from machine_states s
    where ${bootsNow(most)} and s.powered_at < clock_timestamp() - interval '20 s'
      and exists (select from nodes n join node_observations o on o.node_id = n.id
        where n.is_rack and o.reported_at < clock_timestamp() - interval '15 s')
    order by s.powered_at limit ${limit}`);
  return rows.map(({ id }) => id);
}

/** Machines that boot from the network, and of which racks saw nothing for so many seconds after they got their boot script, or fetched a part of it. */
export async function silentMachines(
  tx: Tx,
  { most, seconds, limit }: { readonly most: number; readonly seconds: number; readonly limit: number },
): Promise<string[]> {
  const rows = await tx.all(sql<{ id: string }>`
    select s.machine_id as id from machine_states s
    cross join lateral (select what, at from machine_steps where machine_id = s.machine_id and what <> 'lease' order by id desc limit 1) as l
    where ${bootsNow(most)} and l.what in ('script', 'kernel', 'initrd', 'root')
      and l.at < clock_timestamp() - make_interval(secs => ${seconds}) and l.at > s.powered_at
    order by l.at limit ${limit}`);
  return rows.map(({ id }) => id);
}

/** Counts that it is restarted; false: it was as often as it may be. */
export async function storeAgain(tx: Tx, { machineId, epoch }: Pick<StateRow, 'machineId' | 'epoch'>, most: number) {
  const changed = await tx.run(sql`
    update machine_states set again = case when again_epoch = epoch then again + 1 else 1 end, again_epoch = epoch
    where machine_id = ${machineId} and epoch = ${epoch} and (again < ${most} or again_epoch <> epoch)`);
  return changed === 1;
}

/** Changes a machine's row on condition of state and epoch. False: it went on meanwhile. */
export async function storeMachineState(
  tx: Tx,
  { machineId, state, epoch }: Pick<StateRow, 'machineId' | 'state' | 'epoch'>,
  change: StateChange,
): Promise<boolean> {
  const { next, message, before, owner, isLocked, note, forget } = change;
  const columns: [string, RawBuilder<unknown>][] = [];
  if (next !== undefined) {
    columns.push(
      ['state', sql`${next.state}`],
      ['since', sql`clock_timestamp()`],
      ['epoch', sql`epoch + 1`],
      ['error', sql`coalesce(left(${next.error}::text, 4000), error)`],
      ['message', sql`left(${next.message}, 4000)`],
      ['minutes', sql`${next.minutes}::int`],
      ['deadline', sql`clock_timestamp() + make_interval(mins => ${next.minutes}::int)`],
    );
  } else if (message !== undefined) columns.push(['message', sql`left(${message}, 4000)`]);
  if (before !== undefined) columns.push(['before', sql`${before}`]);
  if (owner !== undefined) columns.push(['owner', sql`(select name from users where name = ${owner})`]);
  if (isLocked !== undefined) columns.push(['is_locked', sql`${isLocked}`]);
  for (const one of forget ?? []) columns.push([`${one}_at`, sql`null`]);
  if (note !== undefined) columns.push([`${note}_at`, sql`clock_timestamp()`]);
  const set = columns.length === 0 ? [['epoch', sql`epoch`] as const] : columns;
  const changed = await tx.run(sql`
    update machine_states set ${sql.join(set.map(([column, value]) => sql`${sql.ref(column)} = ${value}`))}
    where machine_id = ${machineId} and state = ${state} and epoch = ${epoch}`);
  return changed === 1;
}

/** What a machine that changes its state does now may take so many seconds more: its deadline does not come before. Fit for a repeated report. */
export async function storePatience(tx: Tx, machineId: string, seconds: number): Promise<void> {
  const until = sql`greatest(deadline, clock_timestamp() + make_interval(secs => ${seconds}::int))`;
  await tx.run(sql`update machine_states set deadline = ${until}, minutes = greatest(minutes, ceil(extract(epoch from ${until} - since) / 60)::int)
    where machine_id = ${machineId} and deadline is not null`);
}

/** The job that switches it from now on, or none; nothing waits any more. */
export async function storeStateJob(tx: Tx, machineId: string, jobId: number | null): Promise<void> {
  await tx.run(sql`update machine_states set job_id = ${jobId}::int, wanted = null, wanted_by = null, wanted_until = null
    where machine_id = ${machineId}`);
}

/** An order that waits until the BMC is free, for so long at most. */
export async function storeWantedOrder(
  tx: Tx,
  machineId: string,
  { order, by, seconds }: { readonly order: MachinePower; readonly by: string; readonly seconds: number },
): Promise<void> {
  await tx.run(sql`update machine_states set job_id = null, wanted = ${JSON.stringify(order)}::jsonb, wanted_by = ${by},
    wanted_until = clock_timestamp() + make_interval(secs => ${seconds}) where machine_id = ${machineId}`);
}

/** May an order start, or is its time over? */
const WANTED_IS_DUE = sql`s.wanted is not null and (s.wanted_until < clock_timestamp() or not exists (
  select from job_targets g join machines m on m.id = s.machine_id where g.target in ('machine:' || m.id, 'bmc:' || m.bmc_id)))`;

/**
 * Machines of which something is due: a deadline that has passed, a job that has ended, an order that may start. At most `limit`. Fit for
 * `autocommitRead`.
 */
export async function dueMachineStates(tx: Tx, limit: number): Promise<string[]> {
  const rows = await tx.all(sql<{ id: string }>`
    select s.machine_id as id from machine_states s where s.deadline < clock_timestamp()
    union select s.machine_id from machine_states s join jobs j on j.id = s.job_id where j.ended_at is not null
    union select s.machine_id from machine_states s where ${WANTED_IS_DUE}
    limit ${limit}`);
  return rows.map(({ id }) => id);
}
