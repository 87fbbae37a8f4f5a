import type { UpgradeNode, UpgradeOrder, UpgradeProgress } from '../../../contract/site/upgrade-order.ts';
import { finishedNodes } from '../../../contract/site/upgrade-order.ts';
import { isRejected, type Rejected, rejected, show } from '../../../core/errors.ts';
import { checkUpgrade, isSameRelease } from '../../../model/cluster/release.ts';
import type { VlanServerState } from '../../networks/dhcp/servers.ts';
import { judge } from '../../cluster/doctor.ts';
import { planRestart, restartOrder } from '../../cluster/moves/preflight.ts';
import type { SiteSnapshot } from '../../cluster/moves/move-run.ts';
import { type ClusterSite, isAtWork, isRight, listOf, settled, type SiteNode } from '../../cluster/site.ts';

/** What an operator wants. `version` null: packages of Debian. Names of nodes; `only` empty: all nodes. */
export interface UpgradeRequest {
  readonly version: string | null;
  readonly only: readonly string[];
  readonly without: readonly string[];
  readonly canary: string | null;
  readonly pauseAfter: string | null;
  readonly isForced: boolean;
}

/** `broken`: invariants that are broken already; nobody takes them for findings of the upgrade. */
export interface UpgradePlan extends Pick<UpgradeOrder, 'broken'> {
  readonly nodes: readonly UpgradeNode[];
}

/** May it begin now, and which nodes are upgraded, in their order? The refusal names what prevents it. Pure. */
export function planUpgrade(site: ClusterSite, request: UpgradeRequest): UpgradePlan | Rejected {
  const nodes = nodesOf(site, request);
  if (isRejected(nodes)) return nodes;
  const refusal = checkNodes(site, nodes, null) ?? checkVersions(nodes, request.version);
  if (refusal) return refusal;
  const findings = judge(site).filter(({ state }) => state === 'broken');
  if (findings.length > 0 && !request.isForced) {
    const ids = listOf(findings.map(({ id }) => id));
    return no(`the doctor has findings (${ids}); mend them first (regent doctor), or accept them with --force`);
  }
  const names = nodes.map(({ name }) => name);
  const { canary, pauseAfter } = request;
  const unknown = [canary, pauseAfter].find(
    (one) => one !== null && !names.includes(one) && (one === canary || !['canary', 'regions'].includes(one)),
  );
  if (unknown != null) return notAmong(unknown, names);
  if (pauseAfter === 'canary' && canary === null)
    return rejected(
      'invalid_value',
      'pauseAfter: "canary" needs a canary. Rule: name the node that is first (--canary NODE).',
    );
  const first = nodes.find(({ name }) => name === canary);
  if (
    first &&
    !first.isRegion &&
    request.version !== null &&
    !isSameRelease(first.agent?.version ?? '', request.version)
  )
    return no(
      `${first.name} is a rack, and ${request.version} is another release. Rule: a rack is never newer than the region nodes`,
    );
  const order = orderOf(site, canary);
  return {
    nodes: nodes
      .toSorted((one, other) => order.indexOf(one.name) - order.indexOf(other.name))
      .map(({ name, id, isRegion, agent }) => ({ name, id, isRegion, from: agent?.version ?? '' })),
    broken: findings.map(({ id }) => id),
  };
}

/** May an upgrade go on that stopped at `own` (null: between two nodes)? Null: it may. Pure. */
export function checkResume(site: ClusterSite, names: readonly string[], own: string | null): Rejected | null {
  const nodes = site.nodes.filter(({ name }) => names.includes(name));
  const gone = names.find((name) => !nodes.some((node) => node.name === name));
  if (gone !== undefined) return no(`the node ${gone} no longer exists; begin another upgrade`);
  return checkNodes(site, nodes, own);
}

/** The canary, region nodes as a rolling restart has them, racks. Pure. */
export function orderOf(site: ClusterSite, canary: string | null): readonly string[] {
  const racks = site.nodes.filter(({ isRegion }) => !isRegion).map(({ name }) => name);
  const all = [...restartOrder(site), ...racks.toSorted()];
  return canary === null ? all : [canary, ...all.filter((name) => name !== canary)];
}

/** The node at which it is, or else the first that is not done; null: all are. Pure. */
export function nextNode(order: UpgradeOrder, progress: UpgradeProgress): UpgradeNode | null {
  const done = new Set(finishedNodes(order, progress));
  const open = order.nodes.filter(({ name }) => !done.has(name));
  return open.find(({ name }) => name === progress.node?.name) ?? open[0] ?? null;
}

/** Where it pauses after this node has been finished; null: it goes on. Pure. */
export function pauseAfter(order: UpgradeOrder, progress: UpgradeProgress, finished: UpgradeNode): string | null {
  const next = nextNode(order, progress);
  if (next === null || order.pauseAfter === null) return null;
  if (order.pauseAfter === 'canary') return finished.name === order.canary ? finished.name : null;
  if (order.pauseAfter !== 'regions') return finished.name === order.pauseAfter ? finished.name : null;
  const done = new Set(finishedNodes(order, progress));
  const areRegionsDone = order.nodes.every(({ name, isRegion }) => !isRegion || done.has(name));
  return finished.isRegion && areRegionsDone ? finished.name : null;
}

