import { planSwitchover } from '../moves/preflight.ts';
import { AppError, isRejected } from '../../../core/errors.ts';
import { drainNode, relieveOfAddress, undrainNode } from '../moves/drain-steps.ts';
import { handDatabase } from '../moves/hand-database.ts';
import { awaitSnapshot, type Move, MoveEnd, patient } from '../moves/move-run.ts';
import { orderOf } from '../moves/switchover-order.ts';
import { restartRegion } from '../moves/restart-steps.ts';
import { victimOf } from './cast.ts';
import type { Drill } from './drill.ts';

/** What is about to be done. `node`: to which. */
export type DrillFault = { readonly node: string; readonly text: string; make(): Promise<void> };

/** The fault of a drill, by the moves that operators use. Throws `MoveEnd` if there is nobody to do it to. */
export async function faultOf(drill: Drill): Promise<DrillFault> {
  const { hazard, cast, ports, move } = drill;
  const node = victimOf(hazard.id, cast, ports.node);
  if (node === null) throw new MoveEnd('failed', 'no other region exists than the one that runs this drill');
  const snapshot = await awaitSnapshot(move);
  const faults: Readonly<Record<typeof hazard.id, Omit<DrillFault, 'node'>>> = {
    'planned-switchover': {
      text: `${node} hands the database on`,
      make: async () => {
        const plan = planSwitchover(snapshot.site, null);
        if (isRejected(plan)) throw new MoveEnd('failed', plan.message);
        await handDatabase(move, { ...orderOf(snapshot, plan), to: null });
      },
    },
    'planned-vip-move': {
      text: `${node} hands the floating address on`,
      make: () => marked(drill, node, () => relieveOfAddress(move, node)),
    },
    'planned-drain': {
      text: `${node} is drained`,
      make: () => marked(drill, node, async () => void (await drainNode(move, node))),
    },
    'planned-restart-regiond': {
      text: `regiond of ${node} is restarted`,
      make: () => restartRegion(move, node, snapshot.processes.find((one) => one.node === node)?.process ?? ''),
    },
  };
  return { node, ...faults[hazard.id] };
}

/** The checkpoint says whom to undrain before anybody is marked. */
async function marked({ at, move }: Drill, node: string, work: () => Promise<void>): Promise<void> {
  at.progress = { ...at.progress, drained: node };
  await move.save(`${node} is about to be marked as drained`);
  await work();
}

/**
 * Takes back what the drill has done, also when an operator wants its end. Throws while a node may still be marked: then the job is tried again, here or
 * by another region. Gives a sentence.
 */
export async function heal(move: Move, drained: string | null): Promise<string> {
  if (drained === null) return 'nothing to undo';
  try {
    return await undrainNode(patient(move), drained);
  } catch (error) {
    if (!(error instanceof MoveEnd)) throw error;
    const seen = await move.ports.readSnapshot().catch(() => null);
    const node = seen?.site.nodes.find(({ name }) => name === drained);
    // A node that was deleted meanwhile is nobody's any more.
    if (seen === null || node?.isDrained === true)
      throw new AppError('drill', `${drained} is still drained: ${error.message}`);
    return `${drained} is no longer marked as drained; ${error.message}`;
  }
}
