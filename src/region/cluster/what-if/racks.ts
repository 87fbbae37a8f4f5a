import type { WhatIfEvent, WhatIfVlan } from '../../../contract/cluster/what-if.ts';
import { type PairNow, pairsNow } from '../pairs/now.ts';
import { type ClusterSite, listOf, type SiteNode } from '../site.ts';
import { type Range, RANGES } from './ranges.ts';

/** A VLAN of the answer, and for how long its clients get no address. */
export type VlanFate = { readonly shown: WhatIfVlan; readonly range: Range };

/** `hasMajority`: regions that the secondary rack asks before it takes over. */
type Loss = { readonly node: SiteNode; readonly event: WhatIfEvent; readonly hasMajority: boolean };

/** What becomes of each VLAN with DHCP that the node stands on as a rack. */
export function vlanFates(site: ClusterSite, loss: Loss): VlanFate[] {
  const { name } = loss.node;
  const fresh = new Set(site.nodes.flatMap((one) => (one.isFresh && one.name !== name ? [one.name] : [])));
  const own = site.racks.find((rack) => rack.name === name)?.vlans ?? [];
  const pairs = pairsNow(site);
  return site.served
    .filter(({ vlan }) => own.includes(vlan))
    .map(({ vlan }) => {
      const left = site.racks
        .filter((rack) => fresh.has(rack.name) && rack.vlans.includes(vlan))
        .map((rack) => rack.name);
      const pair = pairs.find(({ vlans }) => vlans.some((one) => one.vlan === vlan));
      const before = pair?.servers.length === 1 ? (pair.servers[0] ?? null) : null;
      const { after, why, range } = fateOf(pair, before, loss);
      return { shown: { vlan, left, before, after, why }, range };
    });
}

type Fate = { readonly after: string | null; readonly why: string; readonly range: Range };

function fateOf(pair: PairNow | undefined, before: string | null, { node, event, hasMajority }: Loss): Fate {
  const { name } = node;
  const lost = (why: string): Fate => ({ after: null, why, range: RANGES.untilBack });
  if (pair === undefined) return lost('no rack serves it');
  const { primary, secondary, isWhole } = pair;
  const isIn = name === primary || name === secondary;
  // A rack that does not report that it serves may still serve: then its loss counts.
  const serving = before ?? primary;
  const stays = (range: Range, why: string): Fate => ({ after: before, why, range });
  if (!isIn) return stays(RANGES.none, `${name} does not serve it`);
  if (event === 'drains') return drainFate(pair, before, name);
  if (secondary === null) {
    if (event === 'is-cut-off') return stays(RANGES.ledger, `${name} alone serves it, by its ledger`);
    return lost('it has no secondary rack');
  }
  const partner = name === primary ? secondary : primary;
  if (serving !== name) return stays(RANGES.rackUnaffected, `${serving} serves it, and goes on`);
  if (!isWhole) return lost(`the pair is not whole: ${faultText(pair)}`);
  if (!hasMajority) return lost(`${partner} takes over only with a majority of regions`);
  return { after: partner, why: `${partner} takes over from ${name}`, range: RANGES.rackTaken };
}

/** What a pair lacks. Racks that report nothing of it have no fault, and serve nobody. */
function faultText({ faults, servers }: PairNow): string {
  if (faults.length > 0) return listOf(faults);
  return servers.length === 0
    ? 'neither of its racks reports that it serves'
    : 'both of its racks report that they serve';
}

/** A drain gives what a partner can take, and is refused if none can. */
function drainFate(pair: PairNow, before: string | null, name: string): Fate {
  const { primary, secondary, isWhole, drained } = pair;
  const stays = (range: Range, why: string): Fate => ({ after: before, why, range });
  if (drained.some((one) => one.name === name)) return stays(RANGES.none, `${name} is drained already`);
  if (secondary === null)
    return stays(RANGES.none, `it has no secondary rack: the drain is refused, and ${name} goes on`);
  const partner = name === primary ? secondary : primary;
  if (before === partner) return stays(RANGES.none, `${partner} serves it, and goes on`);
  if (before !== name || !isWhole)
    return stays(RANGES.none, `the drain is refused while the pair is not whole: ${faultText(pair)}`);
  return { after: partner, why: `${name} hands it over to ${partner}`, range: RANGES.rackDrained };
}

/** `k2 serves 20 VLANs then`, for a summary; none if nothing moves. */
export function vlanMoves(vlans: readonly WhatIfVlan[], node: string): string[] {
  const moved = vlans.filter(({ before, after }) => before === node && after !== null && after !== node);
  return [...Map.groupBy(moved, ({ after }) => after)].map(
    ([after, own]) => `${after} serves DHCP on ${own.length === 1 ? own[0]?.vlan : `${own.length} VLANs`}`,
  );
}
