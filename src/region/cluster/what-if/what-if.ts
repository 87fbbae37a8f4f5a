import type { Handover, PredictedOutage, WhatIf, WhatIfEvent } from '../../../contract/cluster/what-if.ts';
import { type Rejected, rejected, show } from '../../../core/errors.ts';
import { vipAddress } from '../../../model/cluster/cluster.ts';
import { lossesOf } from '../losses.ts';
import { primariesOf } from '../claims.ts';
import { type ClusterSite, hasOwnDatabase, listOf, members, silence, type SiteNode } from '../site.ts';
import { type Heirs, heirsOf, siteAfter } from './after.ts';
import { longer, type Range, RANGES, rangesOf } from './ranges.ts';
import { vlanFates, vlanMoves } from './racks.ts';
import { risksOf } from './risks.ts';

const EVENT_TEXTS: Readonly<Record<WhatIfEvent, string>> = {
  dies: 'dies',
  drains: 'is drained',
  'is-cut-off': 'is cut off',
};

/**
 * What would happen if this event came to a node now. Pure; it follows from the last reports of all nodes, a silent node counts as lost, and
 * the ranges are those of `RANGES`. Refuses (`not_found`) a node that the site does not have.
 */
export function whatIf(site: ClusterSite, ref: string, event: WhatIfEvent): WhatIf | Rejected {
  const node = site.nodes.find((one) => one.id === ref) ?? site.nodes.find((one) => one.name === ref.toLowerCase());
  if (node === undefined) {
    const known = site.nodes.slice(0, 10).map((one) => one.name);
    return rejected(
      'not_found',
      `There is no node ${show(ref)}. ${known.length === 0 ? '' : `There are: ${listOf(known)}.`}`.trim(),
    );
  }
  const heirs = heirsOf(site, node.name, event);
  const before = lossesOf(site);
  // A node of no region takes nothing of the region away.
  const after = node.isRegion ? lossesOf(siteAfter(site, node.name, event, heirs)) : before;
  const fates = vlanFates(site, { node, event, hasMajority: heirs.hasMajority });
  const vlans = fates.map(({ shown }) => shown);
  const outages = [
    ...(node.isRegion ? regionOutages(site, node, event, heirs) : quiet(site)),
    ...fates.map(({ shown, range }) => outage(`dhcp ${shown.vlan}`, range)),
  ];
  const primary = handover(heirs.primary, heirs.newPrimaries);
  const vip = hasVip(site) ? handover(heirs.holder, heirs.newHolders) : null;
  // Nothing is better for a loss, though one of two primaries may be the one that goes.
  const left = Math.min(before.now, after.now);
  return {
    node: node.name,
    event,
    summary: summaryOf(node, event, { primary, vip, outages, vlans, left }),
    source: site.source,
    time: new Date(site.now).toISOString(),
    vip,
    primary,
    outages,
    redundancy: {
      before: before.now,
      after: left,
      why: after.why.filter((why) => why !== silence({ ...node, isFresh: false }, '', site.now)),
    },
    vlans,
    risks: risksOf(site, node, { event, vlans }, heirs),
  };
}

const hasVip = ({ cluster }: ClusterSite): boolean => cluster !== null && vipAddress(cluster) !== null;

function handover(before: string | null, candidates: readonly string[]): Handover {
  return { before, after: candidates[0] ?? null, candidates: [...candidates] };
}

function quiet(site: ClusterSite): PredictedOutage[] {
  const probes = ['write', 'read', ...(hasVip(site) ? ['vip'] : []), 'lookup', 'proxy'];
  return probes.map((probe) => outage(probe, RANGES.none));
}

/** Calls come through the floating address: no service of it is back before the address is. */
function regionOutages(site: ClusterSite, { name }: SiteNode, event: WhatIfEvent, heirs: Heirs): PredictedOutage[] {
  const ranges = rangesOf(event, primariesOf(site)[0]?.facts.isArmed === true);
  const hasOthers = members(site).some((one) => one.name !== name && one.isFresh);
  const vip = !hasVip(site)
    ? RANGES.none
    : heirs.newHolders.length === 0
      ? RANGES.untilBack
      : heirs.holder === name
        ? ranges.vip
        : RANGES.none;
  const isOwn = hasOwnDatabase(site);
  const isLost = (isOwn && heirs.newPrimaries.length === 0) || !hasOthers;
  const isPrimary = heirs.primary === name;
  const writes = isLost
    ? RANGES.untilBack
    : isPrimary
      ? ranges.primary
      : isAwaited(site, name)
        ? ranges.standbyWrites
        : event === 'drains'
          ? RANGES.none
          : isOwn
            ? RANGES.looseStandby
            : RANGES.reads;
  const reads = isLost
    ? RANGES.untilBack
    : isPrimary
      ? ranges.primary
      : event === 'drains'
        ? RANGES.none
        : RANGES.reads;
  return [
    outage('write', longer(writes, vip)),
    outage('read', longer(reads, vip)),
    ...(hasVip(site) ? [outage('vip', vip)] : []),
    // Names and the proxy need no database; a drained node goes on with both.
    outage('lookup', event === 'drains' ? RANGES.none : hasOthers ? RANGES.lookup : RANGES.untilBack),
    outage('proxy', event === 'drains' ? vip : hasOthers ? vip : RANGES.untilBack),
  ];
}

/** Does a commit wait for this standby? */
function isAwaited(site: ClusterSite, name: string): boolean {
  return primariesOf(site)[0]?.facts.members.some((one) => one.name === name && one.isSynchronous) ?? false;
}

const outage = (probe: string, { leastMs, mostMs, why }: Range): PredictedOutage => ({ probe, leastMs, mostMs, why });

function summaryOf(
  node: SiteNode,
  event: WhatIfEvent,
  {
    primary,
    vip,
    outages,
    vlans,
    left,
  }: Pick<WhatIf, 'primary' | 'vip' | 'outages' | 'vlans'> & { readonly left: number },
): string {
  const moves = [
    ...(vip?.before === node.name ? [`the floating address goes to ${vip.after ?? 'nobody'}`] : []),
    ...(primary.before === node.name ? [`the primary is then ${primary.after ?? 'nobody'}`] : []),
    ...vlanMoves(vlans, node.name),
  ];
  const lost = outages.filter((one) => one.mostMs === null).map((one) => one.probe);
  const ends = lost.length === 0 ? 'everything is served again by itself' : `out until it is back: ${lost.join(', ')}`;
  const parts = [moves.length === 0 ? 'no role moves' : listOf(moves), ends, `${left} more can be lost then`];
  return `If ${node.name} ${EVENT_TEXTS[event]}: ${parts.join('; ')}.`;
}
