import { type RawBuilder, sql } from 'kysely';
import type { LeaseReport } from '../../../contract/cluster/agent.ts';
import type { BootStepReport } from '../../../contract/machines/boot-steps.ts';
import { clockOffset } from '../../../model/machines/timeline/clock-offset.ts';
import type { RackStep, StepFacts, StepOutcome, StepSource } from '../../../model/machines/timeline/step.ts';
import type { Tx } from '../../tx.ts';
import { isLive, NEWEST_FIRST } from '../networks/lease-ends.ts';

/** A step that a rack saw. `at`: ms since 1970. */
export interface StepRow {
  readonly id: number;
  readonly at: number;
  readonly node: string;
  readonly source: StepSource;
  readonly what: RackStep;
  readonly address: string;
  readonly outcome: StepOutcome;
  readonly facts: StepFacts;
}

/** Rows that stay of a machine, and of all unknown machines. */
const ROW_LIMITS = { machine: 1000, unknown: 1000 } as const;
/** A lease begins before its report, and a deployment before the lease: so much is a clock's difference, seconds. */
const SLACK_S = 5;
/** A machine that sends a request again within this time has not restarted, seconds. */
const SAME_BOOT_S = 60;

/** What a report brought. `booted`: machines that got a boot script, where their lifecycle does not know it yet; in the order of their ids. */
export interface TakenSteps {
  readonly stored: number;
  readonly booted: readonly { readonly machineId: string; readonly epoch: number }[];
}

/**
 * Stores what is new of a report, each step once. A step is the machine's whose MAC it names, or whose address it comes from, unless all of its cards are on VLANs
 * (`foreign`) of other racks.
 */
export async function storeBootSteps(
  tx: Tx,
  node: { readonly id: string; readonly name: string },
  report: BootStepReport,
  foreign: readonly number[] = [],
): Promise<TakenSteps> {
  const { last, offsetMs } = await takeSeries(tx, node.id, report);
  const steps = report.steps
    .filter(({ sequence }) => sequence > last)
    .toSorted((one, other) => one.sequence - other.sequence);
  if (steps.length === 0) return { stored: 0, booted: [] };
  const isOwn = sql`exists (select from interfaces c where c.machine_id = o.machine_id and c.kind = 'physical'
    and (c.vlan_id is null or c.vlan_id <> all(${[...foreign]}::int[])))`;
  const stored = await tx.all(sql<{ machineId: string | null; what: RackStep }>`
    insert into machine_steps (machine_id, mac, address, at, node, source, what, outcome, facts)
    select case when ${isOwn} then o.machine_id end, case when o.machine_id is null or ${isOwn} then o.mac end, r.address, r.at + make_interval(secs => ${offsetMs}::double precision / 1000), ${node.name}, r.source, r.what, r.outcome, r.facts
    from jsonb_to_recordset(${JSON.stringify(steps)}::jsonb) as r (sequence bigint, at timestamptz, source text, what text, mac text,
      address inet, outcome text, facts jsonb)
    cross join lateral (${OWNER}) as o order by r.sequence
    returning machine_id as "machineId", what`);
  const ids = [...new Set(stored.flatMap(({ machineId }) => (machineId === null ? [] : [machineId])))];
  await dropOld(tx, ids);
  const bootedIds = stored.flatMap(({ machineId, what }) =>
    machineId !== null && what === 'script' ? [machineId] : [],
  );
  return { stored: stored.length, booted: bootedIds.length === 0 ? [] : await unknownBoots(tx, bootedIds) };
}

/** The machine and the MAC of a step `r`. */
const OWNER: RawBuilder<unknown> = sql`
  select f.mac, (select i.machine_id from interfaces i where i.mac = f.mac and i.kind = 'physical') as machine_id
  from (select coalesce(r.mac,
    (select t.mac from leases t where t.address = r.address and ${isLive('t')} and length(t.mac) = 17 order by ${NEWEST_FIRST} limit 1),
    (select i.mac from interface_addresses a join interfaces i on i.id = a.interface_id where a.address = r.address and i.kind = 'physical' limit 1)) as mac) as f`;

