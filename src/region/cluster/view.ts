import type { Invariant } from '../../contract/cluster/doctor.ts';
import type { ClusterStatus } from '../../contract/cluster/status.ts';
import { vipAddress } from '../../model/cluster/cluster.ts';
import { isAlarming, judge, judgeOne } from './doctor.ts';
import { externalWarning } from './invariants/servers.ts';
import { drainedWarnings, isRegionUp, layoutWarnings, lossesOf } from './losses.ts';
import { holdersOf, primariesOf } from './claims.ts';
import { drainedRacks } from './pairs/drained.ts';
import { rackLosses, rackLossText } from './pairs/now.ts';
import type { ClusterSite, SiteNode } from './site.ts';
import { hasOwnDatabase, collectFacts, isRight, members, regions, settled, silence } from './site.ts';

const DAY_MS = 86_400_000;

/**
 * What the doctor adds to the site's verdict: the start of its summary ('' without a cluster), and problems besides
 * services and nodes.
 */
export interface ClusterVerdict {
  readonly sentence: string;
  readonly problems: readonly string[];
  /** Ids of invariants about which the doctor warns. */
  readonly warnings: readonly string[];
  /** Ids of invariants that do not hold and are muted. */
  readonly muted: readonly string[];
}

/** Invariants that `regent status` reports in sentences of its own. */
const REPORTED_APART = ['agents', 'services', 'configuration', 'database-writes'];

/**
 * The doctor's part of `regent status`, so that both report the same. Problems are each invariant that is broken or
 * unknown, and that fewer nodes can be lost than the number of members promises.
 */
export function judgeCluster(site: ClusterSite): ClusterVerdict {
  const found = judge(site).filter((row) => row.state !== 'ok');
  const rows = found.filter(isAlarming);
  const muted = found.filter((row) => !isAlarming(row)).map((row) => row.id);
  const isProblem = ({ state }: Invariant) => state === 'broken' || (state === 'unknown' && site.cluster !== null);
  const problems = rows
    .filter((row) => isProblem(row) && !REPORTED_APART.includes(row.id))
    .map((row) => `${row.id}: ${row.detail}`);
  // A site without a cluster is one host: what its agent does not report holds nothing up, and is named.
  const warnings = rows.filter((row) => !isProblem(row)).map((row) => row.id);
  if (site.cluster === null) return { sentence: '', problems, warnings, muted };
  const losses = lossesOf(site);
  const isShort = losses.now < losses.promised;
  return {
    sentence: siteSentence(site),
    problems: [...(isShort ? [`${losses.now} instead of ${losses.promised} can be lost`] : []), ...problems],
    warnings,
    muted,
  };
}

/** What can be lost: of the region nodes, and of the racks. Without a full stop. */
export function siteSentence(site: ClusterSite): string {
  const racks = rackLossText(site);
  return `${lossesOf(site).sentence}${racks === null ? '' : `; and ${racks}`}`;
}

/** The cluster on one screen. `verdict`: of `regent status`, so that both report the same. */
export function viewCluster(site: ClusterSite, verdict: Pick<ClusterStatus, 'state' | 'summary'>): ClusterStatus {
  const { cluster } = site;
  const { now, promised, why } = lossesOf(site);
  const { id, vip, virtualRouter } = cluster ?? { id: '', vip: null, virtualRouter: 0 };
  const ended = (notAfter: string) => ({
    notAfter,
    daysLeft: Math.round(((Date.parse(notAfter) - site.now) / DAY_MS) * 10) / 10,
  });
  return {
    ...verdict,
    source: site.source,
    time: new Date(site.now).toISOString(),
    version: site.version,
    cluster: cluster && {
      id,
      vip,
      virtualRouter,
      ...(hasOwnDatabase(site) ? {} : { isDatabaseExternal: true }),
      ...viewRecovery(site),
    },
    losses: { now, promised, why: [...why] },
    rackLosses: rackLosses(site),
    warnings: [
      ...layoutWarnings(site),
      ...drainedWarnings(site),
      ...drainedRacks(site),
      ...[externalWarning(site)].filter((one) => one !== null),
    ],
    nodes: site.nodes.map((node) => viewNode(node, site)),
    database: viewDatabase(site),
    dcs: viewDcs(site),
    vip: viewVip(site),
    racks: site.racks.map(({ name, isMaster, vlans }) => ({ name, isMaster, vlans: [...vlans] })),
    services: viewServices(site),
    certificates: site.nodes.flatMap((node) => {
      const notAfter = node.host?.certificate?.notAfter;
      return notAfter === undefined ? [] : [{ node: node.name, ...ended(notAfter) }];
    }),
    authority: site.authority && ended(site.authority.notAfter),
    ...viewShown(site, ended),
  };
}

