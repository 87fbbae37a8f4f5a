import type { HostObservation, ServiceObservation } from '../../contract/cluster/agent.ts';
import { parseLbFacts } from '../../services/lb/facts.ts';

/** Word of a node that is older than this is not relied on, ms: agents report every 10 s, and at once when something changes. */
export const FRESH_MS = 20_000;

/** A node that others say is gone, though its own last word is still young. `by`: who says so, by name. */
export interface Absence {
  readonly by: readonly string[];
}

/** What is looked at of a node. */
export interface Reporter {
  readonly name: string;
  readonly isRegion: boolean;
  readonly reportedAt: string | null;
  readonly observed: readonly ServiceObservation[];
  readonly host: HostObservation | null;
}

/** When a service was asked that a report tells of, ms: the report's arrival less the age that its agent gives. */
export function probeTimeOf(node: Pick<Reporter, 'reportedAt' | 'host'>, service: string): number {
  return Date.parse(node.reportedAt ?? '') - (node.host?.ages?.[service] ?? 0);
}

/**
 * Region nodes that are gone by the word of the others: the haproxy of each checks all of them twice a second and more, and its agent tells at once what
 * changed. A word counts when it was heard after the node's own last one, so a node that speaks again is back. More must say that it is gone than that it
 * answers: one way that is cut between two nodes takes nobody away. By name. Pure.
 */
export function absencesOf(nodes: readonly Reporter[], now: number): ReadonlyMap<string, Absence> {
  const gone = nodes
    .filter((node) => node.isRegion && node.reportedAt !== null)
    .map((node) => absenceOf(node, nodes, now));
  return new Map(gone.filter((entry) => entry !== null));
}

function absenceOf(node: Reporter, nodes: readonly Reporter[], now: number): readonly [string, Absence] | null {
  const own = Date.parse(node.reportedAt ?? '');
  const statements = nodes.flatMap((other) => {
    if (!other.isRegion || other.name === node.name || other.reportedAt === null) return [];
    const at = probeTimeOf(other, 'lb');
    if (at <= own || now - at > FRESH_MS) return [];
    const row = other.observed.find((one) => one.service === 'lb' && one.state === 'healthy');
    const seen = parseLbFacts(row?.facts)?.regions.find((region) => region.name === node.name);
    return seen === undefined ? [] : [{ by: other.name, isSilent: seen.isSilent === true }];
  });
  const by = statements.filter((statement) => statement.isSilent).map((statement) => statement.by);
  return by.length > statements.length - by.length ? [node.name, { by }] : null;
}
