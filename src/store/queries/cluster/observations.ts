import { sql } from 'kysely';
import type {
  AgentFinding,
  Facts,
  HostObservation,
  Observation,
  ServiceObservation,
} from '../../../contract/cluster/agent.ts';
import { stableJson } from '../../../core/stable-json.ts';
import type { LostAddresses } from '../../../model/networks/vlan-attachments.ts';
import { keepAddresses, lostAddresses, lostForMs, ownInterfaces } from '../../../model/networks/vlan-attachments.ts';
import { keepRefusals } from '../../publication/refusals.ts';
import type { Tx } from '../../tx.ts';
import type { NewEvent } from '../../write.ts';
import { storeActions } from './actions.ts';
import { readFloatingAddress } from './floating-address.ts';
import { notePairCertificate } from './pair-authorities.ts';
import { notePause, reportedPause } from './pause.ts';
import { noteRoles, reportedRole } from './roles.ts';
import { storeEvents } from '../base/events.ts';
import { confirmReleases } from '../networks/subnet-releases.ts';
import { raiseObserved } from '../base/watermark.ts';

/** The last full report of a node. `reportedAt` by the database's clock. */
export interface NodeObservation {
  readonly nodeId: string;
  readonly generation: number;
  readonly digest: string;
  readonly agentVersion: string;
  readonly agentSince: string;
  readonly staleSince: string | null;
  readonly facts: Facts;
  /** Findings of the agent about itself, such as an unusable ledger. */
  readonly findings: readonly AgentFinding[];
  /** Null: its agent has not reported it. */
  readonly host: HostObservation | null;
  readonly reportedAt: string;
  readonly services: readonly ServiceObservation[];
}

/**
 * Stores a node's report whole and forgets services that it does not name. A service whose state changed makes an event `service.<state>`; so does a
 * role of the cluster that moved to another node. A second time does no harm.
 */
export async function storeObservation(tx: Tx, node: { id: string; name: string }, report: Observation): Promise<void> {
  const { generation, digest, agentVersion, agentSince, staleSince, services } = report;
  const before = await tx.one(sql<Before>`
    select facts, host, lost, (extract(epoch from clock_timestamp()) * 1000)::float8 as now
    from node_observations where node_id = ${node.id} for update`);
  const facts = factsOf(report.facts, before?.facts);
  const lost = before === null ? [] : await lostSince(tx, facts, before, agentSince);
  await tx.run(sql`
    insert into node_observations (node_id, generation, digest, agent_version, agent_since, stale_since, facts, findings, host, lost)
    values (${node.id}, ${generation}, ${digest}, ${agentVersion}, ${agentSince}, ${staleSince},
      ${JSON.stringify(facts)}::jsonb, ${JSON.stringify(report.findings ?? [])}::jsonb,
      ${report.host === undefined ? null : JSON.stringify(report.host)}::jsonb, ${JSON.stringify(lost)}::jsonb)
    on conflict (node_id) do update set generation = excluded.generation, digest = excluded.digest,
      agent_version = excluded.agent_version, agent_since = excluded.agent_since, stale_since = excluded.stale_since,
      facts = excluded.facts, findings = excluded.findings, host = excluded.host, lost = excluded.lost,
      reported_at = now()`);
  const known = await tx.all(sql<{ service: string; state: string; body: ServiceObservation }>`
    select service, state, body from observations where node_id = ${node.id} for update`);
  const list = JSON.stringify(services.map((service) => ({ name: service.service, body: service })));
  await tx.run(sql`
    insert into observations (node_id, service, state, since, body)
    select ${node.id}, o ->> 'name', o -> 'body' ->> 'state', (o -> 'body' ->> 'since')::timestamptz, o -> 'body'
    from jsonb_array_elements(${list}::jsonb) as o
    on conflict (node_id, service) do update
      set state = excluded.state, since = excluded.since, body = excluded.body, reported_at = now()
      where observations.body <> excluded.body`);
  await tx.run(sql`delete from observations where node_id = ${node.id}
    and service <> all(${services.map(({ service }) => service)}::text[])`);
  // Which VLANs a node sees follows from its interfaces.
  const isLossChanged = stableJson(lost) !== stableJson(before?.lost ?? []);
  if (isLossChanged || (await areFactsChanged(tx, facts, before?.facts))) await raiseObserved(tx);
  await notePairCertificate(tx, node.id, report.host);
  const released = await confirmReleases(tx, node, report);
  const states = new Map(known.map(({ service, state }) => [service, state]));
  const changed = services.filter(({ service, state }) => states.get(service) !== state);
  await storeActions(tx, node.id, report);
  await keepRefusals(tx, node.id, report);
  const host = before?.host ?? undefined;
  const oldRole = reportedRole({ services: known.map(({ body }) => body), ...(host === undefined ? {} : { host }) });
  const moved = await noteRoles(tx, node, oldRole, reportedRole(report));
  const paused = await notePause(tx, node.name, reportedPause(report));
  await storeEvents(tx, `node:${node.id}`, [
    ...changed.map((service) => eventOf(node.name, service, states.get(service.service))),
    ...moved,
    ...paused,
    ...released,
  ]);
}

