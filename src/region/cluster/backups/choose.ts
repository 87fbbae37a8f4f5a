import { isStreamingState } from '../losses.ts';
import { type ClusterSite, isHealthy, members, type SiteNode } from '../site.ts';
import { primariesOf } from '../claims.ts';

/**
 * Which region node does a task with the store: a standby that streams, then the primary; nodes that failed come last. Null: none reports that its
 * regent-backup runs. Pure.
 */
export function chooseNode(site: ClusterSite, tried: readonly string[]): SiteNode | null {
  const primaries = primariesOf(site).map(({ node }) => node.name);
  const rank = (node: SiteNode) => {
    const isStandby = !primaries.includes(node.name) && isStreaming(node);
    return (tried.includes(node.name) ? 8 : 0) + (node.isDrained ? 4 : 0) + (isStandby ? 0 : 2);
  };
  const fit = members(site).filter((node) => isHealthy(node, 'backup') && node.facts.db?.role !== 'none');
  return fit.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))[0] ?? null;
}

function isStreaming({ facts }: SiteNode): boolean {
  return facts.db?.role === 'standby' && (facts.db.isStreaming || isStreamingState(facts.db.state));
}
