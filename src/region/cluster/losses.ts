import { majorityOf, vipAddress } from '../../model/cluster/cluster.ts';
import { lastClaimText, primariesOf } from './claims.ts';
import { reachFault } from './reach.ts';
import type { ClusterSite, SiteNode } from './site.ts';
import { hasOwnDatabase, collectFacts, isHealthy, listOf, members, regions, silence } from './site.ts';

/** What is lost without harm: `now` at this moment, `promised` when all is well. `why`: what settles it, the tightest first. */
export interface Losses {
  readonly now: number;
  readonly promised: number;
  readonly why: readonly string[];
  /** `can lose 1 node: …, as of 3 s ago`, without a full stop. */
  readonly sentence: string;
  /** Age of the oldest report behind it, whole seconds rounded up; null: there is none. */
  readonly ageSeconds: number | null;
}

/** What one part of the cluster bears. */
type Limit = { readonly canLose: number; readonly why: string };

/**
 * How many region nodes can be lost at this moment, whichever they are, so that reads, acknowledged rows, writes and the floating address are
 * still there afterwards; and why not more. Only fresh reports count: a silent node counts as lost. Pure.
 */
export function lossesOf(site: ClusterSite): Losses {
  const all = members(site);
  const age = reportAge(site);
  if (site.cluster === null)
    return lossesFrom(0, 0, ['no cluster: the data of this one region process is lost with it'], null);
  if (all.length <= 1) return lossesFrom(0, 0, ['single node: its data is lost with it'], null);
  const promised = Math.floor((all.length - 1) / 2);
  const limits = [dcsLimit(site), databaseLimit(site), regionLimit(site), ...vipLimit(site)];
  const now = Math.max(0, Math.min(...limits.map((limit) => limit.canLose)));
  if (now >= promised) {
    const shown = limits.filter((limit, index) => index < 2 || limit.canLose <= now);
    const both = now === 0 ? ['with 2 region nodes each is needed for a majority'] : [];
    return lossesFrom(now, promised, [...both, ...(now === 0 ? [] : shown.map(({ why }) => why))], age);
  }
  const silent = all.filter((node) => !node.isFresh).map((node) => silence(node, '', site.now));
  const tight = limits.filter((limit) => limit.canLose < promised).sort((a, b) => a.canLose - b.canLose);
  return lossesFrom(now, promised, [...silent, ...tight.map(({ why }) => why)], age);
}

/**
 * Age of the oldest fresh report of a region node, seconds rounded up: later changes may not be known yet. Null: there
 * is none.
 */
export function reportAge(site: Pick<ClusterSite, 'nodes' | 'now'>): number | null {
  const fresh = members(site).flatMap((node) => (node.isFresh ? [Date.parse(node.reportedAt ?? '')] : []));
  return fresh.length === 0 ? null : Math.max(0, Math.ceil((site.now - Math.min(...fresh)) / 1000));
}

/** ` as of 3 s ago`, with what stands before it; '' if it is of this moment. */
export function asOf(age: number | null, before = ', '): string {
  return age === null || age === 0 ? '' : `${before}as of ${age} s ago`;
}

/** Reasons to change the layout, though nothing is broken. */
export function layoutWarnings(site: ClusterSite): string[] {
  const count = members(site).length;
  if (site.cluster === null || count === 0 || count % 2 === 1) return [];
  const bears = Math.floor((count - 1) / 2);
  return [
    `${count} region nodes, an even number: they bear the loss of ${bears === 0 ? 'none' : bears}, as ${count - 1} would. The additional node is one more that can fail, because a majority needs ${majorityOf(count)}. Let one more join, or have one less.`,
  ];
}

/** Nodes whose work was handed on and that nobody has let take their part again. */
export function drainedWarnings(site: Pick<ClusterSite, 'nodes'>): string[] {
  const drained = members(site).filter((node) => node.isDrained);
  return drained.map(
    ({ name }) =>
      `${name} is drained: it takes calls, address and database only when no other one can. To undo: regent node undrain ${name}`,
  );
}

function lossesFrom(now: number, promised: number, why: readonly string[], ageSeconds: number | null): Losses {
  const what = now === 0 ? 'none' : now === 1 ? '1 node' : `${now} nodes`;
  return { now, promised, why, ageSeconds, sentence: `can lose ${what}: ${why.join(', ')}${asOf(ageSeconds)}` };
}

/** etcd goes on as long as more than half of its voters do. */
function dcsLimit(site: ClusterSite): Limit {
  const { reports } = collectFacts(regions(site), 'dcs');
  const withMajority = reports.find(({ facts }) => facts.hasQuorum);
  if (reports.length === 0) return { canLose: 0, why: 'no node has reported etcd lately' };
  if (withMajority === undefined)
    return {
      canLose: 0,
      why: `etcd has no majority, so ${hasOwnDatabase(site) ? 'the database takes no writes' : 'nobody may hold the floating address'}`,
    };
  const voters = withMajority.facts.members.filter((member) => !member.isLearner);
  const names = new Set(voters.map((voter) => voter.name));
  const up = reports.filter(({ node, facts }) => names.has(node.name) && facts.hasQuorum).length;
  const majority = majorityOf(voters.length);
  return { canLose: up - majority, why: `etcd ${up} of ${voters.length} voters` };
}