/** The order by which an upgrade goes back: nodes that it has finished, and the one at which it stopped, the last one first. Pure. */
export function backOrder(order: UpgradeOrder, progress: UpgradeProgress | null): UpgradeOrder | Rejected {
  if (order.kind === 'packages')
    return rejected('conflict', 'Packages of Debian cannot be taken back. Rule: apt keeps only the newest version.');
  if (order.direction === 'back') return rejected('conflict', 'It goes back already. Go on: regent upgrade resume');
  const names = new Set([...finishedNodes(order, progress), progress?.node?.name ?? '']);
  const nodes = order.nodes.filter(({ name, from }) => names.has(name) && from !== order.archive?.version);
  if (nodes.length === 0) return rejected('conflict', 'No node was upgraded: there is nothing to take back.');
  return { ...order, direction: 'back', nodes: nodes.toReversed(), canary: null, pauseAfter: null, done: [] };
}

/** What a node lacks until it is well after its installation; `version` null: only its packages changed. Null: nothing. Pure. */
export function notWell(snapshot: SiteSnapshot, name: string, version: string | null): string | null {
  const node = snapshot.site.nodes.find((one) => one.name === name);
  if (node === undefined) return 'it no longer exists';
  if (!node.isFresh) return 'it does not report yet';
  if (version !== null && node.agent?.version !== version) return `its agent is ${node.agent?.version ?? 'unknown'}`;
  if (version !== null && node.isRegion && node.region?.version !== version)
    return `its regiond is ${node.region?.version ?? 'not there yet'}`;
  const rows = snapshot.services.filter((row) => row.node === name);
  const late = rows.find((row) => (row.isWanted ? !isAtWork(row, 0) : !isRight(row)));
  if (late) return `${late.service} is ${late.state}: ${late.why}`;
  const { db } = node.facts;
  return db === null || db.role === 'primary' || db.isStreaming ? null : 'PostgreSQL does not stream yet';
}

/** Invariants that are broken and were not before the upgrade; null: none. Pure. */
export function newFinding(site: ClusterSite, broken: readonly string[]): string | null {
  const found = judge(site).find(({ id, state }) => state === 'broken' && !broken.includes(id));
  return found === undefined ? null : `doctor: ${found.id}: ${found.detail}`;
}

/** Is this a rack that is the only one of a VLAN, so that nobody can take its clients? Pure. */
export function isLoneRack(name: string, vlans: readonly VlanServerState[]): boolean {
  return vlans.some(({ server }) => server.primary === name && server.secondary === null);
}

function nodesOf(site: ClusterSite, { only, without }: UpgradeRequest): readonly SiteNode[] | Rejected {
  const all = settled(site);
  const names = all.map(({ name }) => name);
  const unknown = [...only, ...without].find((name) => !names.includes(name));
  if (unknown !== undefined) return notAmong(unknown, names);
  const unsettled = site.nodes.find(({ state }) => state !== 'member');
  if (unsettled) return no(`${unsettled.name} is ${unsettled.state}; wait until it has ended (regent node list)`);
  const nodes = all.filter(({ name }) => (only.length === 0 || only.includes(name)) && !without.includes(name));
  return nodes.length === 0 ? rejected('invalid_value', 'nodes: no node is left. Rule: at least one.') : nodes;
}

/** Nodes must be there and well, as a rolling restart needs them. `own`: the node at which it stopped, which may be drained. */
function checkNodes(site: ClusterSite, nodes: readonly SiteNode[], own: string | null): Rejected | null {
  const off = nodes.filter(({ isFresh }) => !isFresh).map(({ name }) => name);
  if (off.length > 0) {
    const does = off.length === 1 ? 'does' : 'do';
    return no(
      `${listOf(off)} ${does} not report; start the host, or leave it out with --without ${off.join(' --without ')}`,
    );
  }
  const drained = site.nodes.filter(({ name, isDrained }) => isDrained && name !== own).map(({ name }) => name);
  if (drained.length > 0) return no(`${listOf(drained)} is drained; undo that first (regent node undrain)`);
  if (!nodes.some(({ isRegion }) => isRegion)) return null;
  const asBefore = {
    ...site,
    nodes: site.nodes.map((node) => (node.name === own ? { ...node, isDrained: false } : node)),
  };
  const plan = planRestart(asBefore, []);
  return isRejected(plan) ? plan : null;
}

function checkVersions(nodes: readonly SiteNode[], version: string | null): Rejected | null {
  if (version === null) return null;
  const silent = nodes.find(({ agent }) => agent === null);
  if (silent) return no(`${silent.name} has not reported its version`);
  const refusals = nodes.map(({ agent }) => checkUpgrade(agent?.version ?? '', version));
  const refusal = refusals.find((one) => one !== null);
  if (refusal) return refusal;
  const isDone = ({ agent, region, isRegion }: SiteNode) =>
    agent?.version === version && (!isRegion || region?.version === version);
  return nodes.every(isDone) ? no(`all nodes run ${version} already`) : null;
}

function notAmong(name: string, names: readonly string[]): Rejected {
  return rejected('not_found', `There is no node ${show(name)} in this upgrade. Nodes: ${listOf(names)}.`);
}

function no(why: string): Rejected {
  return rejected('conflict', `Not now: ${why}.`);
}
