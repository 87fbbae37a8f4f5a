import type { HostObservation, ServiceObservation } from '../../../../src/contract/cluster/agent.ts';
import type { Service } from '../../../../src/contract/cluster/service.ts';
import type { NodeState } from '../../../../src/model/cluster/node.ts';
import { absencesOf } from '../../../../src/region/base/absence.ts';
import { type ClusterSite, type KnownSiteNode, type ShownSite, siteNode } from '../../../../src/region/cluster/site.ts';
import type { ServerState } from '../../../../src/store/pool/server-states.ts';
import type { PoolRow } from '../../../../src/store/queries/networks/pool-use.ts';
import type { BackupFacts } from '../../../../src/services/backup/facts.ts';
import type { DbFacts } from '../../../../src/services/db/facts.ts';
import type { DcsFacts } from '../../../../src/services/dcs/facts.ts';
import type { LbFacts } from '../../../../src/services/lb/facts.ts';
import type { NtpFacts } from '../../../../src/services/ntp/facts.ts';
import type { VipFacts } from '../../../../src/services/vip/facts.ts';

export const NOW = Date.parse('2026-03-01T10:00:00.000Z');
const DAY_MS = 86_400_000;
export const days = (count: number) => new Date(NOW + count * DAY_MS).toISOString();
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

/** The certificate that browsers see, as all region nodes show it. */
export const SHOWN: ShownSite = {
  isOwn: false,
  subject: 'CN=Regent site',
  issuer: 'CN=Regent authority',
  notAfter: NOW + 20 * DAY_MS,
  sha1: 'ab'.repeat(20),
  changedAt: NOW - 3_600_000,
  warnings: [],
};

const BACKUP_FACTS: BackupFacts = {
  isServing: true,
  task: null,
  store: {
    at: ago(5),
    why: null,
    isMade: true,
    backups: 3,
    newest: '20260301-080000F',
    newestAt: NOW / 1000 - 7200,
    archiveTo: '0000000100000000000000FF',
  },
  archive: { waiting: 0, lateSeconds: 0, pushedAt: ago(20), pushed: null, failure: null, gapAt: null },
};

/** Backups as they should be: two hours old, restored for rehearsal a day ago. */
export const BACKUPS = {
  target: {
    fingerprint: '0123456789abcdef',
    preparedAt: days(-30),
    fullEvery: 168,
    incrementalEvery: 24,
    drillEvery: 168,
    count: 3,
  },
  newestAt: NOW - 2 * 3_600_000,
  lastFailure: null,
  drill: { label: '20260301-080000F', at: NOW - DAY_MS, isPassed: true, broken: [] },
} as const;

/** A dynamic range with half of its addresses in use. */
export const POOL: PoolRow = {
  subnetId: 1,
  cidr: '10.10.10.0/24',
  first: '10.10.10.100',
  last: '10.10.10.199',
  size: 100,
  used: 50,
  before: 50,
  seconds: 3600,
  sides: [{ node: 'k1', used: 50 }],
};

/** What differs on one node from all being well. A null figure: its daemon says nothing. */
export interface NodeChanges {
  readonly silentFor?: number;
  readonly never?: boolean;
  readonly state?: NodeState;
  readonly isDrained?: boolean;
  readonly report?: KnownSiteNode['report'];
  readonly db?: Partial<DbFacts> | null;
  readonly dcs?: Partial<DcsFacts> | null;
  readonly vip?: Partial<VipFacts> | null;
  readonly lb?: Partial<LbFacts> | null;
  readonly ntp?: Partial<NtpFacts> | null;
  readonly backup?: Partial<BackupFacts> | null;
  readonly dhcp?: null;
  readonly serials?: Readonly<Record<string, number>> | null;
  readonly host?: Partial<HostObservation> | null;
  readonly firewall?: ServiceObservation['state'];
  readonly isContainer?: boolean;
  readonly version?: string;
  readonly region?: KnownSiteNode['region'];
  readonly began?: KnownSiteNode['began'];
  /** Versions of its daemons. */
  readonly daemons?: Readonly<Record<string, string>>;
}

