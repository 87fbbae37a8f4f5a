import { isRejected, type Rejected, rejected, show } from '../../../core/errors.ts';
import { majorityOf } from '../../../model/cluster/cluster.ts';
import type { VlanServerState } from '../../networks/dhcp/servers.ts';
import { primariesOf } from '../claims.ts';
import { isRegionUp, isStreamingState, pauseOf } from '../losses.ts';
import { type ClusterSite, hasOwnDatabase, collectFacts, listOf, members, regions, type SiteNode } from '../site.ts';
import { workOf } from './drain-steps.ts';
import { checkNodeDrain } from './rack-drain.ts';

/** How a node is to go. `vlans`: who serves each VLAN with DHCP now. */
export interface RemovalOptions {
  readonly isPlaceReserved: boolean;
  readonly isForced: boolean;
  readonly vlans: readonly VlanServerState[];
}

/** What taking a node out will do. `isLive`: it reports, so it hands its work on and stops first. */
export type RemovalPlan = { readonly node: SiteNode; readonly isLive: boolean; readonly sentence: string };

/** May this node be taken out now? The sentence says what will come of it; a refusal says why not. Pure. */
export function planRemoval(site: ClusterSite, ref: string, options: RemovalOptions): RemovalPlan | Rejected {
  if (site.cluster === null) return no('this site is not a cluster');
  const name = ref.toLowerCase();
  const node = site.nodes.find((one) => one.id === ref || one.name === name);
  if (node === undefined) {
    const known = site.nodes.map((one) => one.name);
    return rejected('not_found', `There is no node ${show(ref)}. Nodes: ${listOf(known)}.`);
  }
  const isLive = node.isFresh && node.state !== 'joining';
  const refusal =
    checkOptions(node, options) ?? (node.isRegion ? checkRegionCanGo(site, node) : null) ?? checkRack(node, options);
  if (refusal) return refusal;
  if (isLive && node.state === 'member' && !node.isDrained && !options.isForced) {
    const drain = checkNodeDrain(site, node.name, options.vlans);
    if (isRejected(drain)) return drain;
  }
  return { node, isLive, sentence: sentenceOf(site, node, isLive, options) };
}

/** Null, or why etcd would not have a majority without this node. Call it again directly before the step. Pure. */
export function checkEtcdWithout(site: Pick<ClusterSite, 'nodes'>, name: string): Rejected | null {
  const { reports } = collectFacts(regions(site), 'dcs');
  const source = reports.find(({ node, facts }) => node.name !== name && facts.hasQuorum);
  if (source === undefined) return no(`etcd has no majority, or no node but ${name} has reported it lately`);
  const voters = source.facts.members.filter((member) => !member.isLearner).map((member) => member.name);
  const left = voters.filter((voter) => voter !== name);
  const up = left.filter((voter) => reports.some(({ node, facts }) => node.name === voter && facts.hasQuorum));
  const majority = majorityOf(left.length);
  if (up.length >= majority) return null;
  const silent = left.filter((voter) => !up.includes(voter));
  return no(
    `without ${name} etcd would have ${up.length} of ${left.length} voters (${listOf(silent)} does not answer), and its majority is ${majority}. ` +
      'Remove the lost nodes first',
  );
}

function checkOptions(node: SiteNode, { isForced, isPlaceReserved }: RemovalOptions): Rejected | null {
  if (isForced || !node.isFresh) return null;
  if (node.state === 'joining')
    return no(`${node.name} is joining just now. To undo that, on its host: regent leave --undo`);
  if (!isPlaceReserved || node.state === 'leaving') return null;
  return no(`${node.name} is alive and well. To move its place to another host all the same: --force`);
}

function checkRegionCanGo(site: ClusterSite, node: SiteNode): Rejected | null {
  const others = members(site).filter((one) => one.name !== node.name);
  if (others.length === 0) return no(`${node.name} is the last region node: no region node would be left`);
  if (!others.some((one) => isRegionUp(one, site))) return no(`no other region than that of ${node.name} answers`);
  return (
    checkEtcdWithout(site, node.name) ?? (node.state === 'joining' ? null : checkDatabaseWithout(site, node, others))
  );
}

/** Writes go on only with as many standbys as the nodes that are left wait for. */
function checkDatabaseWithout(site: ClusterSite, node: SiteNode, others: readonly SiteNode[]): Rejected | null {
  if (!hasOwnDatabase(site)) return null;
  const paused = pauseOf(site);
  if (paused !== null) return no(paused);
  const primaries = primariesOf(site);
  const [primary, other] = primaries;
  if (primary === undefined) return no('no region node reports that it is the primary of the database');
  if (other !== undefined)
    return no(`${listOf(primaries.map((one) => one.node.name))} each report that they are the primary`);
  const isPrimary = primary.node.name === node.name;
  const isLeft = (name: string) => others.some((one) => one.name === name && one.isFresh);
  const streaming = primary.facts.members.filter(
    (member) => member.role !== 'primary' && isLeft(member.name) && isStreamingState(member.state),
  );
  const need = (others.length > 1 ? 1 : 0) + (isPrimary ? 1 : 0);
  if (streaming.length >= need) return null;
  const who = streaming.length === 0 ? 'no other standby streams' : `only ${streaming[0]?.name} streams`;
  return no(`without ${node.name} the database would not take writes: ${who}`);
}

/** A rack whose place is reserved keeps its VLANs. */
function checkRack({ name, isRack }: SiteNode, { isPlaceReserved, vlans }: RemovalOptions): Rejected | null {
  if (!isRack || isPlaceReserved) return null;
  const alone = vlans.filter(({ server }) => server.primary === name && server.secondary === null);
  if (!alone[0]) return null;
  const names = listOf(alone.map(({ label }) => label));
  return no(
    `${name} is the only rack of ${names}; name another one first: regent vlan set ${alone[0].vlan} --primary-rack RACK`,
  );
}

function sentenceOf(
  site: ClusterSite,
  node: SiteNode,
  isLive: boolean,
  { isPlaceReserved, vlans }: RemovalOptions,
): string {
  const { name } = node;
  const left = members(site).filter((one) => one.name !== name).length;
  const bears = Math.floor((left - 1) / 2);
  const own = vlans.filter(({ server }) => server.primary === name || server.secondary === name);
  const ranks = own.map(
    ({ label, server }) => `${label} to ${server.primary === name ? server.secondary : server.primary}`,
  );
  return [
    isLive
      ? `${name} hands on ${workOf(node, site)}, stops what it runs and is shut out`
      : `${name} is silent: it is shut out`,
    ...(node.isRegion && node.state !== 'joining'
      ? [`${left} region ${left === 1 ? 'node is' : 'nodes are'} left, which can lose ${bears === 0 ? 'none' : bears}`]
      : []),
    ...(node.isRack && !isPlaceReserved && ranks.length > 0 ? [`${listOf(ranks)} alone`] : []),
    'no acknowledged write is lost',
    ...(isPlaceReserved ? ['its place is reserved for another host'] : []),
  ].join('; ');
}

function no(why: string): Rejected {
  return rejected('conflict', `Not now: ${why.replace(/\.$/u, '')}.`);
}