async function takeSeries(
  tx: Tx,
  nodeId: string,
  { epoch, at, steps }: BootStepReport,
): Promise<{ readonly last: number; readonly offsetMs: number }> {
  await tx.run(sql`insert into boot_step_series (node_id, epoch, sequence, offset_ms) values (${nodeId}, '', 0, 0)
    on conflict (node_id) do nothing`);
  const row = await tx.one(sql<{ epoch: string; sequence: number; offsetMs: number; sampleMs: number }>`
    select epoch, sequence, offset_ms as "offsetMs",
      (extract(epoch from clock_timestamp() - ${at}::timestamptz) * 1000)::double precision as "sampleMs"
    from boot_step_series where node_id = ${nodeId} for update`);
  const isFirst = row === null || row.epoch === '';
  const last = row?.epoch === epoch ? row.sequence : 0;
  const offsetMs = clockOffset(isFirst ? null : row.offsetMs, row?.sampleMs ?? 0);
  const newest = steps.reduce((most, { sequence }) => Math.max(most, sequence), last);
  await tx.run(sql`update boot_step_series set epoch = ${epoch}, sequence = ${newest}, offset_ms = ${offsetMs}
    where node_id = ${nodeId}`);
  return { last, offsetMs };
}

async function dropOld(tx: Tx, machineIds: readonly string[]): Promise<void> {
  for (const id of machineIds)
    await tx.run(sql`delete from machine_steps where machine_id = ${id} and id <= (
      select id from machine_steps where machine_id = ${id} order by id desc offset ${ROW_LIMITS.machine} limit 1)`);
  await tx.run(sql`delete from machine_steps where machine_id is null and id <= (
    select id from machine_steps where machine_id is null order by id desc offset ${ROW_LIMITS.unknown} limit 1)`);
}

/** Machines that change their state, of which this start is news. */
function unknownBoots(tx: Tx, machineIds: readonly string[]): Promise<{ machineId: string; epoch: number }[]> {
  return tx.all(sql`select machine_id as "machineId", epoch from machine_states where machine_id = any(${[...machineIds]}::text[])
    and (state = 'missing' or deadline is not null and (booted_at is null
      or booted_at < clock_timestamp() - make_interval(secs => ${SAME_BOOT_S}))) order by machine_id`);
}

/**
 * Leases of machines that change their state are steps: only leases show DHCP (services/dhcp/README.md). Both racks of a pair report a lease with the same
 * beginning; it is one step. Steps whose address nobody knew yet become the machine's.
 */
export async function storeLeaseSteps(tx: Tx, node: { readonly name: string }, report: LeaseReport): Promise<void> {
  const leases = report.leases.filter(({ mac, state }) => mac?.length === 17 && state === 'active');
  if (leases.length === 0 || !(await isAnyChangingState(tx))) return;
  const stored = await tx.all(sql<{ machineId: string; mac: string; address: string; at: string }>`
    insert into machine_steps (machine_id, mac, address, at, node, source, what, outcome, facts, seen_key)
    select i.machine_id, r.mac, r.address, greatest(r."startsAt" + c.shift, s.since), ${node.name}, 'dhcp', 'lease', 'done',
      case when v.id is null then '{}' else jsonb_build_object('vlan', f.name || '/' || v.name) end,
      'lease ' || host(r.address) || ' ' || extract(epoch from r."startsAt")
    from jsonb_to_recordset(${JSON.stringify(leases)}::jsonb) as r (address inet, "subnetId" int, mac text, "startsAt" timestamptz)
      cross join (select case when abs(d) < ${SLACK_S} then interval '0 s' else make_interval(secs => d) end as shift
        from (select extract(epoch from clock_timestamp() - ${report.at}::timestamptz)::double precision as d) as x) as c
      join interfaces i on i.mac = r.mac and i.kind = 'physical'
      join machine_states s on s.machine_id = i.machine_id and s.deadline is not null
      left join subnets n on n.id = r."subnetId" left join vlans v on v.id = n.vlan_id left join fabrics f on f.id = v.fabric_id
    where r."startsAt" + c.shift >= s.since - make_interval(secs => ${SLACK_S})
    order by r."startsAt"
    on conflict (machine_id, seen_key) where seen_key is not null do nothing
    returning machine_id as "machineId", mac, host(address) as address, at`);
  for (const { machineId, mac, address, at } of stored)
    await tx.run(sql`update machine_steps set machine_id = ${machineId}, mac = ${mac}
      where machine_id is null and mac is null and address = ${address}::inet and at >= ${at}::timestamptz - make_interval(secs => ${SLACK_S})`);
  if (stored.length > 0) await dropOld(tx, [...new Set(stored.map(({ machineId }) => machineId))]);
}

/** Thousands of leases a second do not matter while no machine changes its state. */
async function isAnyChangingState(tx: Tx): Promise<boolean> {
  const row = await tx.one(
    sql<{ is: boolean }>`select exists (select from machine_states where deadline is not null) as is`,
  );
  return row?.is ?? false;
}

