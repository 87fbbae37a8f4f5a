import type { RestartOrder, RestartProgress, TouchedNode } from '../../../contract/cluster/move-order.ts';
import { parseRestartOrder, parseRestartProgress } from '../../../contract/cluster/move-order.ts';
import type { JobKind, JobRun } from '../../base/jobs/kind.ts';
import { lossesOf } from '../losses.ts';
import { primariesOf } from '../claims.ts';
import { type ClusterSite, hasOwnDatabase, members } from '../site.ts';
import { drainNode, undrainNode } from './drain-steps.ts';
import type { Move, MoveEnd, MovePorts } from './move-run.ts';
import { ended, awaitSnapshot, ordered, patient, stopIfUnwanted, waitFor } from './move-run.ts';
import { SYNCHRONOUS } from './patroni.ts';
import { restartAgent, restartRegion, restartServices } from './restart-steps.ts';

const WHOLE_S = 180;

/**
 * `rolling-restart`: region nodes one after the other, each drained meanwhile; the next one only when as much can be lost as before the first.
 * The first node that does not come back ends it: it stays drained, the others are left alone. Ended by an operator, the node at work is undrained.
 */
export function createRestartJob(ports: MovePorts): JobKind<RestartOrder> {
  return {
    name: 'rolling-restart',
    parse: (payload) => ordered(parseRestartOrder(payload)),
    run: (run) => {
      const at = { progress: parseRestartProgress(run.checkpoint) };
      const move: Move = { run, ports, save: (progress, change) => run.save(progress, at.progress, change) };
      return ended(
        () => restartAll(move, at, run),
        (end) => windUp(patient(move), at.progress, end),
      );
    },
  };
}

async function restartAll(
  move: Move,
  at: { progress: RestartProgress | null },
  run: JobRun<RestartOrder>,
): Promise<string> {
  const first = await awaitSnapshot(move);
  let now: RestartProgress = at.progress ?? { losses: lossesOf(first.site).now, done: [], node: null };
  for (const name of run.payload.order) {
    if (now.done.includes(name)) continue;
    stopIfUnwanted(move, `before ${name} was restarted`);
    // What it was before it was touched is known from the first run's checkpoint.
    const node = now.node?.name === name ? now.node : await touch(move, name);
    now = { ...now, node };
    at.progress = now;
    await move.save(`${name} is next: ${now.done.length} of ${run.payload.order.length} are back`);
    await restartOne(move, at, node);
    now = { ...now, done: [...now.done, name], node: null };
    at.progress = now;
    await move.save(`${name} is back: ${now.done.length} of ${run.payload.order.length}`);
  }
  return `restarted: ${run.payload.order.join(', ')}; ${now.losses} can be lost, as before`;
}

/** What a node's own processes are before they are restarted. */
async function touch(move: Move, name: string): Promise<TouchedNode> {
  const { site, processes } = await awaitSnapshot(move);
  const agentSince = site.nodes.find((node) => node.name === name)?.agent?.since ?? '';
  const process = processes.find(({ node }) => node === name)?.process ?? '';
  return { name, agentSince, process, isRestarted: false };
}

async function restartOne(move: Move, at: { progress: RestartProgress | null }, node: TouchedNode): Promise<void> {
  const { name } = node;
  if (!node.isRestarted) {
    await drainNode(move, name);
    await restartServices(move, name);
    await restartAgent(move, name, node.agentSince);
    await restartRegion(move, name, node.process);
    // From here on another region has only to undrain it.
    at.progress = at.progress && { ...at.progress, node: { ...node, isRestarted: true } };
    await move.save(`${name} is restarted`);
  }
  await undrainNode(move, name);
  const losses = at.progress?.losses ?? 0;
  await waitFor(move, `redundancy after ${name}`, { seconds: WHOLE_S, missing: ({ site }) => notWhole(site, losses) });
}

/** What is missing until a cluster bears as much as before, and commits wait for as many standbys as they may; null: nothing. Pure. */
export function notWhole(site: ClusterSite, losses: number): string | null {
  const { now, sentence } = lossesOf(site);
  if (now < losses) return sentence;
  if (!hasOwnDatabase(site)) return null;
  const [primary] = primariesOf(site);
  const waited = primary?.facts.members.filter((member) => member.isSynchronous).length ?? 0;
  const wanted = Math.min(SYNCHRONOUS, members(site).length - 1);
  return waited >= wanted ? null : `commits wait for ${waited} of ${wanted} standbys`;
}

async function windUp(move: Move, at: RestartProgress | null, end: MoveEnd): Promise<string> {
  const name = at?.node?.name;
  if (name === undefined) return 'no node was left half done';
  if (end.state === 'failed') return `${name} stays drained, the nodes after it were not touched`;
  await undrainNode(move, name);
  return `${name} takes its part again`;
}
