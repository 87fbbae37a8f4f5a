import type { HarmlessDrill } from '../../../contract/cluster/drill.ts';
import type { Cast } from '../../../judge/timeline.ts';
import { holdersOf, primariesOf } from '../claims.ts';
import { type ClusterSite, collectFacts, members, regions } from '../site.ts';

/** Who is what at this moment, by name; '' if nobody is. Pure. */
export function castOf(site: ClusterSite): Cast {
  const primary = primariesOf(site)[0]?.node.name ?? '';
  const holder = holdersOf(site)[0]?.node.name ?? '';
  const etcdLeader = collectFacts(regions(site), 'dcs').reports.find(({ facts }) => facts.isLeader)?.node.name ?? '';
  const names = members(site).map(({ name }) => name);
  const racks = site.nodes.flatMap((node) => (node.isRack && !node.isRegion ? [node.name] : []));
  return { regions: names, racks, primary, standbys: names.filter((name) => name !== primary), holder, etcdLeader };
}

/**
 * To which node it is done. `runner`: the node of the region that plays the drill: its own process is never restarted, because the probes are in
 * it. Null: there is no other. Pure.
 */
export function victimOf(id: HarmlessDrill, { primary, holder, regions: names }: Cast, runner: string): string | null {
  if (id === 'planned-vip-move') return holder;
  if (id !== 'planned-restart-regiond') return primary;
  const others = names.filter((name) => name !== runner);
  return others.find((name) => name === holder) ?? others[0] ?? null;
}