/** When: from, to (exclusive), ms since 1970; null: without an end. */
export type StepSpan = { readonly from: number | null; readonly to: number | null };

const isWithin = (at: RawBuilder<unknown>, { from, to }: StepSpan): RawBuilder<unknown> => sql`
  (${from}::double precision is null or ${at} >= to_timestamp(${from}::double precision / 1000))
  and (${to}::double precision is null or ${at} < to_timestamp(${to}::double precision / 1000))`;

/** A machine's steps, also those from before it was known, the newest `limit` of a time. */
export function readSteps(
  tx: Tx,
  { machineId, macs }: { readonly machineId: string; readonly macs: readonly string[] },
  span: StepSpan,
  limit: number,
): Promise<StepRow[]> {
  return tx.all(sql<StepRow>`
    select id, (extract(epoch from at) * 1000)::double precision as at, node, source, what, coalesce(host(address), '') as address, outcome, facts
    from machine_steps where (machine_id = ${machineId} or machine_id is null and mac = any(${[...macs]}::text[]))
      and ${isWithin(sql`at`, span)} order by at desc, id desc limit ${limit}`);
}

/** An event of a machine. `at`: ms since 1970. */
export interface MachineEventRow {
  readonly id: number;
  readonly at: number;
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A machine's own events, the newest `limit` of a time. */
export function readMachineEvents(tx: Tx, fqdn: string, span: StepSpan, limit: number): Promise<MachineEventRow[]> {
  return tx.all(sql<MachineEventRow>`
    select id, (extract(epoch from at) * 1000)::double precision as at, kind, data from events
    where subject = ${fqdn} and kind like 'machine.%' and ${isWithin(sql`at`, span)} order by id desc limit ${limit}`);
}

/** An order to a machine's BMC, as an agent had it. Times ms since 1970. `result`: as the agent reported it, not checked. */
export interface PowerOrderRow {
  readonly id: number;
  readonly node: string;
  readonly verb: 'on' | 'off';
  readonly caller: string;
  readonly createdAt: number;
  readonly claimedAt: number | null;
  readonly endedAt: number | null;
  readonly sentence: string;
  readonly result: unknown;
}

/** Orders to switch a machine, the newest `limit` of a time. */
export function readPowerOrders(tx: Tx, fqdn: string, span: StepSpan, limit: number): Promise<PowerOrderRow[]> {
  const ms = (at: string) => sql`(extract(epoch from ${sql.ref(at)}) * 1000)::double precision`;
  return tx.all(sql<PowerOrderRow>`
    select c.id, n.name as node, c.args ->> 'verb' as verb, c.caller, ${ms('c.created_at')} as "createdAt", ${ms('c.claimed_at')} as "claimedAt",
      ${ms('c.ended_at')} as "endedAt", coalesce(c.sentence, '') as sentence, c.result
    from commands c join nodes n on n.id = c.node_id
    where c.kind = 'power' and c.args ->> 'machine' = ${fqdn} and c.args ->> 'verb' in ('on', 'off') and ${isWithin(sql`c.created_at`, span)}
    order by c.id desc limit ${limit}`);
}

/** A run as a timeline has it. Times ms since 1970. */
export interface RunSpan {
  readonly id: number;
  readonly purpose: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** When the next one began; null: none has. */
  readonly nextAt: number | null;
}

/** A machine's runs, the newest first; when it was made, and the database's time, ms. What is older is another machine's of that name. */
export async function readRuns(
  tx: Tx,
  machineId: string,
  limit: number,
): Promise<{ runs: RunSpan[]; madeAt: number; now: number }> {
  const ms = (at: string) => sql`(extract(epoch from ${sql.ref(at)}) * 1000)::double precision`;
  const runs =
    await tx.all(sql<RunSpan>`select id, purpose, ${ms('begun_at')} as "startedAt", ${ms('ended_at')} as "endedAt",
    lag(${ms('begun_at')}) over (order by id desc) as "nextAt" from machine_tokens where machine_id = ${machineId} order by id desc limit ${limit}`);
  const row = await tx.one(sql<{ madeAt: number; now: number }>`select ${ms('created_at')} as "madeAt",
    (extract(epoch from clock_timestamp()) * 1000)::double precision as now from machines where id = ${machineId}`);
  return { runs, madeAt: row?.madeAt ?? 0, now: row?.now ?? 0 };
}