/**
 * Acknowledged rows are on the primary and on every synchronous standby; a cluster of two or more waits for at least one of these, so two nodes
 * with PostgreSQL must be left for writes.
 */
function databaseLimit(site: ClusterSite): Limit {
  if (!hasOwnDatabase(site)) return externalLimit(site);
  const { reports } = collectFacts(regions(site), 'db');
  const paused = pauseOf(site);
  if (paused !== null) return { canLose: 0, why: paused };
  const primaries = primariesOf(site);
  const [primary, other] = primaries;
  if (primary === undefined) {
    const what =
      reports.length === 0 ? 'no node has reported its database lately' : 'no node reports that it is the primary';
    return { canLose: 0, why: `${what}${lastClaimText(site, 'primary')}` };
  }
  if (other !== undefined)
    return {
      canLose: 0,
      why: `${listOf(primaries.map(({ node }) => node.name))} each report that they are the primary`,
    };
  const fresh = new Set(site.nodes.filter((node) => node.isFresh).map((node) => node.name));
  const streaming = primary.facts.members.filter(
    (member) => member.role !== 'primary' && isStreamingState(member.state) && fresh.has(member.name),
  );
  const synchronous = streaming.filter((member) => member.isSynchronous).map((member) => member.name);
  const canLose = Math.min(synchronous.length, streaming.length + 1 - 2);
  if (synchronous.length === 0) return { canLose: 0, why: 'no standby is synchronous' };
  const are = synchronous.length === 1 ? 'is a synchronous standby' : 'are synchronous standbys';
  const only = streaming.length === 1 ? 'only ' : '';
  return { canLose, why: `${only}${listOf(synchronous)} ${are}` };
}

/** No node has a part of it, so no node is needed for it; what it bears itself nobody here knows. */
function externalLimit({ servers, database }: ClusterSite): Limit {
  if (!database.isUp) return { canLose: 0, why: 'the external database takes no write' };
  const count = servers?.length ?? 0;
  return {
    canLose: Infinity,
    why: `the external database takes writes (what its ${count === 1 ? 'server bears' : 'servers bear'} is not counted)`,
  };
}

/** The command that ends a pause of Patroni. */
export const RESUME = 'patronictl -c /etc/patroni/regent/patroni.yml resume';

/**
 * That Patroni is paused, since when, and the command that ends it; null: no node reports it. The last report of a
 * silent node also counts.
 */
export function pauseOf(site: Pick<ClusterSite, 'nodes' | 'pausedSince'>): string | null {
  const { reports } = collectFacts(regions(site), 'db');
  const databaseFacts =
    reports.length > 0 ? reports.map(({ facts }) => facts) : regions(site).map((node) => node.last.db);
  if (!databaseFacts.some((facts) => facts?.isPaused === true)) return null;
  const since = site.pausedSince == null ? '' : ` since ${site.pausedSince}`;
  return `Patroni is paused${since}, resume with: ${RESUME}`;
}

/** Patroni says `streaming`, and `running` in a standby's first moments. */
export const isStreamingState = (state: string): boolean => state === 'streaming' || state === 'running';

/** Somebody must answer calls. */
function regionLimit(site: ClusterSite): Limit {
  const all = members(site);
  const ready = all.filter((node) => isRegionUp(node, site));
  return { canLose: ready.length - 1, why: `regiond is ready on ${ready.length} of ${all.length}` };
}

/** Does a region's daemon answer, by its own report and by the checks of the proxies? */
export function isRegionUp(node: SiteNode, site: Pick<ClusterSite, 'nodes'>): boolean {
  if (!node.isFresh || node.region?.isReady === false) return false;
  const seen = collectFacts(regions(site), 'lb').reports.flatMap(({ facts }) =>
    facts.regions.filter((region) => region.name === node.name),
  );
  const up = seen.filter((region) => region.isUp).length;
  return seen.length === 0 ? node.region !== null : up * 2 > seen.length;
}

/** The floating address needs a node that may hold it, and must lead there. */
function vipLimit(site: ClusterSite): Limit[] {
  if (site.cluster === null || vipAddress(site.cluster) === null) return [];
  const fault = reachFault(site);
  if (fault?.isBroken) return [{ canLose: 0, why: fault.detail }];
  const all = members(site);
  const fit = all.filter((node) => node.facts.vip?.isFit === true && isHealthy(node, 'vip'));
  return [
    {
      canLose: fit.length - 1,
      why:
        fit.length === 0
          ? 'no node is fit for the floating address'
          : `${fit.length < all.length ? 'only ' : ''}${listOf(fit.map((node) => node.name))} fit for the floating address`,
    },
  ];
}
