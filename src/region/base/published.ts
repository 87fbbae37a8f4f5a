import type { AgentFinding, HostObservation, ServiceObservation } from '../../contract/cluster/agent.ts';
import type { HostFacts } from '../../core/host-values.ts';
import type { NodeBody } from '../../services/compile-node.ts';
import { type Contact, contactText } from '../../model/people/contact.ts';
import { readContacts } from '../../store/queries/people/contacts.ts';
import { readFindings } from '../../store/publication/findings.ts';
import { readBehindSince, readHeads, readOutlines } from '../../store/publication/heads.ts';
import { allRows } from '../../store/page.ts';
import { listNodes, type NodeRow } from '../../store/queries/cluster/nodes.ts';
import { readLiveNodes, readObservations } from '../../store/queries/cluster/observations.ts';
import type { Tx } from '../../store/tx.ts';
import { AGENT, appliedOf, type TrackedNode } from './tracking.ts';

/** What is published and what the nodes know of themselves, by node id. */
export interface Published {
  readonly bodies: ReadonlyMap<string, NodeBody | null>;
  readonly facts: ReadonlyMap<string, HostFacts>;
  /** Whose agent reported a moment ago. */
  readonly live: ReadonlySet<string>;
}

/** Reads what previews need beside the configuration. */
export async function readPublished(tx: Tx): Promise<Published> {
  const heads = await readHeads(tx);
  const reports = await readObservations(tx);
  return {
    bodies: new Map(heads.map((head) => [head.nodeId, head.body])),
    facts: new Map(reports.map((report) => [report.nodeId, report.facts])),
    live: await readLiveNodes(tx),
  };
}

/** A node with everything that is known of it. */
export interface KnownNode extends TrackedNode {
  readonly row: NodeRow;
  /** The newest configuration that was compiled for it; 0 for none. */
  readonly compiledRevision: number;
  readonly agent: {
    readonly version: string;
    readonly since: string;
    readonly reportedAt: string;
    readonly staleSince: string | null;
  } | null;
  readonly facts: HostFacts | null;
  /** Its certificate, disks and roles; null while its agent has not reported them. */
  readonly host: HostObservation | null;
}

/** Reads all nodes, or one, with what is published for them and what they reported last. */
export async function readKnownNodes(tx: Tx, nodeId?: string): Promise<KnownNode[]> {
  const all = await allRows((page) => listNodes(tx, page));
  const rows = all.filter((row) => nodeId === undefined || row.id === nodeId);
  const heads = new Map((await readOutlines(tx, nodeId)).map((head) => [head.nodeId, head]));
  const reports = new Map((await readObservations(tx, nodeId)).map((report) => [report.nodeId, report]));
  const findings = Map.groupBy(await readFindings(tx, nodeId), (finding) => finding.nodeId);
  const contacts = await readContacts(tx);
  const applied = rows.map((row) => [row.id, appliedOf(reports.get(row.id)?.services ?? []) ?? 0] as const);
  const behind = await readBehindSince(tx, new Map(applied));
  return rows.map((row) => {
    const head = heads.get(row.id);
    const report = reports.get(row.id);
    return {
      id: row.id,
      name: row.name,
      isJoining: row.state !== 'member',
      row,
      published: head
        ? {
            generation: head.generation,
            at: head.publishedAt,
            behindSince: behind.get(row.id) ?? null,
            services: head.body.services,
          }
        : null,
      compiledRevision: head?.compiledRevision ?? 0,
      report: report
        ? {
            generation: report.generation,
            at: report.reportedAt,
            versions: report.facts.versions,
            services: report.services,
          }
        : null,
      agent: report
        ? {
            version: report.agentVersion,
            since: report.agentSince,
            reportedAt: report.reportedAt,
            staleSince: report.staleSince,
          }
        : null,
      facts: report?.facts ?? null,
      host: report?.host ?? null,
      findings: [
        ...(findings.get(row.id) ?? []),
        ...(report?.services ?? []).flatMap(heldFindings),
        ...(report?.findings ?? []).map(agentFinding(row.name)),
      ].map((finding) => withContact(contacts, row.id, finding)),
    };
  });
}

/** A finding whose remedy ends with whom to call. */
function withContact<F extends { readonly subject: string; readonly remedy?: string }>(
  contacts: readonly Contact[],
  nodeId: string,
  finding: F,
): F {
  const contact = contactText(contacts, { subject: finding.subject, nodeId });
  return contact === '' ? finding : { ...finding, remedy: [finding.remedy, contact].filter(Boolean).join(' ') };
}

/** What a daemon's checker did not take, while the rest is in force. */
const heldFindings = ({ service, held = [] }: ServiceObservation) =>
  held.map(({ name, why, remedy }) => ({
    service,
    severity: 'error' as const,
    subject: name,
    code: 'part_refused',
    sentence: `The ${name} is not in force: ${why.replace(/\.$/, '')}: it is left out.`,
    held: name,
    remedy,
  }));

/** What the agent says of itself, beside the findings of its services. */
const agentFinding = (node: string) => (finding: AgentFinding) => ({
  service: AGENT,
  severity: 'warning' as const,
  subject: node,
  code: finding.code,
  sentence: `${finding.sentence} (since ${finding.since})`,
});
