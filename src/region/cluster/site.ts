import type { HostObservation, ServiceObservation } from '../../contract/cluster/agent.ts';
import type { Service } from '../../contract/cluster/service.ts';
import type { NodeFinding } from '../../contract/base/wire/finding.ts';
import { isDatabaseExternal } from '../../model/cluster/cluster.ts';
import type { Cluster, NodeState } from '../../model/cluster/node.ts';
import type { DatabaseHealth } from '../base/port.ts';
import type { StoredLearner } from './trust/port.ts';
import { type Absence, FRESH_MS } from '../base/absence.ts';
import { type NodeFacts, nodeFacts } from './facts.ts';
import type { ImageRow } from '../../store/queries/images/images.ts';
import type { MuteRow } from '../../store/queries/cluster/findings.ts';
import type { RecoveryRow } from '../../store/queries/cluster/recoveries.ts';
import type { SlotBounds } from '../../store/queries/cluster/standing.ts';
import type { LeaseGap, PairOnVlan } from '../../store/queries/networks/lease-gaps.ts';
import type { ServerState } from '../../store/pool/server-states.ts';
import type { NamedAddresses } from '../../store/queries/networks/named-clashes.ts';
import type { OwnerlessMachine } from '../../store/queries/machines/ownerless-machines.ts';
import type { PoolRow } from '../../store/queries/networks/pool-use.ts';
import type { StuckJob } from '../../store/queries/base/jobs/end.ts';

/** A node as it is known, before anything is concluded. Times ISO 8601. `wanted` null: nobody knows what is published. */
export interface KnownSiteNode {
  readonly id: string;
  readonly name: string;
  readonly isRegion: boolean;
  readonly isRack: boolean;
  readonly state: NodeState;
  readonly isDrained: boolean;
  /** Since when it is drained; null and left out: not known, or it is not. */
  readonly drainedAt?: string | null;
  readonly address: string;
  readonly wanted: number | null;
  readonly applied: number | null;
  readonly report: 'current' | 'applying' | 'silent' | 'never';
  readonly reportedAt: string | null;
  readonly agent: { readonly version: string; readonly since: string } | null;
  /** Its regiond; null: there is none, or none is reported. */
  readonly region: { readonly isReady: boolean; readonly version: string } | null;
  readonly isContainer: boolean;
  readonly observed: readonly ServiceObservation[];
  /** Of its daemons, by service, as it reported them last; left out: not known. */
  readonly versions?: Readonly<Record<string, string>>;
  readonly host: HostObservation | null;
  /**
   * When a region first received the report that the node has the role, by that region's clock; null or absent: not
   * known.
   */
  readonly began?: { readonly primary: string | null; readonly vip: string | null };
  /** Known only from the memories of regions: it may have reported to one that does not answer now. */
  readonly isRemembered?: true;
  /** Other nodes report that it is gone; null or absent: they do not. */
  readonly absence?: Absence | null;
}

/** A node with the fresh facts of its daemons. */
export interface SiteNode extends KnownSiteNode {
  /** Did it report within `FRESH_MS`, and does nobody know better? */
  readonly isFresh: boolean;
  /** What may be relied on: nothing of a node that is not fresh. */
  readonly facts: NodeFacts;
  /** Its last report, however old. */
  readonly last: NodeFacts;
}

/** A VLAN with DHCP by the configuration: FABRIC/NAME, and the names of the nodes that are its racks. `others`: racks that stand on it besides. */
export interface ServedVlan {
  readonly vlan: string;
  readonly primary: string | null;
  readonly secondary: string | null;
  readonly others: readonly string[];
  /** Its racks that have no interface with an address there. Left out: none. */
  readonly away?: readonly string[];
}

/** Leases as the doctor judges them. Those of a pair are compared while both its racks work together: else one of them has none to give. */
export interface LeaseOverview {
  readonly pairs: readonly (PairOnVlan & { readonly vlan: string; readonly isWhole: boolean })[];
  readonly gaps: readonly LeaseGap[];
  readonly pools: readonly PoolRow[];
}