/** What differs on the site. `nodes`: by name; `regions`: how many. */
export interface SiteChanges {
  readonly regions?: number;
  readonly nodes?: Readonly<Record<string, NodeChanges>>;
  readonly site?: Partial<ClusterSite>;
}

/** A cluster of r1, r2, … in which all is well: r1 is primary, leads etcd and holds the floating address; and a rack k1. */
export function aSite({ regions = 3, nodes = {}, site = {} }: SiteChanges = {}): ClusterSite {
  const names = Array.from({ length: regions }, (_, index) => `r${index + 1}`);
  const withBackup = site.backups !== undefined;
  const all = [
    ...names.map((name) => regionNode(name, names, nodes[name] ?? {}, withBackup)),
    rackNode('k1', nodes['k1'] ?? {}),
  ];
  return {
    now: NOW,
    version: '0.3.0',
    source: 'database',
    cluster: { id: 'regent-0f3a9c21', vip: '10.77.0.10/24', virtualRouter: 51 },
    database: { isUp: true, why: 'A write was committed.', latencyMs: 2 },
    nodes: siteNodes(all),
    racks: [{ name: 'k1', isMaster: true, vlans: ['fabric-1/vlan10'] }],
    served: [{ vlan: 'fabric-1/vlan10', primary: 'k1', secondary: null, others: [] }],
    findings: [],
    services: all.flatMap((node) => node.observed.map((row) => tracked(node, row))),
    wal: {
      maxKeepBytes: 2 ** 30,
      slots: names.slice(1).map((name) => ({ name, isActive: true, isLost: false, retainedBytes: 1000 })),
    },
    stuckJobs: [],
    storedLearners: [],
    authority: { notAfter: days(3000) },
    shown: SHOWN,
    leases: {
      pairs: [{ vlanId: 1, vlan: 'vlan10', primary: 'k1', secondary: 'k2', isWhole: true }],
      gaps: [],
      pools: [POOL],
    },
    images: [anImageOn(names)],
    bmcs: { count: 3, misfits: [] },
    named: { count: 4, clashes: [] },
    ownerless: [],
    ...site,
  };
}

/** A cluster whose database an operator runs. */
export const EXTERNAL = {
  cluster: { id: 'regent-0f3a9c21', vip: '10.77.0.10/24', virtualRouter: 51, isDatabaseExternal: true },
  wal: null,
} as const;

/** A server of such a database. */
export function aServer(server: string, state: ServerState['state'], isSynchronous = true): ServerState {
  const isPrimary = state === 'primary' || state === 'read-only';
  return {
    server,
    state,
    isSynchronous: isPrimary ? isSynchronous : null,
    timeline: isPrimary ? 3 : null,
    why: `is ${state}`,
  };
}

/** An image of one file, two days old: there on these nodes, missing for an hour on those. */
export function anImageOn(names: readonly string[], missing: readonly string[] = []) {
  const place = (state: 'there' | 'missing') => (node: string) => ({ node, state, since: ago(3600) });
  const places = [...names.map(place('there')), ...missing.map(place('missing'))];
  const file = { name: 'vmlinuz', size: 8_000_000, sha256: 'b'.repeat(64), places };
  return { digest: '3f2a90'.padEnd(64, '0'), name: 'micro/6.12', createdAt: days(-2), files: [file] };
}

/** Nodes with what the others say of them. */
export function siteNodes(all: readonly KnownSiteNode[], now = NOW) {
  const absences = absencesOf(all, now);
  return all.map((node) => siteNode({ ...node, absence: absences.get(node.name) ?? null }, now));
}

