import { isRejected, type Rejected, rejected, show } from '../../../core/errors.ts';
import { vipAddress } from '../../../model/cluster/cluster.ts';
import { isRegionUp, isStreamingState, lossesOf } from '../losses.ts';
import { holdersOf, primariesOf } from '../claims.ts';
import type { ClusterSite, SiteNode } from '../site.ts';
import { hasOwnDatabase, collectFacts, isHealthy, LAG_BYTES, listOf, members, regions, silence } from '../site.ts';
import { RANGES } from '../what-if/ranges.ts';
import { whatIf } from '../what-if/what-if.ts';

/** What a move will do: names of nodes, and a sentence for the operator. */
export type SwitchoverPlan = { readonly from: string; readonly to: string; readonly sentence: string };

/** Who hands the database to whom; the refusal says why it must not be done now. `to` null: to the nearest that may lead. Pure. */
export function planSwitchover(site: ClusterSite, to: string | null): SwitchoverPlan | Rejected {
  if (!hasOwnDatabase(site)) return no('the database is external, and only its operator can move it');
  const unfit = checkCluster(site) ?? checkEtcd(site);
  if (unfit) return unfit;
  const primaries = primariesOf(site);
  const [primary, other] = primaries;
  if (primary === undefined) return no('no region node reports that it is the primary');
  if (other !== undefined)
    return no(`${listOf(primaries.map(({ node }) => node.name))} each report that they are the primary`);
  const from = primary.node.name;
  if (primary.facts.isPaused === true) return no('Patroni is paused: it moves nothing until somebody resumes it');
  const target = to === null ? null : nodeNamed(site, to);
  if (target !== null && isRejected(target)) return target;
  if (target?.name === from) return no(`${from} is the primary already`);
  const all = target === null ? members(site).filter(({ name }) => name !== from) : [target];
  const judged = all.map((node) => ({ node, why: unfitness(site, node, primary.facts.members) }));
  const lagOf = (name: string) => primary.facts.members.find((one) => one.name === name)?.lagBytes ?? Infinity;
  const [best] = judged
    .filter(({ why }) => why === null)
    .toSorted((a, b) => lagOf(a.node.name) - lagOf(b.node.name) || (a.node.name < b.node.name ? -1 : 1));
  if (best === undefined) return no(judged.map(({ why }) => why).join('; '));
  const sentence = `${from} hands the database to ${best.node.name}; writes pause for ${span(RANGES.primaryHanded)}, no call fails`;
  return { from, to: best.node.name, sentence };
}

/** May this node be drained now? The sentence says what will come of it. Pure. */
export function checkDrain(
  site: ClusterSite,
  ref: string,
): { readonly node: SiteNode; readonly sentence: string } | Rejected {
  const unfit = checkCluster(site) ?? checkEtcd(site);
  if (unfit) return unfit;
  const node = nodeNamed(site, ref);
  if (isRejected(node)) return node;
  if (node.isDrained) return no(`${node.name} is drained already`);
  const others = members(site).filter((one) => one.name !== node.name && !one.isDrained);
  if (others.length === 0) return no(`all other region nodes are drained: ${node.name} is the last one that serves`);
  if (!others.some((one) => isRegionUp(one, site))) return no(`no other region than that of ${node.name} answers`);
  const isFit = (one: SiteNode) => one.facts.vip?.isFit === true && isHealthy(one, 'vip');
  if (site.cluster !== null && vipAddress(site.cluster) !== null && !others.some(isFit))
    return no('no other node is fit for the floating address');
  if (node.facts.db?.role === 'primary') {
    const move = planSwitchover(site, null);
    if (isRejected(move)) return move;
  }
  const foretold = whatIf(site, node.name, 'drains');
  return { node, sentence: isRejected(foretold) ? '' : foretold.summary };
}

/** The order in which these region nodes (all where none is named) are restarted; the refusal says why not now. Pure. */
export function planRestart(
  site: ClusterSite,
  refs: readonly string[],
): { readonly order: readonly string[] } | Rejected {
  const unfit = checkCluster(site) ?? checkEtcd(site);
  if (unfit) return unfit;
  const named = refs.map((ref) => nodeNamed(site, ref));
  const refusal = named.find(isRejected);
  if (refusal) return refusal;
  const drained = members(site).filter((node) => node.isDrained);
  if (drained.length > 0)
    return no(`${listOf(drained.map(({ name }) => name))} is drained; undo that first (regent node undrain)`);
  const { now, promised, why } = lossesOf(site);
  if (now < Math.max(1, promised))
    return no(
      `the cluster would not survive the loss of a node now, and each node goes away for a moment (${why.join(', ')})`,
    );
  const names = new Set(named.flatMap((node) => (isRejected(node) ? [] : [node.name])));
  return { order: restartOrder(site).filter((name) => names.size === 0 || names.has(name)) };
}

function checkCluster(site: ClusterSite): Rejected | null {
  if (site.cluster === null) return no('this site is not a cluster: no other node can take over');
  const all = members(site);
  return all.length > 1 ? null : no(`${all[0]?.name ?? 'it'} is the only region node: no other node can take over`);
}

/** A move is a moment in which one more loss would stop writes: nobody begins it with a voter away. */
function checkEtcd(site: ClusterSite): Rejected | null {
  const { reports } = collectFacts(regions(site), 'dcs');
  const source = reports.find(({ facts }) => facts.hasQuorum);
  if (source === undefined) return no('etcd has no majority, or no node has reported it lately');
  const voters = source.facts.members.filter((member) => !member.isLearner).map(({ name }) => name);
  const up = voters.filter((name) => reports.some(({ node, facts }) => node.name === name && facts.hasQuorum));
  if (up.length === voters.length) return null;
  return no(`etcd has ${up.length} of ${voters.length} voters: none to spare while the database moves`);
}

/** The region node that is named; the refusal if it is none, or carries no part yet. */
function nodeNamed(site: ClusterSite, ref: string): SiteNode | Rejected {
  const name = ref.toLowerCase();
  const node = site.nodes.find((one) => one.id === ref || one.name === name);
  if (node === undefined) {
    const known = members(site).map((one) => one.name);
    return rejected('not_found', `There is no node ${show(ref)}. Region nodes: ${listOf(known)}.`);
  }
  if (!node.isRegion)
    return no(`${node.name} is a rack: only region nodes have calls, the address and the database to hand on`);
  return node.state === 'member' ? node : no(`${node.name} is still joining`);
}

/** Why a standby must not lead next; null: it may. */
function unfitness(
  site: ClusterSite,
  node: SiteNode,
  list: readonly { name: string; state: string; lagBytes: number | null; isSynchronous: boolean }[],
): string | null {
  const { name } = node;
  if (!node.isFresh) return silence(node, 'db', site.now);
  if (node.isDrained) return `${name} is drained`;
  const row = list.find((one) => one.name === name);
  if (row === undefined) return `${name} is not a member of the database cluster`;
  if (!row.isSynchronous) return `${name} is not a synchronous standby`;
  if (!isStreamingState(row.state)) return `${name} does not stream (${row.state})`;
  if ((row.lagBytes ?? 0) > LAG_BYTES) return `${name} is ${row.lagBytes} bytes behind`;
  return null;
}

function span({ leastMs, mostMs }: { readonly leastMs: number; readonly mostMs: number | null }): string {
  return `${leastMs / 1000} to ${(mostMs ?? 0) / 1000} s`;
}

function no(why: string): Rejected {
  return rejected('conflict', `Not now: ${why}.`);
}

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
