import { type RemovalOrder, parseRemovalOrder } from '../../../contract/cluster/move-order.ts';
import { accept, AppError, RejectedError, sentenceOf } from '../../../core/errors.ts';
import { kindOf } from '../../../core/node-identity.ts';
import { LEAVING_KEEPS } from '../../../services/compile-node.ts';
import { findNode, updateNode } from '../../../store/queries/cluster/nodes.ts';
import type { JobKind, JobRun } from '../../base/jobs/kind.ts';
import type { EtcdPort } from '../trust/port.ts';
import { changingRacks } from '../trust/rack-node.ts';
import { isMemberOf } from '../trust/strays.ts';
import { vacateNode } from '../trust/vacate.ts';
import type { SiteNode } from '../site.ts';
import { drainNode } from './drain-steps.ts';
import type { SiteSnapshot, Move, MovePorts } from './move-run.ts';
import { ended, awaitSnapshot, MoveEnd, moveOf, ordered, stopIfUnwanted, waitFor } from './move-run.ts';
import { checkEtcdWithout } from './removal-preflight.ts';

/** `etcd` null: this region has none. */
export type RemovalPorts = MovePorts & { readonly etcd: EtcdPort | null };

const STOPPED_S = 120;
const ETCD_MS = 60_000;
const POLL_MS = 500;

/**
 * `node-remove`: a node is removed for good. A live node is drained, stops its daemons, and leaves etcd while it still
 * reports; then its row, its certificates and its rack go in one transaction. A removal that cannot be finished undoes
 * its marks.
 */
export function createRemovalJob(ports: RemovalPorts): JobKind<RemovalOrder> {
  return {
    name: 'node-remove',
    parse: (payload) => ordered(parseRemovalOrder(payload)),
    run: (run) => {
      const move = moveOf(run, ports);
      return ended(
        () => removeNode(move, run, ports.etcd),
        () => takeBack(move, run.payload),
      );
    },
  };
}

async function removeNode(move: Move, run: JobRun<RemovalOrder>, etcd: EtcdPort | null): Promise<string> {
  const order = run.payload;
  if (isVacated(run.checkpoint)) return resultOf(order);
  const seen = nodeIn(await awaitSnapshot(move), order);
  if (seen === undefined) return `${order.node} is gone already`;
  if (isLive(seen)) await handOn(move, order);
  if (seen.isRegion) await leaveEtcd(move, order, etcd);
  await vacate(move, run);
  return resultOf(order);
}

/**
 * Work and daemons of a node that is alive. A node that dies meanwhile has neither, and a forced removal does not wait.
 */
async function handOn(move: Move, order: RemovalOrder): Promise<void> {
  try {
    const seen = nodeIn(await awaitSnapshot(move), order);
    if (seen?.state === 'member' && !seen.isDrained) await drainNode(move, order.node);
    stopIfUnwanted(move, `before ${order.node} stopped what it runs`);
    await markLeaving(move, order);
    await waitFor(move, `${order.node} to stop what it runs`, {
      seconds: STOPPED_S,
      missing: (snapshot) => notStopped(snapshot, order),
    });
  } catch (error) {
    if (!(error instanceof MoveEnd) || error.state === 'aborted') throw error;
    const seen = nodeIn(await awaitSnapshot(move), order);
    if (seen !== undefined && isLive(seen) && !order.isForced) throw error;
    await move.save(`${order.node} goes without having stopped: ${error.message}`);
  }
}

async function markLeaving(move: Move, order: RemovalOrder): Promise<void> {
  if (nodeIn(await awaitSnapshot(move), order)?.state === 'leaving') return;
  await move.save(`${order.node} stops what it runs`, async (tx) => {
    accept(await updateNode(tx, { key: order.id }, { state: 'leaving' }));
    tx.emit({ kind: 'node.leaving', subject: order.node, data: { id: order.id } });
  });
}

/** What a leaving node still runs; null: nothing, or it no longer reports. Pure. */
export function notStopped(
  snapshot: Pick<SiteSnapshot, 'site' | 'services'>,
  order: Pick<RemovalOrder, 'id'>,
): string | null {
  const seen = nodeIn(snapshot, order);
  if (seen === undefined || !seen.isFresh) return null;
  const rows = snapshot.services.filter(
    ({ node, service }) => node === seen.name && !LEAVING_KEEPS.includes(kindOf(service)),
  );
  const late = rows.find(({ isWanted, lastState }) => isWanted || !(lastState === null || lastState === 'absent'));
  if (late === undefined) return null;
  return `${late.service} on ${late.node} is ${late.isWanted ? 'wanted still' : late.lastState}`;
}

