import type { HostObservation, ServiceObservation } from '../../contract/cluster/agent.ts';
import { parseLbFacts } from '../../services/lb/facts.ts';

/** A node's report that is older than this does not count, ms. Agents report every 10 s, and at once on a change. */
export const FRESH_MS = 20_000;

/**
 * Other nodes report that a node is gone, though its own last report is still young. `by`: the names of those nodes.
 */
export type Absence = { readonly by: readonly string[] };

/** What the check for absence needs of a node. */
export interface Reporter {
  readonly name: string;
  readonly isRegion: boolean;
  readonly reportedAt: string | null;
  readonly observed: readonly ServiceObservation[];
  readonly host: HostObservation | null;
}

/** When the agent probed a service of its report, ms: the report's arrival less the age that the agent gives. */
export function probeTimeOf(node: Pick<Reporter, 'reportedAt' | 'host'>, service: string): number {
  return Date.parse(node.reportedAt ?? '') - (node.host?.ages?.[service] ?? 0);
}

/**
 * Region nodes that the others report as gone, by name. The haproxy of each node checks all others at least twice a
 * second, and its agent reports a change at once. A statement counts if it arrived after the node's own last report,
 * so a node that reports again is back. More nodes must report it gone than report that it answers: one cut link
 * between two nodes removes nobody. Pure.
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
