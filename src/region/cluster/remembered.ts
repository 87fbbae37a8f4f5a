import type { Layout, RegionMemory } from '../../contract/cluster/memory.ts';
import type { ClusterStatus } from '../../contract/cluster/status.ts';
import type { Service } from '../../contract/cluster/service.ts';
import type { DatabaseHealth } from '../base/port.ts';
import { appliedOf, isStale } from '../base/tracking.ts';
import { absencesOf } from '../base/absence.ts';
import type { ServerState } from '../../store/pool/server-states.ts';
import { siteSentence } from './view.ts';
import { type ClusterSite, type KnownSiteNode, siteNode } from './site.ts';

/** What a site is put together from while the database is away. The first memory is this region's own. */
export interface Remembered {
  readonly now: number;
  readonly version: string;
  readonly memories: readonly RegionMemory[];
  /** Regions that do not answer now: their earlier answers count, but nobody knows whether they are ready. */
  readonly mute?: ReadonlySet<string>;
  readonly database: DatabaseHealth;
  readonly authority: { readonly notAfter: string } | null;
  /** Servers of an operator's own database; null and left out: not known. */
  readonly servers?: readonly ServerState[] | null;
}

const NO_LAYOUT: Layout = { cluster: null, nodes: [], racks: [] };

/** The site as the regions remember it: of each node the newest report that any of them has. Pure. */
export function rememberedSite({ now, version, memories, mute, database, ...rest }: Remembered): ClusterSite {
  const layout = memories.find((memory) => memory.layout !== null)?.layout ?? NO_LAYOUT;
  const answering = memories.filter(({ node }) => mute?.has(node) !== true);
  const rememberedNodes = layout.nodes.map((node) => {
    const region = answering.find((memory) => memory.node === node.name);
    return rememberedNode(node, { memories, region, now });
  });
  const absences = absencesOf(rememberedNodes, now);
  const known = rememberedNodes.map((node) => {
    const absence = absences.get(node.name) ?? null;
    return absence === null ? node : { ...node, absence, report: 'silent' as const };
  });
  const paused = memories.flatMap((memory) => memory.reports.flatMap((row) => row.first?.paused ?? [])).toSorted();
  return {
    now,
    version,
    source: 'memory',
    cluster: layout.cluster,
    database,
    nodes: known.map((node) => siteNode(node, now)),
    racks: layout.racks,
    served: layout.served ?? [],
    services: known.flatMap((node) => node.observed.map((row) => rememberedService(node, row, now))),
    wal: null,
    stuckJobs: null,
    authority: rest.authority,
    ...(rest.servers == null ? {} : { servers: rest.servers }),
    pausedSince: paused[0] ?? null,
  };
}

/** The verdict while the database is away: always degraded, and what can be lost first. */
export function rememberedVerdict(site: ClusterSite): Pick<ClusterStatus, 'state' | 'summary'> {
  const sentence = siteSentence(site);
  const lead = `${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}.`;
  const why = site.database.isUp ? '' : ` The database is away: ${site.database.why}`;
  return { state: 'degraded', summary: `${lead}${why}` };
}

/** `region`: what its own region says of itself; undefined: it does not answer. */
function rememberedNode(
  node: Layout['nodes'][number],
  { memories, region, now }: Pick<Remembered, 'memories' | 'now'> & { readonly region: RegionMemory | undefined },
): KnownSiteNode {
  const reports = memories.flatMap((memory) => memory.reports.filter((row) => row.nodeId === node.id));
  const last = reports.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
  const report = last?.report;
  return {
    ...node,
    isDrained: node.isDrained ?? false,
    drainedAt: node.drainedAt ?? null,
    isRemembered: true,
    wanted: null,
    applied: appliedOf(report?.services ?? []),
    report: last === undefined ? 'never' : isStale({ report: reportAt(last.at) }, now) ? 'silent' : 'current',
    reportedAt: last?.at ?? null,
    agent: report ? { version: report.agentVersion, since: report.agentSince } : null,
    region: node.isRegion && region ? { isReady: region.isReady, version: region.version } : null,
    isContainer: report?.facts.isContainer ?? false,
    observed: report?.services ?? [],
    ...(report === undefined ? {} : { versions: report.facts.versions }),
    host: report?.host ?? null,
    began: { primary: last?.first?.primary ?? null, vip: last?.first?.vip ?? null },
  };
}

const reportAt = (at: string) => ({ generation: 0, at, versions: {}, services: [] });

/** What is wanted is in the database: here a service is wanted that its agent does not report as absent. */
function rememberedService(node: KnownSiteNode, row: KnownSiteNode['observed'][number], now: number): Service {
  const isSilent =
    node.reportedAt !== null && isStale({ report: reportAt(node.reportedAt), isGone: node.absence != null }, now);
  return {
    node: node.name,
    service: row.service,
    state: isSilent ? 'stale' : row.state,
    since: row.since,
    why: row.why,
    isWanted: row.state !== 'absent',
    wanted: row.wanted,
    applied: row.applied,
    isCurrent: row.applied === row.wanted,
    reportedAt: node.reportedAt,
    lastState: row.state,
    version: null,
    lastAction: row.lastAction,
    restart: null,
    findings: [],
  };
}
