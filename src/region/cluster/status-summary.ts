import { formatCount } from '../../core/count-text.ts';
import { errorTexts, findingOf } from '../../contract/base/wire/finding.ts';
import type { Service } from '../../contract/cluster/service.ts';
import type { Status } from '../../contract/site/status.ts';
import type { DatabaseHealth } from '../base/port.ts';
import { listOf } from './site.ts';
import type { ClusterVerdict } from './view.ts';
import type { TrackedNode } from '../base/tracking.ts';
import { appliedOf, isAway, isSettling, isStale, SETTLE_MS, trackServices } from '../base/tracking.ts';

/** What the summary is made from. `now` in ms. */
export interface StatusFacts {
  readonly version: string;
  readonly now: number;
  readonly revision: number;
  readonly published: number;
  /** Time of the first change that is not published; null when all are. */
  readonly unpublishedSince: string | null;
  /** The version that publishes, and whether a living region has it. */
  readonly publisher: { readonly version: string; readonly isLiving: boolean };
  readonly database: DatabaseHealth;
  readonly nodes: readonly TrackedNode[];
  readonly services: readonly string[];
  readonly counts: Status['counts'];
  /** The doctor's verdict on the site as a whole; null: the doctor did not run. */
  readonly cluster: ClusterVerdict | null;
}

/**
 * The site on one screen; pure. `ok` only when the database takes writes, every node has what is published, or has just started to take it
 * over, all is healthy, and the cluster can lose as many nodes as its size promises.
 */
export function summarise(facts: StatusFacts): Status {
  const services = trackServices(facts.nodes, facts.services, facts.now);
  const nodes = facts.nodes.map((node) => nodeLine(node, services, facts.now));
  const findings = facts.nodes.flatMap((node) =>
    node.findings.map((finding) => ({ node: node.name, service: finding.service, ...findingOf(finding) })),
  );
  const settling = new Set(facts.nodes.filter((node) => isSettling(node, facts.now)).map((node) => node.name));
  // A joining node is watched by the operator who joins it; the site does not depend on it.
  const joining = new Set(facts.nodes.filter((node) => node.isJoining).map((node) => node.name));
  const notPublished = unpublished(facts);
  const isMuted = (id: string) => facts.cluster?.muted.includes(id) === true;
  const problems = [
    ...(facts.database.isUp ? [] : [`the database is away: ${facts.database.why}`]),
    ...(nodes.length === 0 ? ['there is no node'] : []),
    ...services
      .filter((service) => !isMuted('services') && !joining.has(service.node) && !isFine(service, settling))
      .map((row) => `${row.service} on ${row.node} is ${row.state}`),
    ...nodes
      .filter((node) => !isMuted('agents') && !node.isCurrent && !node.isStale)
      .filter((node) => !settling.has(node.name) && !joining.has(node.name))
      .map((node) => `${node.name} has generation ${node.applied ?? 'none'} of ${node.wanted}`),
    ...(isMuted('configuration') ? [] : errorTexts(findings.filter((finding) => !joining.has(finding.node)))),
    ...(facts.cluster?.problems ?? []),
  ];
  return {
    state: problems.length === 0 && notPublished === null ? 'ok' : 'degraded',
    summary: `${notPublished ?? ''}${leadOf(facts.cluster)}${sentenceOf(
      problems,
      services.filter((row) => !joining.has(row.node)),
      settling,
    )}${warningsText(facts.cluster)}`,
    version: facts.version,
    time: new Date(facts.now).toISOString(),
    revision: facts.revision,
    published: facts.published,
    database: {
      state: facts.database.isUp ? 'ok' : 'down',
      why: facts.database.why,
      latencyMs: facts.database.latencyMs,
    },
    nodes,
    services: services.map(({ node, service, state, since, why }) => ({ node, service, state, since, why })),
    findings,
    counts: facts.counts,
  };
}

/** How many nodes can be lost comes first: it is the cluster's verdict. */
function leadOf(cluster: ClusterVerdict | null): string {
  if (cluster === null || cluster.sentence === '') return '';
  return `${cluster.sentence.slice(0, 1).toUpperCase()}${cluster.sentence.slice(1)}. `;
}

/** The doctor's warnings do not degrade the site, and are not silent. */
function warningsText(cluster: ClusterVerdict | null): string {
  const { warnings = [], muted = [] } = cluster ?? {};
  const some =
    warnings.length === 0 ? '' : ` ${formatCount(warnings.length, 'warning')} (regent doctor): ${warnings.join(', ')}.`;
  return muted.length === 0 ? some : `${some} Muted (regent finding list): ${muted.join(', ')}.`;
}

/**
 * Changes wait longer for publication than a publisher takes: no region publishes, so nothing below is about the
 * present configuration.
 */
function unpublished({ unpublishedSince, revision, published, now, publisher }: StatusFacts): string | null {
  if (unpublishedSince === null || now - Date.parse(unpublishedSince) <= SETTLE_MS) return null;
  const why = publisher.isLiving ? '' : `: version ${publisher.version} is to publish, and no living region has it`;
  return `Not published: revision ${revision} waits since ${unpublishedSince}, ${published} is the last one that was compiled${why}. `;
}

/** Is the service as it should be? */
function isFine(service: Service, settling: ReadonlySet<string>): boolean {
  const isAsWanted = service.state === (service.isWanted ? 'healthy' : 'absent');
  if (settling.has(service.node)) return isAsWanted || service.state === 'pending';
  return isAsWanted && service.isCurrent;
}

function sentenceOf(problems: readonly string[], services: readonly Service[], settling: ReadonlySet<string>): string {
  const [first, ...rest] = problems;
  if (first === undefined) {
    if (settling.size > 0) return `A change is being applied on ${listOf([...settling])}.`;
    return `All ${services.filter((row) => row.isWanted).length} services are healthy and have what is published.`;
  }
  const sentence = first.replace(/\.?$/, '');
  return rest.length === 0 ? `${sentence}.` : `${sentence}; and ${rest.length} more.`;
}

function nodeLine(node: TrackedNode, services: readonly Service[], now: number): Status['nodes'][number] {
  const own = services.filter((row) => row.node === node.name);
  const wanted = node.published?.generation ?? 0;
  const stale = isStale(node, now);
  return {
    name: node.name,
    isCurrent: wanted > 0 && own.every((row) => row.isCurrent),
    isStale: stale,
    isAway: isAway(node, now),
    reportedAt: node.report?.at ?? null,
    since: stale ? (node.report?.at ?? null) : (node.published?.at ?? null),
    wanted,
    applied: appliedOf(own),
  };
}