function regionNode(name: string, names: readonly string[], changes: NodeChanges, withBackup: boolean): KnownSiteNode {
  const isFirst = name === 'r1';
  const synchronous = names.slice(1, 3);
  const member = (one: string) => ({
    name: one,
    role: one === 'r1' ? ('primary' as const) : ('standby' as const),
    state: one === 'r1' ? 'running' : 'streaming',
    timeline: 7,
    lagBytes: one === 'r1' ? null : 0,
    isSynchronous: synchronous.includes(one),
  });
  const db: DbFacts = {
    role: isFirst ? 'primary' : 'standby',
    state: isFirst ? 'running' : 'streaming',
    timeline: 7,
    lagBytes: isFirst ? null : 0,
    isSynchronous: synchronous.includes(name),
    isStreaming: !isFirst,
    isConfigured: true,
    members: names.map(member),
  };
  const dcs: DcsFacts = {
    memberId: `a${name}`,
    isLeader: isFirst,
    isLearner: false,
    hasQuorum: true,
    members: names.map((one) => ({ name: one, id: `a${one}`, isLearner: false })),
    sizeBytes: 3_000_000,
    alarms: [],
  };
  const lb: LbFacts = { primary: 'r1', regions: names.map((one) => ({ name: one, isUp: true })) };
  const vip: VipFacts = { isHolder: isFirst, isFit: true, why: 'haproxy and a region answer, etcd has a majority' };
  return {
    ...plainNode(name, changes),
    isRegion: true,
    isRack: false,
    region: changes.region === undefined ? { isReady: true, version: changes.version ?? '0.3.0' } : changes.region,
    observed: [
      observed('firewall', undefined, changes.firewall),
      observed('dcs', over(dcs, changes.dcs)),
      observed('db', over(db, changes.db)),
      observed('lb', over(lb, changes.lb)),
      observed('vip', over(vip, changes.vip)),
      observed(
        'dns',
        over({ serials: { 'regent.internal': 1_790_000_001 } }, changes.serials && { serials: changes.serials }),
      ),
      observed('ntp', over({ isSynchronised: true, offsetSeconds: 0.001 }, changes.ntp)),
      ...(withBackup ? [observed('backup', over(BACKUP_FACTS, changes.backup))] : []),
    ],
  };
}

function rackNode(name: string, changes: NodeChanges): KnownSiteNode {
  return {
    ...plainNode(name, changes),
    isRegion: false,
    isRack: true,
    region: null,
    observed: [
      observed('ntp', over({ isSynchronised: true, offsetSeconds: 0.001 }, changes.ntp)),
      observed('dhcp', changes.dhcp === null ? null : {}),
    ],
  };
}

function plainNode(name: string, changes: NodeChanges) {
  const silentFor = changes.silentFor ?? 1;
  const host: HostObservation = {
    certificate: { serial: '0a', notBefore: days(-5), notAfter: days(25) },
    disks: [{ path: '/', sizeBytes: 100 * 2 ** 30, freeBytes: 60 * 2 ** 30 }],
    roles: { vip: null, database: null },
  };
  return {
    id: `n-${name}`,
    name,
    state: changes.state ?? ('member' as const),
    isDrained: changes.isDrained ?? false,
    address: '10.77.0.1',
    wanted: 4,
    applied: 4,
    report:
      changes.report ??
      (changes.never ? ('never' as const) : silentFor > 30 ? ('silent' as const) : ('current' as const)),
    reportedAt: changes.never ? null : ago(silentFor),
    agent: { version: changes.version ?? '0.3.0', since: days(-1) },
    isContainer: changes.isContainer ?? false,
    ...(changes.began ? { began: changes.began } : {}),
    ...(changes.daemons ? { versions: changes.daemons } : {}),
    host: changes.host === null ? null : { ...host, ...changes.host },
  };
}

function over(facts: object, changes: object | null | undefined): Record<string, unknown> | null {
  return changes === null ? null : { ...facts, ...changes };
}

function observed(
  service: string,
  facts: Record<string, unknown> | null | undefined,
  state?: ServiceObservation['state'],
): ServiceObservation {
  return {
    service,
    wanted: 4,
    wantedDigest: 'd',
    applied: 4,
    appliedDigest: 'd',
    state: state ?? (facts === null ? 'unhealthy' : 'healthy'),
    since: ago(100),
    why: 'asked, answered',
    lastAction: null,
    restartDone: null,
    ...(facts ? { facts } : {}),
  };
}

function tracked(node: KnownSiteNode, row: ServiceObservation): Service {
  return {
    node: node.name,
    service: row.service,
    state: node.report === 'silent' ? 'stale' : row.state,
    since: row.since,
    why: row.why,
    isWanted: true,
    wanted: 4,
    applied: 4,
    isCurrent: true,
    reportedAt: node.reportedAt,
    lastState: row.state,
    version: null,
    lastAction: null,
    restart: null,
    findings: [],
  };
}