/** A voter counts in the majority until it is removed, dead or alive. Its data may be removed only after that. */
async function leaveEtcd(move: Move, order: RemovalOrder, etcd: EtcdPort | null): Promise<void> {
  if (etcd === null) throw new MoveEnd('failed', 'this region has no etcd');
  const { clock } = move.ports;
  const end = clock.monotonic() + ETCD_MS;
  for (let why = 'etcd does not answer'; ; ) {
    move.run.signal.throwIfAborted();
    const all = await etcd.members();
    const own = all?.find((member) => isMemberOf(member, { name: order.node, addresses: order.addresses }));
    if (all !== null && own === undefined) return;
    if (own !== undefined) {
      const refusal = own.isLearner ? null : checkEtcdWithout((await awaitSnapshot(move)).site, order.node);
      if (refusal) throw new MoveEnd('failed', refusal.message.replace(/\.$/u, ''));
      stopIfUnwanted(move, `before ${order.node} left etcd`);
      await move.save(`${order.node} leaves etcd`);
      move.run.mustHold();
      why = await etcd.remove(own.id).then(() => 'it is a member of etcd still', describeError);
    }
    if (clock.monotonic() >= end) throw new MoveEnd('failed', `${order.node} could not leave etcd: ${why}`);
    await move.ports.wait(POLL_MS, move.run.signal);
  }
}

function describeError(error: unknown): string {
  if (error instanceof AppError) return sentenceOf(error);
  throw error;
}

/** Nobody ends the job here: etcd has lost the node, and what is left is one transaction. */
async function vacate(move: Move, run: JobRun<RemovalOrder>): Promise<void> {
  const { node, id, isPlaceKept: isPlaceReserved } = run.payload;
  move.run.mustHold();
  try {
    await run.save(`${node} is shut out`, { isVacated: true }, (tx) =>
      changingRacks(tx, async () => {
        const row = await findNode(tx, { id });
        if (row === null) return;
        const what = isPlaceReserved ? 'another host takes its place' : 'it was taken out';
        await vacateNode(tx, row, { isPlaceReserved, by: run.caller, why: `${run.caller}: ${what}` });
      }),
    );
  } catch (error) {
    if (error instanceof RejectedError) throw new MoveEnd('failed', error.rejected.message.replace(/\.$/u, ''));
    throw error;
  }
}

/** The node takes its part again, within seconds. Whether it does is not waited for: it may be dead. */
async function takeBack(move: Move, order: RemovalOrder): Promise<string> {
  const seen = nodeIn(await awaitSnapshot({ ...move, run: { ...move.run, isAbortWanted: () => false } }), order);
  if (seen === undefined) return `${order.node} is gone`;
  const isMarked = seen.state === 'leaving' || (seen.isDrained && !order.wasDrained);
  if (!isMarked) return `${order.node} stays`;
  await move.save(`${order.node} takes its part again`, async (tx) => {
    const change = { ...(seen.state === 'leaving' ? { state: 'member' as const } : {}), isDrained: order.wasDrained };
    accept(await updateNode(tx, { key: order.id }, change));
    tx.emit({ kind: 'node.stays', subject: order.node, data: { id: order.id } });
  });
  return `${order.node} stays and takes its part again`;
}

function nodeIn({ site }: Pick<SiteSnapshot, 'site'>, { id }: Pick<RemovalOrder, 'id'>): SiteNode | undefined {
  return site.nodes.find((node) => node.id === id);
}

const isLive = (node: SiteNode): boolean => node.isFresh && node.state !== 'joining';

function isVacated(checkpoint: unknown): boolean {
  return typeof checkpoint === 'object' && checkpoint !== null && 'isVacated' in checkpoint;
}

function resultOf({ node, isPlaceKept: isPlaceReserved }: RemovalOrder): string {
  const next = isPlaceReserved ? `; its place is reserved, for a token: regent node replace ${node}` : '';
  return `${node} is removed${next}; if its host ever comes back, on it: regent leave`;
}
