import type { DbFacts } from '../../services/db/facts.ts';
import type { VipFacts } from '../../services/vip/facts.ts';
import { probeTimeOf } from '../base/absence.ts';
import { type ClusterSite, regions, type SiteNode } from './site.ts';

/** A role that at most one node may have. */
export type ExclusiveRole = 'primary' | 'vip';

/**
 * A node's report that it has the role. Times in ms by the clock of the region that received it; `beganAt` -Infinity:
 * not known.
 */
export interface RoleClaim {
  readonly node: SiteNode;
  readonly claimedAt: number;
  readonly beganAt: number;
  /** The timeline of the database; null for the floating address. */
  readonly timeline: number | null;
}

/**
 * Who has a role. `now`: two only if both claimed it at a common moment. `past`: last claims of earlier holders, the
 * latest first.
 */
export type RoleClaims = { readonly now: readonly RoleClaim[]; readonly past: readonly RoleClaim[] };

/**
 * Decides who has a role, from the reports of all nodes; nothing else decides it. The newest claim is that of the
 * highest timeline, else the one that began last. It counts while its node reports. Another claim counts beside it only
 * if it was made after the newest began: an earlier one is past. Pure.
 */
export function claimsOf(site: Pick<ClusterSite, 'nodes'>, role: ExclusiveRole): RoleClaims {
  const all = regions(site)
    .flatMap((node) => claimOf(node, role))
    .toSorted(
      (a, b) =>
        (b.timeline ?? -1) - (a.timeline ?? -1) || compare(b.beganAt, a.beganAt) || compare(b.claimedAt, a.claimedAt),
    );
  const [newest] = all;
  // Beside a node that reports: both at a common moment. After a node that is silent: claimed since then.
  const counts = (claim: RoleClaim) =>
    claim.node.isFresh &&
    (claim === newest ||
      newest === undefined ||
      (claim.claimedAt >= newest.beganAt && (!newest.node.isFresh || newest.claimedAt >= claim.beganAt)));
  return {
    now: all.filter(counts),
    past: all.filter((claim) => !counts(claim)).toSorted((a, b) => b.claimedAt - a.claimedAt),
  };
}

/** Region nodes that are the database's primary: one, none, or several that were so at a common moment. */
export function primariesOf(site: Pick<ClusterSite, 'nodes'>): { readonly node: SiteNode; readonly facts: DbFacts }[] {
  return claimsOf(site, 'primary').now.flatMap(({ node }) => (node.facts.db ? [{ node, facts: node.facts.db }] : []));
}

/** Region nodes that hold the floating address. `facts` null: its health program says nothing. */
export function holdersOf(
  site: Pick<ClusterSite, 'nodes'>,
): { readonly node: SiteNode; readonly facts: VipFacts | null }[] {
  return claimsOf(site, 'vip').now.map(({ node }) => ({ node, facts: node.facts.vip }));
}

/**
 * The last holder of a role that nobody has now: a sentence's part such as ` (last: r3, 12 s ago)`; '' if there is
 * none.
 */
export function lastClaimText(site: Pick<ClusterSite, 'nodes' | 'now'>, role: ExclusiveRole): string {
  const { now, past } = claimsOf(site, role);
  const [last] = past;
  if (now.length > 0 || last === undefined) return '';
  return ` (last: ${last.node.name}, ${Math.round((site.now - last.claimedAt) / 1000)} s ago)`;
}

function claimOf(node: SiteNode, role: ExclusiveRole): RoleClaim[] {
  if (node.reportedAt === null) return [];
  const { db, vip } = node.isFresh ? node.facts : node.last;
  const reportedRole = node.host?.roles[role === 'primary' ? 'database' : 'vip'] ?? null;
  // The agent checks the address itself three times a second; it runs the health program less often.
  const isHolder = node.host?.roles.vip == null ? vip?.isHolder === true : node.host.roles.vip.state === 'active';
  if (role === 'primary' ? db?.role !== 'primary' : !isHolder) return [];
  const isConfirmed = reportedRole !== null && reportedRole.state === (role === 'primary' ? 'primary' : 'active');
  const claimedAt = role === 'primary' ? probeTimeOf(node, 'db') : Date.parse(node.reportedAt);
  const first = node.began?.[role] ?? (isConfirmed ? reportedRole.since : null);
  return [
    {
      node,
      claimedAt,
      beganAt: first === null ? -Infinity : Math.min(claimedAt, Date.parse(first)),
      timeline: role === 'primary' ? (db?.timeline ?? null) : null,
    },
  ];
}

const compare = (a: number, b: number): number => (a === b ? 0 : a - b);
