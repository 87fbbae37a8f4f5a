import { isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import type { ServedBy, VlanServerState } from '../../networks/dhcp/servers.ts';
import { type ClusterSite, listOf, type SiteNode } from '../site.ts';
import { checkDrain } from './preflight.ts';

/** May this node be drained now, as the region node and as the rack that it is? Pure. */
export function checkNodeDrain(
  site: ClusterSite,
  ref: string,
  vlans: readonly VlanServerState[],
): { readonly node: SiteNode; readonly sentence: string } | Rejected {
  const node = site.nodes.find((one) => one.id === ref || one.name === ref.toLowerCase());
  if (node?.isRack !== true) return checkDrain(site, ref);
  if (node.isDrained) return no(`${node.name} is drained already`);
  const drained = site.nodes.flatMap((one) => (one.isDrained ? [one.name] : []));
  const rack = checkRackDrain(node, { vlans, drained });
  if (isRejected(rack) || !node.isRegion) return isRejected(rack) ? rack : { node, ...rack };
  const region = checkDrain(site, ref);
  return isRejected(region) ? region : { node, sentence: `${region.sentence}; ${rack.sentence}` };
}

/** May this rack's VLANs go to its partners now? The sentence says what will come of it; '' if nothing will. Pure. */
export function checkRackDrain(
  { name }: Pick<SiteNode, 'name'>,
  { vlans, drained }: { readonly vlans: readonly VlanServerState[]; readonly drained: readonly string[] },
): { readonly sentence: string } | Rejected {
  const own = vlansOf(name, vlans);
  const alone = own.filter(({ server }) => server.secondary === null);
  if (alone[0]) {
    const names = listOf(alone.map(({ label }) => label));
    return no(
      `${name} is the only rack of ${names}; name another one first: regent vlan set ${alone[0].vlan} --secondary-rack RACK`,
    );
  }
  for (const { label, server } of own) {
    const partner = partnerOf(name, server);
    if (server.servedBy === partner) continue;
    if (drained.includes(partner)) return no(`${partner}, the other rack of ${label}, is drained`);
    if (server.servedBy !== name) return no(`no rack reports that it serves ${label}: ${server.why}`);
    if (!server.isWhole) return no(`${partner} is not ready to take ${label}: ${server.why}`);
  }
  const moved = own.filter(({ server }) => server.servedBy === name);
  if (moved.length === 0) return { sentence: `${name} serves no client, and takes none` };
  const each = moved.map(({ label, server }) => `${label} to ${partnerOf(name, server)}`);
  return { sentence: `${name} gives ${listOf(each)}; leases go on` };
}

/** What a drained rack serves still, or what nobody serves; null: its partners have it all. Pure. */
export function notGiven(name: string, vlans: readonly VlanServerState[]): string | null {
  return lateness(vlansOf(name, vlans).find(({ server }) => server.servedBy !== partnerOf(name, server)));
}

/** What a rack that is drained no more has not got back of its partners; null: it has all that it is the primary rack of. Pure. */
export function notBack(name: string, vlans: readonly VlanServerState[]): string | null {
  const given = vlans.filter(({ server }) => server.primary === name && server.secondary !== null);
  return lateness(given.find(({ server }) => server.servedBy !== name));
}

function lateness(late: VlanServerState | undefined): string | null {
  return late ? `${late.label} is served by ${late.server.servedBy ?? 'nobody'} (${late.server.why})` : null;
}

function vlansOf(name: string, vlans: readonly VlanServerState[]): readonly VlanServerState[] {
  return vlans.filter(({ server }) => server.primary === name || server.secondary === name);
}

function partnerOf(name: string, { primary, secondary }: ServedBy): string {
  return primary === name ? (secondary ?? 'nobody') : primary;
}

function no(why: string): Rejected {
  return rejected('conflict', `Not now: ${why.replace(/\.$/u, '')}.`);
}
