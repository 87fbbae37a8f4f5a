import { type ClusterSite, listOf, type ServedVlan, type SiteNode } from '../site.ts';
import { type PairNow, pairsNow } from './now.ts';

/** How many VLANs a sentence names. */
const VLANS_MAX = 4;

/**
 * Racks whose VLANs were handed on: since when, who serves these, and the command to undo it. A sentence each, without
 * a full stop. Pure.
 */
export function drainedRacks(site: Pick<ClusterSite, 'nodes' | 'served' | 'now'>): string[] {
  const drained = site.nodes.filter((node) => node.isDrained && node.isRack);
  if (drained.length === 0) return [];
  const pairs = pairsNow(site);
  return drained.map((node) => `${drainText(node, pairs)}. To undo: regent node undrain ${node.name}`);
}

/** `k1 is drained since …: k2 serves a and b`. */
function drainText({ name, drainedAt }: SiteNode, pairs: readonly PairNow[]): string {
  const own = pairs.filter(({ primary, secondary }) => primary === name || secondary === name);
  const clauses = [...Map.groupBy(own, serverText)].map(
    ([who, shares]) => `${who} ${vlansText(shares.flatMap(({ vlans }) => vlans))}`,
  );
  return `${name} is drained${sinceText(drainedAt)}: ${clauses.length === 0 ? 'no VLAN has it as its rack' : listOf(clauses)}`;
}

/** ` since 2026-03-01T09:00:00.000Z`; '' if nobody knows. */
export function sinceText(since: string | null | undefined): string {
  return since == null ? '' : ` since ${since}`;
}

function serverText({ servers }: PairNow): string {
  if (servers.length === 0) return 'nobody serves';
  return servers.length === 1 ? `${servers[0]} serves` : `${listOf(servers)} both serve`;
}

/** Names of VLANs; of many only some. */
export function vlansText(vlans: readonly ServedVlan[]): string {
  const names = vlans.map(({ vlan }) => vlan);
  return names.length <= VLANS_MAX
    ? listOf(names)
    : `${names.slice(0, VLANS_MAX - 1).join(', ')} and ${names.length - VLANS_MAX + 1} more VLANs`;
}
