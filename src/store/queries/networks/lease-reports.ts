import { type RawBuilder, sql } from 'kysely';
import type { LeaseReport, ReportedLease } from '../../../contract/cluster/agent.ts';
import { cleanHostname } from '../../../model/networks/lease.ts';
import { storeEvents } from '../base/events.ts';
import { raiseObserved } from '../base/watermark.ts';
import { touchesLeaseEnds } from './lease-ends.ts';
import { areMachineMacs, wantsLeaseNames } from './leases.ts';
import type { Tx } from '../../tx.ts';
import type { NewEvent } from '../../write.ts';

/** `known`: it was stored before. `restart`: an earlier report is missing here, so the agent must begin a new epoch with all leases. */
export type LeaseReceipt = 'stored' | 'known' | 'restart';

interface LeaseChange {
  readonly address: string;
  readonly kind: 'added' | 'changed' | 'removed';
  readonly mac: string | null;
  readonly hostname: string;
  /** Its name before, '' for none. */
  readonly before: string;
}

/** Above this number of changes at once, one event covers all: a start of a thousand machines must not hide everything else. */
const EVENTS_MAX = 100;
/** Rows of one sweep. */
const SWEEP = 5000;

/**
 * Stores an agent's report of leases: in order, each report once. Equal rows are not written again. Events show leases that came, went or changed
 * their name, not of renewals. `isServed`: whether the node's report counts for a lease; another lease is neither stored nor ended, and an event names it.
 * Names and machines' leases that matter to DNS, and leases that block a static lease, raise the number of observations.
 */
export async function storeLeaseReport(
  tx: Tx,
  node: { readonly id: string; readonly name: string },
  report: LeaseReport,
  isServed: (lease: ReportedLease) => boolean = () => true,
): Promise<LeaseReceipt> {
  const receipt = await takeNumber(tx, node.id, report);
  if (receipt !== 'stored') return receipt;
  const ended = await endLeases(tx, node.id, report);
  const served = { ...report, leases: report.leases.filter(isServed) };
  const stored = served.leases.length > 0 ? await upsertLeases(tx, node.id, served) : [];
  await noteRefused(
    tx,
    node,
    report.leases.filter((lease) => !isServed(lease)),
  );
  await announceChanges(tx, { actor: `node:${node.id}`, node: node.name }, [...ended, ...stored]);
  return 'stored';
}

/** A rack that reports leases of a VLAN that it does not serve is misled, or broken into. */
async function noteRefused(
  tx: Tx,
  node: { readonly id: string; readonly name: string },
  leases: readonly ReportedLease[],
): Promise<void> {
  const [first] = leases;
  if (first === undefined) return;
  const data = { count: leases.length, address: first.address, mac: first.mac };
  await storeEvents(tx, `node:${node.id}`, [{ kind: 'lease.refused', subject: node.name, data }]);
}

/** Ends leases that have run out; gives their number. Any number of regions may do this at once. */
export async function expireLeases(tx: Tx): Promise<number> {
  const ended = await tx.all(sql<LeaseChange & { nodeId: string }>`
    update leases l set state = 'expired' from (
      select ctid from leases where state <> 'expired' and expires_at <= now() limit ${SWEEP} for update skip locked) as due
    where l.ctid = due.ctid
    returning host(l.address) as address, 'removed' as kind, l.mac, '' as hostname, l.hostname as before, l.node_id as "nodeId"`);
  const names = new Map(
    (await tx.all(sql<{ id: string; name: string }>`select id, name from nodes`)).map((node) => [node.id, node.name]),
  );
  for (const [id, changes] of Map.groupBy(ended, (row) => row.nodeId))
    await announceChanges(tx, { actor: 'system:leases', node: names.get(id) ?? id }, changes);
  return ended.length;
}

/** Selects addresses (`subject`) whose first event within a time (`back`, an interval) was the end of their lease: so they had a lease before. */
export function leftFirst(back: RawBuilder<unknown>) {
  return sql`select subject from (select distinct on (subject) subject, kind from events
    where at > now() - ${back} and kind in ('lease.added', 'lease.removed') order by subject, id) e where kind = 'lease.removed'`;
}

/** A cheap check: is there anything for `expireLeases`? */
export async function hasDueLeases(tx: Tx): Promise<boolean> {
  const row = await tx.one(sql<{ due: boolean }>`
    select exists (select from leases where state <> 'expired' and expires_at <= now()) as due`);
  return row?.due ?? false;
}

/** The row stays locked to the end, so a node's reports are stored one by one. */
async function takeNumber(tx: Tx, nodeId: string, report: LeaseReport): Promise<LeaseReceipt> {
  const { epoch, sequence } = report;
  const isOurs = sql`node_id = ${nodeId} and service = ${serviceOf(report)}`;
  await tx.run(sql`insert into lease_series (node_id, service, epoch, sequence) values (${nodeId}, ${serviceOf(report)}, '', 0)
    on conflict (node_id, service) do nothing`);
  const last = await tx.one(sql<{ epoch: string; sequence: number }>`
    select epoch, sequence from lease_series where ${isOurs} for update`);
  const isSame = last?.epoch === epoch;
  if (isSame && sequence <= last.sequence) return 'known';
  if (sequence !== (isSame ? last.sequence + 1 : 1)) return 'restart';
  await tx.run(
    sql`update lease_series set epoch = ${epoch}, sequence = ${sequence}, reported_at = now() where ${isOurs}`,
  );
  return 'stored';
}

