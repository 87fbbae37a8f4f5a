import type { Observation } from '../../contract/cluster/agent.ts';
import type { Tx } from '../../store/tx.ts';
import { type KnownNode, readKnownNodes } from './published.ts';
import { type Absence, absencesOf, type Reporter } from './absence.ts';

/** A report that came to a region, whether or not the database has it. `at`: when, by that region's clock. */
export type ReceivedReport = { readonly at: string; readonly report: Observation };

/** What reading the nodes as they are now needs. `latestReportOf`: the newest report that regions have in memory of a node. */
export type SeenPorts = { readonly clock: { now(): number }; latestReportOf(nodeId: string): ReceivedReport | null };

/** A node with what the other nodes report of it. */
export interface SeenNode extends KnownNode {
  /** Null: the others do not say that it is gone. */
  readonly absence: Absence | null;
}

/**
 * Reads all nodes, or one, each with its newest report: after an outage of the database its rows are older than what
 * regions have in memory. A node that the others report as gone is stale, however young its last report is.
 */
export async function readSeenNodes(tx: Tx, ports: SeenPorts, nodeId?: string): Promise<SeenNode[]> {
  const newest = (await readKnownNodes(tx)).map((node) => withNewerReport(node, ports.latestReportOf(node.id)));
  const absences = absencesOf(newest.map(reporterOf), ports.clock.now());
  return newest
    .filter((node) => nodeId === undefined || node.id === nodeId)
    .map((node) => {
      const absence = absences.get(node.name) ?? null;
      return { ...node, absence, isGone: absence !== null };
    });
}

function reporterOf(node: KnownNode): Reporter {
  const { name, row, report, host } = node;
  return { name, isRegion: row.isRegion, reportedAt: report?.at ?? null, observed: report?.services ?? [], host };
}

/** The row of the database, or the report that came later. Pure. */
export function withNewerReport(node: KnownNode, received: ReceivedReport | null): KnownNode {
  if (received === null || Date.parse(received.at) <= Date.parse(node.report?.at ?? '')) return node;
  // The region refuses the report of an agent that a later one has replaced.
  if (Date.parse(received.report.agentSince) < Date.parse(node.agent?.since ?? '')) return node;
  const { report, at } = received;
  const { services, generation, agentVersion, agentSince, staleSince } = report;
  const facts = report.facts.hostname === '' ? node.facts : report.facts;
  return {
    ...node,
    report: { generation, at, versions: facts?.versions ?? {}, services },
    agent: { version: agentVersion, since: agentSince, reportedAt: at, staleSince },
    facts,
    host: report.host ?? node.host,
  };
}