/** The certificate of the site as the doctor judges it. Times in ms. `sha1`: by which haproxy names it. */
export interface ShownSite {
  readonly isOwn: boolean;
  readonly subject: string;
  readonly issuer: string;
  readonly notAfter: number;
  readonly sha1: string;
  readonly changedAt: number;
  readonly warnings: readonly string[];
}

/** Everything that status and doctor are concluded from: plain values of one moment. `now` in ms. */
export interface ClusterSite {
  readonly now: number;
  readonly version: string;
  readonly source: 'database' | 'memory';
  readonly cluster: Pick<Cluster, 'id' | 'vip' | 'virtualRouter' | 'isDatabaseExternal'> | null;
  readonly database: DatabaseHealth;
  readonly nodes: readonly SiteNode[];
  readonly racks: readonly { readonly name: string; readonly isMaster: boolean; readonly vlans: readonly string[] }[];
  /** VLANs with DHCP, and who is to serve them. */
  readonly served: readonly ServedVlan[];
  readonly services: readonly Service[];
  /** What compilers and agents found, errors only. Absent: not read. */
  readonly findings?: readonly NodeFinding[];
  /** Null: the database was away. */
  readonly wal: SlotBounds | null;
  /** Null: the database was away. */
  readonly stuckJobs: readonly StuckJob[] | null;
  /** The cluster's authority; null: there is none, or this region cannot read it. */
  readonly authority: { readonly notAfter: string } | null;
  /** The certificate that browsers see; null: there is none; absent: the database was away. */
  readonly shown?: ShownSite | null;
  /** When a region first received the report that Patroni is paused; null or absent: not known, or it is not. */
  readonly pausedSince?: string | null;
  /** Servers of an operator's own database; absent: the cluster runs its own, or they were not queried. */
  readonly servers?: readonly ServerState[];
  /** The last recovery of the cluster from one node; absent: never, or the database was away. */
  readonly recovery?: RecoveryRow;
  /** Absent: the database was away, or the site is no cluster. */
  readonly backups?: BackupOverview;
  /** Absent: leases were not read. */
  readonly leases?: LeaseOverview;
  /** Members that etcd's store calls learners although they may vote; null: etcd did not answer; absent: not read. */
  readonly storedLearners?: readonly StoredLearner[] | null;
  /** Absent: images were not read. */
  readonly images?: readonly Pick<ImageRow, 'digest' | 'name' | 'createdAt' | 'files'>[];
  /** Absent: BMCs were not read. */
  readonly bmcs?: BmcOverview;
  /** Since when invariants do not hold, and mutes, by the id of the invariant. Absent: the database was away. */
  readonly notes?: ReadonlyMap<string, FindingNote>;
  /** Left out: nobody read them. */
  readonly named?: NamedAddresses;
  /** Left out: nobody read them. */
  readonly ownerless?: readonly OwnerlessMachine[];
}

/** What is stored of a finding: when it was found first, ISO 8601, and its mute. */
export type FindingNote = { readonly since: string | null; readonly mute: MuteRow | null };

/** Backups as the doctor judges them. Times in ms; null: there is none. */
export interface BackupOverview {
  readonly target: {
    readonly fingerprint: string;
    readonly preparedAt: string | null;
    readonly fullEvery: number;
    readonly incrementalEvery: number;
    readonly drillEvery: number;
    readonly count: number;
  } | null;
  readonly newestAt: number | null;
  /** Of the last job with the store, if it failed. */
  readonly lastFailure: string | null;
  readonly drill: {
    readonly label: string;
    readonly at: number;
    readonly isPassed: boolean;
    readonly broken: readonly string[];
  } | null;
}

/** How many BMCs there are, and those that would be refused by now. `problem`: a clause that follows the name. */
export interface BmcOverview {
  readonly count: number;
  readonly misfits: readonly { readonly name: string; readonly problem: string }[];
}

/**
 * Reads that cost too much for each status: the last ones of all leases and BMCs (monotonic ms), and of the members in
 * etcd's store.
 */
export interface SlowFacts {
  last: (Required<Pick<ClusterSite, 'leases' | 'bmcs' | 'named' | 'ownerless'>> & { readonly at: number }) | null;
  learners?: ClusterSite['storedLearners'];
}

