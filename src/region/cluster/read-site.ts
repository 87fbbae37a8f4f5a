import type { HostObservation } from '../../contract/cluster/agent.ts';
import { isDatabaseExternal, mainAddress } from '../../model/cluster/cluster.ts';
import { readLiveRegions, readSlotBounds } from '../../store/queries/cluster/standing.ts';
import { readPause } from '../../store/queries/cluster/pause.ts';
import { readRecoveries } from '../../store/queries/cluster/recoveries.ts';
import { readRoles } from '../../store/queries/cluster/roles.ts';
import { listStuckJobs } from '../../store/queries/base/jobs/end.ts';
import { type NamedAttachment, readNamedAttachments } from '../../store/queries/cluster/rack-views.ts';
import { readRackNodes } from '../../store/queries/cluster/racks.ts';
import { readCluster } from '../../store/snapshot.ts';
import type { Tx } from '../../store/tx.ts';
import { findingOf } from '../../contract/base/wire/finding.ts';
import { appliedOf, isSettling, isStale, trackServices } from '../base/tracking.ts';
import type { CasePorts } from '../base/use-case.ts';
import { readBackupOverview } from './backups/overview.ts';
import { readNotes } from './findings/notes.ts';
import { readShownSite } from './site-certificate/shown-site.ts';
import { FRESH_MS } from '../base/absence.ts';
import { readServed } from './pairs/served.ts';
import type { SeenNode } from '../base/seen.ts';
import { type ClusterSite, type KnownSiteNode, siteNode } from './site.ts';

/** Four times as long as the longest takeover, seconds. */
const STUCK_S = 60;

/** Reads everything that status and doctor are concluded from, at one moment of the database. */
export async function readSite(tx: Tx, context: CasePorts, known: readonly SeenNode[]): Promise<ClusterSite> {
  const now = context.clock.now();
  const cluster = await readCluster(tx);
  const live = new Map((await readLiveRegions(tx, FRESH_MS / 1000)).map((row) => [row.node, row.version]));
  const names = context.renderer.services.map((service) => service.name);
  const attachments = await readNamedAttachments(tx);
  const racks = await readRackNodes(tx);
  const roles = await readRoles(tx);
  const beganOf = (name: string, role: string) =>
    roles.find((row) => row.role === role && row.node === name)?.since ?? null;
  const nodeOf = (node: SeenNode) => ({
    ...knownSiteNode(node, live.get(node.name) ?? null, now),
    began: { primary: beganOf(node.name, 'primary'), vip: beganOf(node.name, 'vip') },
    absence: node.absence,
  });
  const servers = isDatabaseExternal(cluster) ? await context.servers() : null;
  return {
    now,
    version: context.version,
    source: 'database',
    cluster,
    database: await context.health(),
    nodes: known.map((node) => siteNode(nodeOf(node), now)),
    racks: racks.flatMap(({ nodeId, isMaster }) => {
      const node = known.find((one) => one.id === nodeId);
      return node ? [{ name: node.name, isMaster, vlans: vlansOf(nodeId, attachments) }] : [];
    }),
    served: await readServed(tx, attachments),
    services: trackServices(known, names, now),
    findings: known.flatMap(({ name, findings }) =>
      findings
        .filter(({ severity }) => severity === 'error')
        .map((one) => ({ node: name, service: one.service, ...findingOf(one) })),
    ),
    wal: cluster === null || isDatabaseExternal(cluster) ? null : await readSlotBounds(tx),
    stuckJobs: await listStuckJobs(tx, STUCK_S),
    authority: context.authority(),
    ...(servers === null ? {} : { servers }),
    ...(cluster === null ? {} : { ...(await lastRecovery(tx)), shown: await readShownSite(tx, context) }),
    ...(cluster === null ? {} : { backups: await readBackupOverview(tx) }),
    pausedSince: (await readPause(tx))?.since ?? null,
    notes: await readNotes(tx),
  };
}

async function lastRecovery(tx: Tx): Promise<Pick<ClusterSite, 'recovery'>> {
  const recovery = (await readRecoveries(tx)).at(-1);
  return recovery === undefined ? {} : { recovery };
}

function vlansOf(nodeId: string, attachments: readonly NamedAttachment[]): string[] {
  return [
    ...new Set(attachments.filter((attachment) => attachment.nodeId === nodeId).map((attachment) => attachment.vlan)),
  ];
}

function knownSiteNode(node: SeenNode, regionVersion: string | null, now: number): KnownSiteNode {
  const { row, published, report } = node;
  const host: HostObservation | null = node.host;
  return {
    id: node.id,
    name: node.name,
    isRegion: row.isRegion,
    isRack: row.isRack,
    state: row.state,
    isDrained: row.isDrained,
    drainedAt: row.drainedAt,
    address: mainAddress(row),
    wanted: published?.generation ?? null,
    applied: appliedOf(report?.services ?? []),
    report: reportState(node, now),
    reportedAt: report?.at ?? null,
    agent: node.agent && { version: node.agent.version, since: node.agent.since },
    region: row.isRegion && regionVersion !== null ? { isReady: true, version: regionVersion } : null,
    isContainer: node.facts?.isContainer ?? false,
    observed: report?.services ?? [],
    ...(report === null ? {} : { versions: report.versions }),
    host,
  };
}

function reportState(node: SeenNode, now: number): KnownSiteNode['report'] {
  if (node.report === null) return 'never';
  if (isStale(node, now)) return 'silent';
  const wanted = node.published?.generation ?? 0;
  const isCurrent = node.report.services.every((row) => row.wanted >= wanted && row.applied === row.wanted);
  return isCurrent && !isSettling(node, now) ? 'current' : 'applying';
}