/** The certificate that browsers see, with the doctor's verdict on it; absent: not known. */
function viewShown(
  site: ClusterSite,
  ended: (notAfter: string) => { notAfter: string; daysLeft: number },
): Pick<ClusterStatus, 'site'> {
  const { shown } = site;
  if (shown === undefined) return {};
  if (shown === null) return { site: null };
  const { isOwn, subject, issuer, notAfter } = shown;
  const invariant = judgeOne(site, 'site-certificate');
  const { state = 'ok' as const, detail = '' } = invariant ?? {};
  return { site: { isOwn, subject, issuer, ...ended(new Date(notAfter).toISOString()), state, detail } };
}

function viewRecovery({ recovery }: ClusterSite): Pick<NonNullable<ClusterStatus['cluster']>, 'recovery'> {
  if (recovery === undefined) return {};
  const { number, id, at, node, lost, told: messages } = recovery;
  const names = lost.map(({ name }) => name);
  return { recovery: { epoch: number, id, at: new Date(at).toISOString(), node, lost: names, told: [...messages] } };
}

function viewNode(node: SiteNode, site: ClusterSite): ClusterStatus['nodes'][number] {
  const { name, isRegion, isRack, state, address, report, reportedAt, wanted, applied, agent } = node;
  const region = isRegion ? (isRegionUp(node, site) ? ('ready' as const) : ('away' as const)) : null;
  return { name, isRegion, isRack, state, address, report, reportedAt, wanted, applied, agent, region };
}

/** As the primary reports it; without one, each node's report of itself. */
function viewDatabase(site: ClusterSite): ClusterStatus['database'] {
  const { reports } = collectFacts(regions(site), 'db');
  const [primary] = primariesOf(site);
  const members =
    primary && primary.facts.members.length > 0
      ? primary.facts.members.map(({ name, ...rest }) => ({ node: name, ...rest }))
      : reports.map(({ node, facts: { role, state, timeline, lagBytes, isSynchronous } }) => ({
          node: node.name,
          role,
          state,
          timeline,
          lagBytes,
          isSynchronous,
        }));
  return {
    state: site.database.isUp ? 'ok' : 'down',
    why: site.database.why,
    primary: primary?.node.name ?? null,
    timeline: primary?.facts.timeline ?? null,
    members,
    ...(site.servers === undefined ? {} : { servers: site.servers.map((server) => ({ ...server })) }),
  };
}

function viewDcs(site: ClusterSite): ClusterStatus['dcs'] {
  const { reports } = collectFacts(regions(site), 'dcs');
  const source = reports.find(({ facts }) => facts.hasQuorum) ?? reports[0];
  const names = (isLearner: boolean) =>
    (source?.facts.members ?? [])
      .filter((member) => member.isLearner === isLearner)
      .map((member) => member.name || member.id);
  return {
    leader: reports.find(({ facts }) => facts.isLeader)?.node.name ?? null,
    hasQuorum: source?.facts.hasQuorum ?? null,
    voters: names(false),
    learners: names(true),
  };
}

function viewVip(site: ClusterSite): ClusterStatus['vip'] {
  const address = site.cluster === null ? null : vipAddress(site.cluster);
  if (address === null) return null;
  const { reports, silent } = collectFacts(members(site), 'vip');
  const unfit = reports.filter(({ facts }) => !facts.isFit);
  return {
    address,
    holders: holdersOf(site).map(({ node }) => node.name),
    fit: reports.filter(({ facts }) => facts.isFit).map(({ node }) => node.name),
    unfit: [
      ...unfit.map(({ node, facts }) => ({ node: node.name, why: facts.why })),
      ...silent.map((node) => ({ node: node.name, why: silence(node, 'vip', site.now) })),
    ],
  };
}

function viewServices(site: ClusterSite): ClusterStatus['services'] {
  const known = new Set(settled(site).map((node) => node.name));
  const applying = new Set(site.nodes.filter((node) => node.report === 'applying').map((node) => node.name));
  const rows = Map.groupBy(
    site.services.filter((row) => known.has(row.node)),
    (row) => row.service,
  );
  return [...rows].map(([service, all]) => ({
    service,
    wanted: all.filter((row) => row.isWanted).length,
    healthy: all.filter((row) => row.isWanted && row.state === 'healthy').length,
    // What a node is just taking over is not ill.
    ill: all
      .filter((row) => !isRight(row) && !(row.state === 'pending' && applying.has(row.node)))
      .map((row) => row.node),
  }));
}
