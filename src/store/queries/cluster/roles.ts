import { sql } from 'kysely';
import type { Observation } from '../../../contract/cluster/agent.ts';
import type { Tx } from '../../tx.ts';
import type { NewEvent } from '../../write.ts';

/** The roles that only one node can have, as one report has them. */
interface ReportedRole {
  readonly isHolder: boolean | null;
  /** The timeline of the primary; null: the node is not the primary, or does not say. */
  readonly timeline: number | null;
}

type RoleRow = { readonly node: string; readonly mark: number };

/** An older report of a holder counts no more: its host may be dead. */
const FRESH = '15 seconds';

/** What a report says of the floating address and of the database's primary. */
export function reportedRole(report: Pick<Observation, 'services' | 'host'>): ReportedRole {
  const factsOf = (name: string) => report.services.find((row) => row.service === name)?.facts;
  const db = factsOf('db');
  const timeline = db?.['role'] === 'primary' && typeof db['timeline'] === 'number' ? db['timeline'] : null;
  const vipState = report.host?.roles.vip?.state;
  const held = vipState === undefined ? factsOf('vip')?.['isHolder'] : vipState === 'active';
  return { isHolder: typeof held === 'boolean' ? held : null, timeline };
}

/**
 * Stores who holds the floating address and who is the primary, and gives the events of changes. Each change gives one event, whichever regions receive
 * of it, in whatever order the reports come. A possible change is compared again and stored under its row's lock. Most reports change nothing and
 * take no lock; otherwise the reports of all nodes would wait until the standbys have this one. `before`: the node's previous report.
 */
export async function noteRoles(
  tx: Tx,
  node: { id: string; name: string },
  before: ReportedRole,
  now: ReportedRole,
): Promise<NewEvent[]> {
  return [...(await notePrimary(tx, node.name, now)), ...(await noteHolder(tx, node, before, now))];
}

/** Every promotion raises the timeline, so an older report never replaces a newer one. */
async function notePrimary(tx: Tx, name: string, { timeline }: ReportedRole): Promise<NewEvent[]> {
  if (timeline === null) return [];
  const known = await readRow(tx, 'primary');
  if (known !== null && timeline <= known.mark) return [];
  const row = await lockedRow(tx, 'primary', name, timeline);
  if (row === null || timeline <= row.mark) return [];
  await tx.run(sql`update cluster_roles set node = ${name}, mark = ${timeline},
    since = case when node = ${name} then since else now() end where role = 'primary'`);
  if (row.node === name) return [];
  return [
    { kind: 'cluster.primary-changed', subject: `${row.node} → ${name}`, data: { from: row.node, to: name, timeline } },
  ];
}

/**
 * The address has no such number. A node that did not hold it and now does is the new holder: a late report of the old holder is no change of that
 * node. A node that held it all along is the holder when no other node claims it any more.
 */
async function noteHolder(
  tx: Tx,
  node: { id: string; name: string },
  before: ReportedRole,
  now: ReportedRole,
): Promise<NewEvent[]> {
  const { isHolder } = now;
  if (isHolder === null) return [];
  const known = await readRow(tx, 'vip');
  if (known === null && !isHolder) return [];
  const isTaken = isHolder && before.isHolder !== true;
  const holderBut = async (noted: RoleRow) => {
    const holder = isTaken ? node.name : await onlyHolder(tx, node, isHolder);
    return holder === noted.node ? null : holder;
  };
  if (known !== null && (await holderBut(known)) === null) return [];
  const row = isHolder ? await lockedRow(tx, 'vip', node.name, 0) : await lockRow(tx, 'vip');
  if (row === null) return [];
  const holder = await holderBut(row);
  if (holder === null) return [];
  await tx.run(sql`update cluster_roles set node = ${holder}, mark = mark + 1, since = now() where role = 'vip'`);
  return [{ kind: 'cluster.vip-moved', subject: `${row.node} → ${holder}`, data: { from: row.node, to: holder } }];
}

/** The one node that reports to hold the address; null: none or several. */
async function onlyHolder(tx: Tx, node: { id: string; name: string }, isHolder: boolean): Promise<string | null> {
  const others = await tx.all(sql<{ name: string }>`
    select n.name from nodes n join node_observations r on r.node_id = n.id
    where n.id <> ${node.id} and r.reported_at > now() - ${FRESH}::interval
      and coalesce(r.host -> 'roles' -> 'vip' ->> 'state' = 'active',
        (select (o.body -> 'facts' ->> 'isHolder')::boolean from observations o where o.node_id = n.id and o.service = 'vip'), false)`);
  const names = [...others.map((row) => row.name), ...(isHolder ? [node.name] : [])];
  return names.length === 1 ? (names[0] ?? null) : null;
}

/** Locks the row. If there was none, makes it and gives null, because the first value is no change. */
async function lockedRow(tx: Tx, role: string, name: string, mark: number): Promise<RoleRow | null> {
  const made = await tx.run(
    sql`insert into cluster_roles (role, node, mark) values (${role}, ${name}, ${mark}) on conflict (role) do nothing`,
  );
  return made === 1 ? null : lockRow(tx, role);
}

function readRow(tx: Tx, role: string): Promise<RoleRow | null> {
  return tx.one(sql<RoleRow>`select node, mark from cluster_roles where role = ${role}`);
}

function lockRow(tx: Tx, role: string): Promise<RoleRow | null> {
  return tx.one(sql<RoleRow>`select node, mark from cluster_roles where role = ${role} for update`);
}

/** Since when who has which role. */
export function readRoles(tx: Tx): Promise<{ readonly role: string; readonly node: string; readonly since: string }[]> {
  return tx.all(sql`select role, node, since from cluster_roles order by role collate "C"`);
}