/** Adds what may be concluded from a node's last report at `now`. */
export function siteNode(node: KnownSiteNode, now: number): SiteNode {
  const isYoung = node.reportedAt !== null && now - Date.parse(node.reportedAt) <= FRESH_MS;
  const isFresh = isYoung && (node.absence ?? null) === null;
  const last = nodeFacts(node.observed, node.host);
  return { ...node, isFresh, facts: isFresh ? last : nodeFacts([], null), last };
}

/** Do the nodes run the database themselves? */
export const hasOwnDatabase = ({ cluster }: Pick<ClusterSite, 'cluster'>): boolean => !isDatabaseExternal(cluster);

/** Region nodes that carry their part. */
export function members(site: Pick<ClusterSite, 'nodes'>): readonly SiteNode[] {
  return site.nodes.filter((node) => node.isRegion && node.state === 'member');
}

/** Nodes that the site rests on. A node that is still joining is watched by the operator who joins it. */
export function settled(site: Pick<ClusterSite, 'nodes'>): readonly SiteNode[] {
  return site.nodes.filter((node) => node.state === 'member');
}

/** Region nodes, those that are still joining too. */
export function regions(site: Pick<ClusterSite, 'nodes'>): readonly SiteNode[] {
  return site.nodes.filter((node) => node.isRegion);
}

/** The fresh facts of one kind of daemon on these nodes, and the nodes without any. */
export function collectFacts<K extends keyof NodeFacts>(nodes: readonly SiteNode[], kind: K) {
  const reports: { readonly node: SiteNode; readonly facts: NonNullable<NodeFacts[K]> }[] = [];
  const silent: SiteNode[] = [];
  for (const node of nodes) {
    const facts = node.facts[kind];
    if (facts === null) silent.push(node);
    else reports.push({ node, facts: facts as NonNullable<NodeFacts[K]> });
  }
  return { reports, silent };
}

/** A standby that is further behind than this has first to catch up while nobody writes, and is given no role: more than a WAL segment, bytes. */
export const LAG_BYTES = 16 * 2 ** 20;

/** Is this service healthy on the node, by its fresh report? */
export function isHealthy(node: SiteNode, service: string): boolean {
  return node.isFresh && node.observed.some((row) => row.service === service && row.state === 'healthy');
}

/** Is a service in the wanted state? One that must not run on a node needs no report. */
export function isRight(row: Pick<Service, 'state' | 'isWanted'>): boolean {
  return row.isWanted ? row.state === 'healthy' : ['absent', 'pending', 'stale'].includes(row.state);
}

/**
 * Is a service healthy with this generation or a later one in force, by its node's last report? Whatever has been
 * published since.
 */
export function isAtWork(row: Pick<Service, 'state' | 'lastState' | 'applied'>, generation: number): boolean {
  return row.state !== 'stale' && row.lastState === 'healthy' && (row.applied ?? 0) >= generation;
}

/** Names as a sentence has them: `r1, r2 and r3`. */
export function listOf(names: readonly string[]): string {
  const [last = '', ...rest] = names.toReversed();
  return rest.length === 0 ? last : `${rest.toReversed().join(', ')} and ${last}`;
}

/** Why nothing is known of a daemon on a node: a sentence's part. */
export function silence(node: SiteNode, service: string, now: number): string {
  if (node.reportedAt === null)
    return node.isRemembered ? `no region has a report of ${node.name}` : `${node.name} has never reported`;
  const seconds = Math.round((now - Date.parse(node.reportedAt)) / 1000);
  if (node.absence) return `${node.name} does not answer ${listOf(node.absence.by)} (last report ${seconds} s ago)`;
  if (!node.isFresh)
    return `${node.name} has not reported ${node.isRemembered ? 'to this region ' : ''}for ${seconds} s`;
  const row = node.observed.find((one) => one.service === service);
  return row === undefined ? `${node.name} does not report ${service}` : `${service} on ${node.name} is ${row.state}`;
}

declare module '../base/use-case.ts' {
  interface CasePorts {
    readonly slowFacts: SlowFacts;
  }
}