/** What was stored of a node; `now`: by the database's clock, ms. */
interface Before {
  readonly facts: Facts;
  readonly host: HostObservation | null;
  readonly lost: readonly LostAddresses[];
  readonly now: number;
}

/** What the node has lost a moment ago. An agent that has just started has not read its facts yet: it has lost nothing. */
async function lostSince(
  tx: Tx,
  facts: Facts,
  { facts: before, lost, now }: Before,
  agentSince: string,
): Promise<LostAddresses[]> {
  const at = Math.round(now);
  const found = lostAddresses(facts.interfaces, { interfaces: before.interfaces, lost }, at, lostForMs(agentSince, at));
  // The floating address goes from node to node.
  return found.length === 0
    ? []
    : ownInterfaces(found, await readFloatingAddress(tx)).filter((one) => one.addresses.length > 0);
}

/** Did the interfaces change, apart from the floating address? Its moves do not change a node. */
async function areFactsChanged(tx: Tx, facts: Facts, before: Facts | undefined): Promise<boolean> {
  const known = before?.interfaces ?? [];
  if (stableJson(facts.interfaces) === stableJson(known)) return false;
  const vip = await readFloatingAddress(tx);
  const own = (interfaces: Facts['interfaces']) => stableJson(ownInterfaces(interfaces, vip));
  return own(facts.interfaces) !== own(known);
}

/**
 * A node's facts from its report. An agent that has just started has not read its facts yet (empty host name); then the old ones stay. Otherwise a
 * restart of the agent would take the node off its VLANs, and their services away.
 */
function factsOf(reported: Facts, before: Facts | undefined): Facts {
  if (before === undefined) return reported;
  if (reported.hostname === '') return before;
  return { ...reported, interfaces: keepAddresses(reported.interfaces, before.interfaces) };
}

/** Has an agent that started later than this one just reported as the same node? A restarted agent is the later one. */
export async function isOutrun(tx: Tx, nodeId: string, report: Pick<Observation, 'agentSince'>): Promise<boolean> {
  const later = await tx.one(sql`select from node_observations where node_id = ${nodeId}
    and agent_since > ${report.agentSince}::timestamptz and reported_at > now() - interval '30 seconds'`);
  return later !== null;
}

/** Last reports of all nodes, or of one. */
export async function readObservations(tx: Tx, nodeId?: string): Promise<NodeObservation[]> {
  const isWanted = nodeId === undefined ? sql`true` : sql`node_id = ${nodeId}`;
  const nodes = await tx.all(sql<Omit<NodeObservation, 'services'>>`
    select node_id as "nodeId", generation, digest, agent_version as "agentVersion", agent_since as "agentSince",
      stale_since as "staleSince", facts, findings, host, reported_at as "reportedAt"
    from node_observations where ${isWanted} order by node_id collate "C"`);
  const rows = await tx.all(sql<{ nodeId: string; body: ServiceObservation }>`
    select node_id as "nodeId", body from observations where ${isWanted} order by node_id collate "C", service collate "C"`);
  const services = Map.groupBy(rows, (row) => row.nodeId);
  return nodes.map((node) => ({ ...node, services: (services.get(node.nodeId) ?? []).map(({ body }) => body) }));
}

function eventOf(node: string, service: ServiceObservation, before: string | undefined): NewEvent {
  return {
    kind: `service.${service.state}`,
    subject: `${node}/${service.service}`,
    data: { before: before ?? null, generation: service.applied, since: service.since, why: service.why },
  };
}

/** Nodes whose agent reported within 15 s: it does so every 10 s. */
export async function readLiveNodes(tx: Tx): Promise<ReadonlySet<string>> {
  const rows = await tx.all(sql<{ id: string }>`
    select node_id as id from node_observations where reported_at > clock_timestamp() - interval '15 s'`);
  return new Set(rows.map(({ id }) => id));
}
