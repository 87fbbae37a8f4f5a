import type { WhatIf, WhatIfEvent, WhatIfVlan } from '../../../contract/cluster/what-if.ts';
import { lossesOf } from '../losses.ts';
import { primariesOf } from '../claims.ts';
import { type ClusterSite, hasOwnDatabase, LAG_BYTES, listOf, members, type SiteNode } from '../site.ts';
import type { Heirs } from './after.ts';

const DAY_MS = 86_400_000;
/** Certificates are renewed long before: one that is so near its end will not come through an outage by itself. */
const CERTIFICATE_DAYS = 7;

/** What could make it worse than it need be, as sentences; the gravest first. */
export function risksOf(
  site: ClusterSite,
  node: SiteNode,
  { event, vlans }: Pick<WhatIf, 'event' | 'vlans'>,
  heirs: Heirs,
): string[] {
  return [
    ...(node.isRegion ? clusterRisks(site, node, event, heirs) : []),
    ...vlans.flatMap((one) => vlanRisk(one, node, event)),
    ...site.nodes.filter((one) => one.name !== node.name).flatMap((one) => certificateRisk(one, site.now)),
  ];
}

function vlanRisk({ vlan, left, after, why }: WhatIfVlan, node: SiteNode, event: WhatIfEvent): string[] {
  if (event === 'drains' || after !== null) return [];
  if (event === 'dies' && left.length === 0) return [`No other rack is on ${vlan}.`];
  return [`Nobody serves DHCP on ${vlan} without ${node.name}: ${why}.`];
}

function clusterRisks(site: ClusterSite, { name }: SiteNode, event: WhatIfEvent, heirs: Heirs): string[] {
  const { voters, primary, newPrimaries, holder, newHolders } = heirs;
  const { now, promised, why } = lossesOf(site);
  const silent = members(site).flatMap((one) => (one.isFresh || one.name === name ? [] : [one.name]));
  const lagging = (primariesOf(site)[0]?.facts.members ?? [])
    .filter((one) => one.name !== name && (one.lagBytes ?? 0) > LAG_BYTES)
    .map((one) => one.name);
  const sentenceIf = (isSo: boolean, sentence: string) => (isSo ? [sentence] : []);
  return [
    ...sentenceIf(
      !heirs.hasMajority,
      hasOwnDatabase(site)
        ? 'etcd has no majority afterwards: no writes, and nobody holds the floating address, until the node is back.'
        : 'etcd has no majority afterwards: nobody holds the floating address until the node is back.',
    ),
    ...sentenceIf(
      primary === null && hasOwnDatabase(site),
      'No node reports now that it is the primary of the database.',
    ),
    ...sentenceIf(heirs.primaries.length > 1, `${listOf(heirs.primaries)} each report that they are the primary.`),
    ...sentenceIf(
      heirs.hasMajority && primary === name && newPrimaries.length === 0,
      'No synchronous standby is left that may be promoted: writes wait until the node is back.',
    ),
    ...sentenceIf(
      site.cluster?.vip != null && heirs.hasMajority && (holder === null || holder === name) && newHolders.length === 0,
      'No other node is fit for the floating address.',
    ),
    ...sentenceIf(
      heirs.hasMajority && voters !== null && voters.up === voters.majority && voters.majority > 1,
      `Exactly ${voters?.up ?? 0} voters of etcd are left, and each is needed: one more loss ${hasOwnDatabase(site) ? 'stops writes' : 'takes the floating address away'}.`,
    ),
    ...sentenceIf(now < promised, `Already degraded: ${now} instead of ${promised} can be lost (${why.join(', ')}).`),
    ...sentenceIf(silent.length > 0, `${listOf(silent)} cannot be counted on: no fresh report.`),
    ...sentenceIf(lagging.length > 0, `${listOf(lagging)} lags behind the primary.`),
    ...sentenceIf(
      event === 'is-cut-off' && primary === name,
      `${name} runs on: clients on its side of the cut read old data until it has demoted itself.`,
    ),
  ];
}

function certificateRisk({ name, host }: SiteNode, now: number): string[] {
  const end = host?.certificate?.notAfter;
  const left = end === undefined ? Infinity : (Date.parse(end) - now) / DAY_MS;
  return left > CERTIFICATE_DAYS
    ? []
    : [`The certificate of ${name} ${left <= 0 ? 'has ended' : `ends in ${Math.ceil(left)} days`}.`];
}