/** The service whose leases a report has; an agent of an earlier release does not send it. */
const serviceOf = ({ service }: LeaseReport): string => service ?? 'dhcp';

/** Leases that another service of the node has by now do not end: their VLAN went to that service. */
function endLeases(tx: Tx, nodeId: string, report: LeaseReport): Promise<LeaseChange[]> {
  const { leases, gone, whole } = report;
  const named = leases.map((lease) => lease.address);
  const isLeftOut = whole
    ? sql`(address between ${whole.first}::inet and ${whole.last}::inet and address <> all(${named}::inet[]))`
    : sql`false`;
  return tx.all(sql<LeaseChange>`
    update leases set state = 'expired', expires_at = least(expires_at, now()), reported_at = now()
    where node_id = ${nodeId} and service = ${serviceOf(report)} and state <> 'expired' and (address = any(${[...gone]}::inet[]) or ${isLeftOut})
    returning host(address) as address, 'removed' as kind, mac, '' as hostname, hostname as before`);
}

/**
 * A node reports times by its own clock. If that is off, they are moved by the difference, in steps of ten seconds, so that neither the delay of a
 * report nor a small drift changes the times of an unchanged lease.
 */
function upsertLeases(tx: Tx, nodeId: string, report: LeaseReport): Promise<LeaseChange[]> {
  const { at, leases } = report;
  const service = serviceOf(report);
  const rows = leases.map((lease) => ({ ...lease, hostname: cleanHostname(lease.hostname) }));
  return tx.all(sql<LeaseChange>`
    with clock as (
      select make_interval(secs => round(extract(epoch from now() - ${at}::timestamptz) / 10)::double precision * 10) as shift
    ), wanted as (
      select distinct on (address) r.address, r."subnetId" as subnet_id, r.mac, r."clientId" as client_id, r.hostname,
        case when r."expiresAt" + shift <= now() then 'expired' else r.state end as state,
        r."startsAt" + shift as starts_at, r."expiresAt" + shift as expires_at
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (address inet, "subnetId" int, mac text, "clientId" text,
        hostname text, state text, "startsAt" timestamptz, "expiresAt" timestamptz), clock
      order by address
    ), before as (
      select address, mac, hostname, state, expires_at > now() and state <> 'expired' as is_live from leases
      where node_id = ${nodeId} and address = any(${rows.map((lease) => lease.address)}::inet[])
    ), stored as (
      insert into leases as l (node_id, service, address, subnet_id, mac, client_id, hostname, state, starts_at, expires_at)
      select ${nodeId}, ${service}, address, subnet_id, mac, client_id, hostname, state, starts_at, expires_at from wanted
      on conflict (node_id, address) do update set service = excluded.service, subnet_id = excluded.subnet_id, mac = excluded.mac,
        client_id = excluded.client_id, hostname = excluded.hostname, state = excluded.state,
        starts_at = excluded.starts_at, expires_at = excluded.expires_at, reported_at = now(),
        named_since = case when l.hostname = excluded.hostname and l.mac is not distinct from excluded.mac
          and l.state = excluded.state and l.expires_at > now() then l.named_since else now() end
      where (l.service, l.subnet_id, l.mac, l.client_id, l.hostname, l.state, l.starts_at, l.expires_at) is distinct from
        (excluded.service, excluded.subnet_id, excluded.mac, excluded.client_id, excluded.hostname, excluded.state, excluded.starts_at, excluded.expires_at)
    )
    select host(w.address) as address, w.mac, case when w.state = 'active' then w.hostname else '' end as hostname,
      case when b.is_live then b.hostname else '' end as before,
      case when w.state = 'expired' then 'removed' when b.is_live and b.mac is not distinct from w.mac then 'changed' else 'added' end as kind
    from wanted w left join before b using (address)
    where (w.state <> 'expired' or b.is_live)
      and (b.is_live, b.mac, b.hostname, b.state) is distinct from (true, w.mac, w.hostname, w.state)`);
}

async function announceChanges(
  tx: Tx,
  from: { readonly actor: string; readonly node: string },
  changes: readonly LeaseChange[],
): Promise<void> {
  if (changes.length === 0) return;
  const isNamed = changes.some((change) => change.hostname !== change.before);
  const macs = changes.flatMap(({ kind, mac }) => (kind === 'changed' || mac === null ? [] : [mac]));
  const touchesNames = (isNamed && (await wantsLeaseNames(tx))) || (await areMachineMacs(tx, macs));
  if (touchesNames || (await touchesLeaseEnds(tx, changes))) await raiseObserved(tx);
  const count = (kind: LeaseChange['kind']) => changes.filter((change) => change.kind === kind).length;
  const summary = { added: count('added'), changed: count('changed'), removed: count('removed') };
  const events: NewEvent[] =
    changes.length > EVENTS_MAX
      ? [{ kind: 'lease.changed', subject: from.node, data: summary }]
      : changes.map((change) => eventOf(from.node, change));
  await storeEvents(tx, from.actor, events);
}

function eventOf(node: string, { kind, address, mac, hostname, before }: LeaseChange): NewEvent {
  return {
    kind: `lease.${kind}`,
    subject: address,
    data: { node, mac, hostname: kind === 'removed' ? before : hostname },
  };
}
