import { holdersOf, primariesOf } from '../claims.ts';
import { type ClusterSite, members } from '../site.ts';

/**
 * Names of the region nodes in the order in which they are restarted: standbys first, who holds the floating address last of these, and
 * the database's primary last of all: so each role moves once. Pure.
 */
export function restartOrder(site: ClusterSite): readonly string[] {
  const primaries = primariesOf(site).map(({ node }) => node.name);
  const holders = holdersOf(site).map(({ node }) => node.name);
  const rank = (name: string) => (primaries.includes(name) ? 2 : holders.includes(name) ? 1 : 0);
  return members(site)
    .map(({ name }) => name)
    .toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
